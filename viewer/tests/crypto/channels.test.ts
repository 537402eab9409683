import { describe, expect, test } from "vitest";

import { concat, hex } from "../../src/crypto/bytes";
import { mediaBaseKey, MediaReceiver } from "../../src/crypto/media";
import { PairwiseReceiver, PairwiseSender } from "../../src/crypto/pairwise";
import { encodeRoster, rosterHash, signatureRequired } from "../../src/crypto/roster";
import { DST_HOST, MAX_PAIRWISE_BYTES, MessageType } from "../../src/protocol/generated";
import { header } from "../../src/protocol/header";
import { directionOf, outcomeOf } from "../support/keys";
import { unhex, vectors } from "../support/vectors";

interface Sealed {
  readonly header: string;
  readonly counter: number;
  readonly plaintext?: string;
  readonly expect: string;
}
interface PairwiseFile {
  readonly key: string;
  readonly iv: string;
  readonly cases: readonly {
    readonly name: string;
    readonly messages: readonly (Sealed & { readonly sealed: string })[];
  }[];
}
interface MediaCase {
  readonly name: string;
  readonly epoch_secret: string;
  readonly roster_hash: string;
  readonly epoch: number;
  readonly signature_required: boolean;
  readonly base_key: string;
  readonly messages: readonly (Sealed & { readonly payload: string })[];
}

const pairwise = vectors("crypto/pairwise") as PairwiseFile;
const media = vectors("crypto/media") as {
  readonly device_key: string;
  readonly cases: readonly MediaCase[];
};

async function check(message: Sealed, opening: Promise<Uint8Array>): Promise<void> {
  expect(await outcomeOf(opening)).toBe(message.expect);
  if (message.plaintext !== undefined) expect(hex(await opening)).toBe(message.plaintext);
}

describe("pairwise vectors", () => {
  test.each(pairwise.cases.map((c) => [c.name, c] as const))("K12: %s", async (_, { messages }) => {
    const receiver = new PairwiseReceiver(await directionOf(unhex(pairwise.key), unhex(pairwise.iv)));
    for (const message of messages) {
      await check(message, receiver.openMessage(unhex(message.header + message.sealed)));
    }
  });

  test("the sender makes the bytes of the vectors", async () => {
    const sender = new PairwiseSender(await directionOf(unhex(pairwise.key), unhex(pairwise.iv)));
    const head = header(MessageType.PAIRWISE, { dst: DST_HOST, keyId: 7n });
    for (const message of pairwise.cases[0]?.messages ?? []) {
      const sealed = await sender.sealMessage(head, unhex(message.plaintext ?? ""));
      expect(hex(sealed)).toBe(message.header + message.sealed);
    }
    expect(sender.nextCounter).toBe(4n);
  });
});

describe("order of overlapping calls", () => {
  const zeros = new Uint8Array(32);

  test("messages sealed and opened without waiting keep their order", async () => {
    const keys = await directionOf(zeros, zeros.slice(0, 12));
    const [sender, receiver] = [new PairwiseSender(keys), new PairwiseReceiver(keys)];
    const head = header(MessageType.PAIRWISE, { dst: DST_HOST });
    const sizes = [60_000, 1, 30_000, 0, 500];
    const sealed = await Promise.all(sizes.map((size) => sender.sealMessage(head, new Uint8Array(size))));
    const settled: number[] = [];
    await Promise.all(sealed.map(async (one) => settled.push((await receiver.openMessage(one)).length)));
    expect(settled).toEqual(sizes);
  });

  test("after one that does not open the next is a desync, though it was queued before", async () => {
    const keys = await directionOf(zeros, zeros.slice(0, 12));
    const [sender, receiver] = [new PairwiseSender(keys), new PairwiseReceiver(keys)];
    const head = header(MessageType.PAIRWISE, { dst: DST_HOST });
    const [first, second] = [await sender.sealMessage(head, zeros), await sender.sealMessage(head, zeros)];
    const outcomes = [receiver.openMessage(first.with(30, 255)), receiver.openMessage(second)].map(outcomeOf);
    expect(await Promise.all(outcomes)).toEqual(["tampered", "desync"]);
  });

  test("a body beyond the wire's bound uses no counter", async () => {
    const sender = new PairwiseSender(await directionOf(zeros, zeros.slice(0, 12)));
    const head = header(MessageType.PAIRWISE, { dst: DST_HOST });
    await expect(sender.sealMessage(head, new Uint8Array(MAX_PAIRWISE_BYTES))).rejects.toThrow(RangeError);
    expect(sender.nextCounter).toBe(0n);
  });
});

describe("media vectors", () => {
  test.each(media.cases.map((c) => [c.name, c] as const))("K13-K17: %s", async (_, given) => {
    const secrets = {
      epoch: BigInt(given.epoch),
      secret: unhex(given.epoch_secret),
      rosterHash: unhex(given.roster_hash),
    };
    expect(hex(await mediaBaseKey(secrets))).toBe(given.base_key);
    const policy = { deviceKey: unhex(media.device_key), required: given.signature_required };
    const receiver = await MediaReceiver.create(secrets, policy);
    for (const message of given.messages) {
      await check(message, receiver.openMessage(concat(unhex(message.header), unhex(message.payload))));
    }
  });
});

interface RosterCase {
  readonly name: string;
  readonly members: readonly {
    readonly slot: number;
    readonly role: string;
    readonly account_id: string;
    readonly display_name: string;
    readonly organisation: string;
    readonly link_id: string;
  }[];
  readonly encoded?: string;
  readonly hash?: string;
  readonly expect: string;
}

describe("roster vectors", () => {
  const { cases } = vectors("crypto/roster") as { readonly cases: readonly RosterCase[] };

  test.each(cases.map((c) => [c.name, c] as const))("K15: %s", async (_, given) => {
    const members = given.members.map((m) => ({
      slot: m.slot,
      role: m.role,
      accountId: m.account_id,
      displayName: m.display_name,
      organisation: m.organisation,
      linkId: BigInt(m.link_id),
    }));
    expect(await outcomeOf(rosterHash(members))).toBe(given.expect);
    if (given.expect !== "ok") return;
    expect(hex(encodeRoster(members))).toBe(given.encoded);
    expect(hex(await rosterHash(members))).toBe(given.hash);
    expect(signatureRequired(members)).toBe(members.length >= 2);
  });
});
