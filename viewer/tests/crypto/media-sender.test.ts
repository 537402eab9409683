/** The host's end of the media channel makes the bytes of the vectors, signatures included. */
import { describe, expect, test } from "vitest";

import { hex } from "../../src/crypto/bytes";
import { MediaReceiver } from "../../src/crypto/media";
import { MAX_FRAME_BYTES, MediaSender, newDeviceKey } from "../../src/crypto/media_sender";
import { Flags, HEADER_BYTES, MAX_MEDIA_BYTES, MessageType } from "../../src/protocol/generated";
import { header, parseHeader } from "../../src/protocol/header";
import { signingKeyOf } from "../support/keys";
import { unhex, vectors } from "../support/vectors";

interface MediaFile {
  readonly device_seed: string;
  readonly cases: readonly {
    readonly name: string;
    readonly epoch_secret: string;
    readonly roster_hash: string;
    readonly epoch: number;
    readonly messages: readonly {
      readonly header: string;
      readonly payload: string;
      readonly plaintext?: string;
      readonly expect: string;
    }[];
  }[];
}

const FILE = vectors("crypto/media") as MediaFile;
const SECRETS = {
  epoch: 3n,
  secret: new Uint8Array(32).fill(3),
  rosterHash: new Uint8Array(32).fill(4),
};
const HEAD = header(MessageType.MEDIA, { dst: 0, frameId: 1, flags: Flags.KEYFRAME });

/** The rising run of whole frames with which a case begins, all signed or none. */
const CASES = FILE.cases.flatMap((one) => {
  const right = one.messages.filter(({ expect: wanted }) => wanted === "ok");
  const signed = right.map(({ header: head }) => (parseHeader(unhex(head)).flags & Flags.SIGNED) !== 0);
  const same = right.length > 0 && signed.every((value) => value === signed[0]);
  return same ? [[one.name, one, right, signed[0] === true] as const] : [];
});

describe("media sender", () => {
  test("there are cases with and without a signature", () => {
    expect(new Set(CASES.map(([, , , signed]) => signed))).toEqual(new Set([true, false]));
  });

  test.each(CASES)("K13, K16: %s", async (_, given, messages, signed) => {
    const secrets = {
      epoch: BigInt(given.epoch),
      secret: unhex(given.epoch_secret),
      rosterHash: unhex(given.roster_hash),
    };
    const signer = signed ? await signingKeyOf(unhex(FILE.device_seed)) : null;
    const sender = await MediaSender.create(secrets, signer);
    for (const message of messages) {
      const head = parseHeader(unhex(message.header));
      const sealed = await sender.sealMessage(head, unhex(message.plaintext ?? ""), head.counter);
      expect(hex(sealed)).toBe(message.header + message.payload);
    }
  });

  test("K17: a counter is never used twice", async () => {
    const sender = await MediaSender.create(SECRETS, null);
    await sender.sealMessage(HEAD, new Uint8Array(1), 5n);
    await expect(sender.sealMessage(HEAD, new Uint8Array(1), 5n)).rejects.toThrow(RangeError);
    const next = await sender.sealMessage(HEAD, new Uint8Array(1));
    expect(parseHeader(next).counter).toBe(6n);
  });

  test("L2: the largest frame fits, signature and all; one byte more uses no counter", async () => {
    const device = await newDeviceKey();
    const sender = await MediaSender.create(SECRETS, device.sign);
    await expect(sender.sealMessage(HEAD, new Uint8Array(MAX_FRAME_BYTES + 1))).rejects.toThrow(RangeError);
    const whole = await sender.sealMessage(HEAD, new Uint8Array(MAX_FRAME_BYTES));
    expect(whole.length).toBe(MAX_MEDIA_BYTES);
    expect(parseHeader(whole).counter).toBe(0n);
    const policy = { deviceKey: device.raw, required: true };
    const opened = await (await MediaReceiver.create(SECRETS, policy)).openMessage(whole);
    expect(opened.length).toBe(MAX_FRAME_BYTES);
    expect(whole.length - opened.length).toBeGreaterThan(HEADER_BYTES);
  });
});
