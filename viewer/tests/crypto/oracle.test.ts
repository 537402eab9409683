/** Own curve arithmetic and WebCrypto's, held against an independent library. */
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { describe, expect, test } from "vitest";

import { type Bytes, hex, nonceFor, randomBytes } from "../../src/crypto/bytes";
import { elligator2 } from "../../src/crypto/cpace";
import { encodeSFrameHeader } from "../../src/crypto/sframe";
import { scalarMult } from "../../src/crypto/x25519";
import { outcomeOf, scalarOf } from "../support/keys";
import { unhex } from "../support/vectors";

const P = 2n ** 255n - 19n;
const fromLittleEndian = (bytes: Bytes) => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

function isSquare(value: bigint): boolean {
  const field = ed25519.Point.Fp;
  return field.eql(field.pow(field.create(value), (P - 1n) / 2n), 1n);
}

describe("Elligator2", () => {
  test("always gives a point of the curve, not of its twist", () => {
    for (let i = 0; i < 40; i += 1) {
      const u = fromLittleEndian(elligator2(randomBytes(32)));
      expect(u < P).toBe(true);
      expect(isSquare(u ** 3n + 486662n * u ** 2n + u)).toBe(true);
    }
  });

  test("ignores the topmost bit and bytes beyond the thirty-second", () => {
    const hash = new Uint8Array(64).fill(7);
    const same = hash.slice();
    same[31] = 0x87;
    same[50] = 1;
    expect(hex(elligator2(same))).toBe(hex(elligator2(hash)));
  });

  test("r = 0 maps to the point of order two, which X25519 then refuses", async () => {
    // v = -A, and v^3 + A v^2 + v = -A is no square: u = -v - A = 0.
    const u = elligator2(new Uint8Array(32));
    expect(hex(u)).toBe(hex(new Uint8Array(32)));
    expect(await outcomeOf(scalarMult(await scalarOf(randomBytes(32)), u))).toBe("low_order");
  });
});

describe("X25519 by WebCrypto", () => {
  test("equals the oracle on arbitrary base points", async () => {
    for (let i = 0; i < 20; i += 1) {
      const [scalar, base] = [randomBytes(32), elligator2(randomBytes(32))];
      const ours = await scalarMult(await scalarOf(scalar), base);
      expect(hex(ours)).toBe(hex(x25519.scalarMult(scalar, base)));
    }
  });

  test.each([
    ["zero", "00".repeat(32)],
    ["one", `01${"00".repeat(31)}`],
    ["order eight", "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"],
    ["order eight, the other", "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"],
    ["p - 1", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"],
    ["p", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"],
    ["p + 1", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"],
  ])("K4: the low-order point %s is refused", async (_, point) => {
    expect(await outcomeOf(scalarMult(await scalarOf(randomBytes(32)), unhex(point)))).toBe("low_order");
  });

  test("a point of another size is malformed", async () => {
    expect(await outcomeOf(scalarMult(await scalarOf(randomBytes(32)), new Uint8Array(31)))).toBe(
      "malformed",
    );
  });
});

describe("nonces and SFrame headers", () => {
  test("the counter is folded into the last eight bytes", () => {
    expect(hex(nonceFor(new Uint8Array(12).fill(0xff), 1n))).toBe("fffffffffffffffffffffffe");
    expect(hex(nonceFor(new Uint8Array(12), 2n ** 64n - 1n))).toBe("00000000ffffffffffffffff");
  });

  // RFC 9605, 4.3: X and Y are the extension bits, K and C value or length - 1.
  test.each([
    [0n, 0n, "00"],
    [7n, 7n, "77"],
    [8n, 0n, "8008"],
    [0n, 8n, "0808"],
    [255n, 256n, "89ff0100"],
    [2n ** 64n - 1n, 2n ** 64n - 1n, `ff${"ff".repeat(16)}`],
  ])("kid %s, ctr %s", (kid, ctr, expected) => {
    expect(hex(encodeSFrameHeader(kid, ctr))).toBe(expected);
  });
});
