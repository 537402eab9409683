import { beforeAll, describe, expect, test } from "vitest";

import { concat, hex } from "../../src/crypto/bytes";
import { generator } from "../../src/crypto/cpace";
import { PairwiseReceiver, PairwiseSender } from "../../src/crypto/pairwise";
import {
  channelIdentifier,
  codeCredential,
  deriveSchedule,
  Expander,
  intermediateKey,
  passwordOf,
  type Schedule,
  type Transcript,
  transcriptHash,
} from "../../src/crypto/schedule";
import { scalarMult } from "../../src/crypto/x25519";
import { DST_HOST, MessageType } from "../../src/protocol/generated";
import { header } from "../../src/protocol/header";
import { scalarOf } from "../support/keys";
import { unhex, vectors } from "../support/vectors";

const known = vectors("crypto/known-answer") as Record<string, string>;
const value = (name: string) => unhex(known[name] ?? "");

let base: Uint8Array<ArrayBuffer>;
let transcript: Transcript;
let schedule: Schedule;
let expand: Expander;

beforeAll(async () => {
  const context = { relayOrigin: known["relay_origin"] ?? "", sessionId: value("session_id") };
  const channel = channelIdentifier(context);
  const sid = concat(value("viewer_nonce"), value("host_nonce"));
  base = await generator(passwordOf(codeCredential("705146")), channel, sid);
  const viewer = await scalarOf(value("viewer_scalar"));
  const hostShare = await scalarMult(await scalarOf(value("host_scalar")), base);
  transcript = {
    channel,
    sid,
    hostShare,
    hostIdentity: value("host_identity"),
    viewerShare: await scalarMult(viewer, base),
    viewerIdentity: value("viewer_identity"),
  };
  const shared = await scalarMult(viewer, hostShare);
  schedule = await deriveSchedule(transcript, shared);
  expand = await Expander.of(await intermediateKey(transcript, shared), await transcriptHash(transcript));
});

describe("known answer of the design", () => {
  test("channel identifier, generator and shares", () => {
    expect(hex(transcript.channel)).toBe(known["channel_identifier"]);
    expect(hex(base)).toBe(known["generator"]);
    expect(hex(transcript.hostShare)).toBe(known["host_share"]);
    expect(hex(transcript.viewerShare)).toBe(known["viewer_share"]);
  });

  test("the figures printed in the design itself", async () => {
    expect(hex(schedule.keys.th)).toBe("c7cc4bcf523ca8f8f42e73afce98f992b40b09745640257abeda0b9df7b8506a");
    expect(hex(schedule.viewerProof)).toBe(
      "cb29c92c9a90e74bcea7eaf736aab22176b8fc8c11147a0b9bf436d67e816fc6",
    );
    expect(hex(await expand.bytes("v2h key", 32))).toBe(
      "1ebcabc29526b46f809b69ae019179b8f2051b9a6e90908c7347d3d0d819ced1",
    );
    expect(hex(schedule.keys.v2h.iv)).toBe("c603fd8674cf272d143d54c8");
  });

  test.each([
    ["v2h key", 32, "v2h_key"],
    ["v2h iv", 12, "v2h_iv"],
    ["h2v key", 32, "h2v_key"],
    ["h2v iv", 12, "h2v_iv"],
    ["resume", 32, "resume_secret"],
    ["resume id", 8, "resume_id"],
  ])("k(%s, %i)", async (label, length, name) => {
    expect(hex(await expand.bytes(label, length))).toBe(known[name]);
  });

  test("both proofs and the resume credential", () => {
    expect(hex(schedule.viewerProof)).toBe(known["viewer_proof"]);
    expect(hex(schedule.hostProof)).toBe(known["host_proof"]);
    expect(hex(schedule.keys.resume.secret)).toBe(known["resume_secret"]);
    expect(hex(schedule.keys.resume.ref)).toBe(known["resume_id"]);
  });

  test("the first pairwise message", async () => {
    const head = header(MessageType.PAIRWISE, { dst: DST_HOST });
    const sealed = await new PairwiseSender(schedule.keys.v2h).sealMessage(head, value("pairwise_plaintext"));
    expect(hex(sealed)).toBe(`${known["pairwise_header"] ?? ""}e2a762dbca23e0618bf145b549b6917a1c6e`);
    const opened = await new PairwiseReceiver(schedule.keys.v2h).openMessage(sealed);
    expect(hex(opened)).toBe(known["pairwise_plaintext"]);
  });

  test("no key can be exported", async () => {
    for (const { key } of [schedule.keys.v2h, schedule.keys.h2v]) {
      expect(key.extractable).toBe(false);
      await expect(crypto.subtle.exportKey("raw", key)).rejects.toThrow();
    }
  });
});
