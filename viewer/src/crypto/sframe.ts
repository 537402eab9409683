/** SFrame (RFC 9605), cipher suite 5, AES_256_GCM_SHA512_128: keys, nonces and header. */
import { type Bytes, concat, nonceFor, u16, u64, utf8 } from "./bytes";

const CIPHER_SUITE = 5;
const SALT_BYTES = 12;

/** AES-256-GCM key and salt of one KID (RFC 9605, 4.4.2). */
export interface SFrameKey {
  readonly key: CryptoKey;
  readonly salt: Bytes;
}

// Extract and expand with an empty salt, as HKDF does in one step.
function params(purpose: "key" | "salt", kid: bigint): HkdfParams {
  const info = concat(utf8(`SFrame 1.0 Secret ${purpose} `), u64(kid), u16(CIPHER_SUITE));
  return { name: "HKDF", hash: "SHA-512", salt: new Uint8Array(), info };
}

/** Key and salt for `kid` from the base key (an HKDF key with both derive usages). */
export async function deriveSFrameKey(kid: bigint, baseKey: CryptoKey): Promise<SFrameKey> {
  const aes = { name: "AES-GCM", length: 256 };
  const usages: KeyUsage[] = ["encrypt", "decrypt"];
  const key = await crypto.subtle.deriveKey(params("key", kid), baseKey, aes, false, usages);
  const salt = await crypto.subtle.deriveBits(params("salt", kid), baseKey, 8 * SALT_BYTES);
  return { key, salt: new Uint8Array(salt) };
}

/** The 12-byte nonce: salt XOR counter (RFC 9605, 4.4.3). */
export function sframeNonce(key: SFrameKey, ctr: bigint): Bytes {
  return nonceFor(key.salt, ctr);
}

/** The SFrame header, 1 to 17 bytes (RFC 9605, 4.3): small values sit in the config byte itself. */
export function encodeSFrameHeader(kid: bigint, ctr: bigint): Bytes {
  const [kidBits, kidTail] = encodeInteger(kid);
  const [ctrBits, ctrTail] = encodeInteger(ctr);
  return concat(Uint8Array.of((kidBits << 4) | ctrBits), kidTail, ctrTail);
}

function encodeInteger(value: bigint): [number, Bytes] {
  if (value < 8n) return [Number(value), new Uint8Array()];
  const whole = u64(value);
  const tail = whole.slice(whole.findIndex((byte) => byte !== 0));
  return [8 | (tail.length - 1), tail];
}
