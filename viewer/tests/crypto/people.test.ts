import { describe, expect, test } from "vitest";

import { type Bytes, hex } from "../../src/crypto/bytes";
import { newJoinKey, openInvitation } from "../../src/crypto/invitation";
import type { TeamKeyPair } from "../../src/crypto/whisper";
import { whisperKeys, WhisperReceiver, WhisperSender } from "../../src/crypto/whisper";
import { MessageType } from "../../src/protocol/generated";
import { header } from "../../src/protocol/header";
import { outcomeOf, scalarOf } from "../support/keys";
import { unhex, vectors } from "../support/vectors";

interface Pair {
  readonly scalar: string;
  readonly public: string;
}
interface Message {
  readonly header: string;
  readonly sealed: string;
  readonly plaintext?: string;
  readonly expect: string;
}
interface WhisperFile {
  readonly origin: string;
  readonly session_id: string;
  readonly sender: Pair;
  readonly receiver: Pair;
  readonly iv: string;
  readonly back_iv: string;
  readonly low_order: string;
  readonly cases: readonly { readonly name: string; readonly messages: readonly Message[] }[];
}
interface InvitationFile {
  readonly origin: string;
  readonly session_id: string;
  readonly scalar: string;
  readonly public: string;
  readonly cases: readonly {
    readonly name: string;
    readonly invite: string;
    readonly account_id: string;
    readonly sealed: string;
    readonly plaintext?: string;
    readonly expect: string;
  }[];
}

const whisper = vectors("crypto/whisper") as WhisperFile;
const invitation = vectors("crypto/invitation") as InvitationFile;
const context = { relayOrigin: whisper.origin, sessionId: unhex(whisper.session_id) };

async function pairOf({ scalar, public: known }: Pair): Promise<TeamKeyPair> {
  return { scalar: await scalarOf(unhex(scalar)), public: unhex(known) };
}

describe("whisper vectors", () => {
  const keysOf = async (own: Pair, theirs: Pair, says: "own" | "theirs") =>
    whisperKeys(context, await pairOf(own), unhex(theirs.public), says);

  test.each(whisper.cases.map((c) => [c.name, c] as const))("T3: %s", async (_, { messages }) => {
    const receiver = new WhisperReceiver(await keysOf(whisper.receiver, whisper.sender, "theirs"));
    for (const message of messages) {
      const opening = receiver.openMessage(unhex(message.header + message.sealed));
      expect(await outcomeOf(opening)).toBe(message.expect);
      if (message.plaintext !== undefined) expect(hex(await opening)).toBe(message.plaintext);
    }
  });

  test("T3: the sender makes the bytes of the vectors", async () => {
    const keys = await keysOf(whisper.sender, whisper.receiver, "own");
    expect(hex(keys.iv)).toBe(whisper.iv);
    const sender = new WhisperSender(keys);
    const head = header(MessageType.TEAM, { dst: 2, keyId: 11n });
    for (const message of whisper.cases[0]?.messages ?? []) {
      const sealed = await sender.sealMessage(head, unhex(message.plaintext ?? ""));
      expect(hex(sealed)).toBe(message.header + message.sealed);
    }
  });

  test("T3: the way back has keys of its own", async () => {
    const keys = await keysOf(whisper.receiver, whisper.sender, "own");
    expect(hex(keys.iv)).toBe(whisper.back_iv);
  });

  test("T3: a key of low order is refused", async () => {
    const own = await pairOf(whisper.sender);
    const work = whisperKeys(context, own, unhex(whisper.low_order), "own");
    expect(await outcomeOf(work)).toBe("low_order");
  });
});

describe("invitation vectors", () => {
  async function keyPair(): Promise<CryptoKeyPair> {
    const raw: Bytes = unhex(invitation.public);
    const publicKey = await crypto.subtle.importKey("raw", raw, { name: "X25519" }, true, []);
    return { privateKey: await scalarOf(unhex(invitation.scalar)), publicKey };
  }

  test.each(invitation.cases.map((c) => [c.name, c] as const))("C20: %s", async (_, given) => {
    const opening = openInvitation(await keyPair(), unhex(given.sealed), {
      relayOrigin: invitation.origin,
      sessionId: unhex(invitation.session_id),
      invite: unhex(given.invite),
      accountId: given.account_id,
    });
    expect(await outcomeOf(opening)).toBe(given.expect);
    if (given.plaintext !== undefined) expect(hex(await opening)).toBe(given.plaintext);
  });

  test("C20: each request has a key of its own, whose private half stays", async () => {
    const [one, other] = [await newJoinKey(), await newJoinKey()];
    expect(hex(one.public)).not.toBe(hex(other.public));
    expect(one.pair.privateKey.extractable).toBe(false);
  });
});
