/** Published vectors: the CPace draft, RFC 9605 and Wycheproof's X25519 set, through WebCrypto. */
import { describe, expect, test } from "vitest";

import { type Bytes, concat, hex, leb128, lv } from "../../src/crypto/bytes";
import { elligator2, generator, generatorString, sessionKey } from "../../src/crypto/cpace";
import { openBytes, sealBytes } from "../../src/crypto/sealing";
import { deriveSFrameKey, encodeSFrameHeader, sframeNonce } from "../../src/crypto/sframe";
import { scalarMult } from "../../src/crypto/x25519";
import { outcomeOf, scalarOf } from "../support/keys";
import { unhex, vectors } from "../support/vectors";

interface CPaceFile {
  readonly prepend_length: readonly { readonly part: string; readonly expect: string }[];
  readonly lv: { readonly parts: readonly string[]; readonly expect: string };
  readonly generator: Readonly<
    Record<"prs" | "channel_identifier" | "sid" | "generator_string" | "field_element" | "generator", string>
  >;
  readonly exchange: Readonly<
    Record<"ya" | "share_a" | "yb" | "share_b" | "shared" | "transcript_ir" | "isk_ir", string>
  > &
    Readonly<Record<"ad_a" | "ad_b", string>>;
  readonly low_order: {
    readonly scalar: string;
    readonly points: readonly {
      readonly name: string;
      readonly point: string;
      readonly result?: string;
      readonly expect?: string;
    }[];
  };
}

describe("draft-irtf-cfrg-cpace", () => {
  const draft = vectors("crypto/cpace-draft") as CPaceFile;

  test("A.1: length prefixes", () => {
    for (const { part, expect: expected } of draft.prepend_length) {
      expect(hex(concat(leb128(unhex(part).length), unhex(part)))).toBe(expected);
    }
    expect(hex(lv(...draft.lv.parts.map(unhex)))).toBe(draft.lv.expect);
  });

  test("B.1.1: the generator and each step to it", async () => {
    const given = draft.generator;
    const [prs, ci, sid] = [unhex(given.prs), unhex(given.channel_identifier), unhex(given.sid)];
    expect(hex(generatorString(prs, ci, sid))).toBe(given.generator_string);
    expect(hex(elligator2(unhex(given.field_element)))).toBe(given.generator);
    expect(hex(await generator(prs, ci, sid))).toBe(given.generator);
  });

  test("B.1: shares, shared point and session key", async () => {
    const given = draft.exchange;
    const base = unhex(draft.generator.generator);
    const [a, b] = [await scalarOf(unhex(given.ya)), await scalarOf(unhex(given.yb))];
    expect(hex(await scalarMult(a, base))).toBe(given.share_a);
    expect(hex(await scalarMult(b, base))).toBe(given.share_b);
    expect(hex(await scalarMult(a, unhex(given.share_b)))).toBe(given.shared);
    expect(hex(await scalarMult(b, unhex(given.share_a)))).toBe(given.shared);
    const first = lv(unhex(given.share_a), unhex(given.ad_a));
    const transcript = concat(first, lv(unhex(given.share_b), unhex(given.ad_b)));
    expect(hex(transcript)).toBe(given.transcript_ir);
    const isk = await sessionKey(unhex(draft.generator.sid), unhex(given.shared), transcript);
    expect(hex(isk)).toBe(given.isk_ir);
  });

  test.each(draft.low_order.points.map((p) => [p.name, p] as const))("B.1.10: %s", async (_, given) => {
    const product = scalarMult(await scalarOf(unhex(draft.low_order.scalar)), unhex(given.point));
    expect(await outcomeOf(product)).toBe(given.expect ?? "ok");
    if (given.result !== undefined) expect(hex(await product)).toBe(given.result);
  });
});

interface SFrameFile {
  readonly headers: readonly { readonly kid: string; readonly ctr: string; readonly header: string }[];
  readonly suite_5: Readonly<Record<string, string>>;
}

describe("RFC 9605", () => {
  const rfc = vectors("crypto/sframe-rfc9605") as SFrameFile;
  const value = (name: string): Bytes => unhex(rfc.suite_5[name] ?? "");
  const number = (text: string | undefined): bigint => BigInt(`0x${text ?? ""}`);

  test("C.1: headers", () => {
    for (const { kid, ctr, header } of rfc.headers) {
      expect(hex(encodeSFrameHeader(number(kid), number(ctr)))).toBe(header);
    }
  });

  test("C.3: suite 5 seals and opens", async () => {
    const [kid, ctr] = [number(rfc.suite_5["kid"]), number(rfc.suite_5["ctr"])];
    const usages: KeyUsage[] = ["deriveBits", "deriveKey"];
    const base = await crypto.subtle.importKey("raw", value("base_key"), "HKDF", false, usages);
    const key = await deriveSFrameKey(kid, base);
    expect(hex(key.salt)).toBe(rfc.suite_5["sframe_salt"]);
    const nonce = sframeNonce(key, ctr);
    expect(hex(nonce)).toBe(rfc.suite_5["nonce"]);
    const header = encodeSFrameHeader(kid, ctr);
    const additional = concat(header, value("metadata"));
    expect(hex(additional)).toBe(rfc.suite_5["aad"]);
    const sealed = await sealBytes(key.key, nonce, additional, value("pt"));
    expect(hex(concat(header, sealed))).toBe(rfc.suite_5["ct"]);
    expect(await openBytes(key.key, nonce, additional, sealed)).toEqual(value("pt"));
  });
});

interface Wycheproof {
  readonly numberOfTests: number;
  readonly testGroups: readonly {
    readonly tests: readonly {
      readonly tcId: number;
      readonly public: string;
      readonly private: string;
      readonly shared: string;
    }[];
  }[];
}

describe("Wycheproof", () => {
  test("X25519: all points, those that give zero as low_order", async () => {
    const file = vectors("crypto/wycheproof-x25519") as Wycheproof;
    const cases = file.testGroups.flatMap((group) => group.tests);
    expect(cases).toHaveLength(file.numberOfTests);
    const wrong: number[] = [];
    for (const one of cases) {
      const product = scalarMult(await scalarOf(unhex(one.private)), unhex(one.public));
      const got = await product.then(hex, () => undefined);
      const zero = /^0+$/u.test(one.shared);
      const right = zero ? (await outcomeOf(product)) === "low_order" : got === one.shared;
      if (!right) wrong.push(one.tcId);
    }
    expect(wrong).toEqual([]);
  });
});
