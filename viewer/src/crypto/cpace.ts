/**
 * The CPace generator: a short secret mapped to a point of Curve25519 (draft-irtf-cfrg-cpace, CPACE-X25519-SHA512).
 *
 * Everything after the generator is plain X25519, which WebCrypto does. The arithmetic here is on BigInt and not
 * constant in time: its input is a single-use secret of ten minutes' life, hashed together with fresh nonces, and
 * the map runs once in a run that only this page's user can start.
 */
import { type Bytes, concat, lv, utf8 } from "./bytes";

const P = 2n ** 255n - 19n;
const A = 486662n;
const DSI = utf8("CPace255");
const SHA512_BLOCK_BYTES = 128;
const FIELD_BYTES = 32;

function mod(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = mod(base);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function toLittleEndian(value: bigint): Bytes {
  return Uint8Array.from({ length: FIELD_BYTES }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

/** Map a field element to the u-coordinate of a point (RFC 9380, 6.7.1, non-square Z = 2). Takes and gives 32 bytes. */
export function elligator2(hash: Uint8Array): Bytes {
  const r = fromLittleEndian(hash.subarray(0, FIELD_BYTES)) & (2n ** 255n - 1n);
  const v = mod(-A * power(1n + 2n * r * r, P - 2n));
  const e = power(v * v * v + A * v * v + v, (P - 1n) / 2n);
  if (e === 0n) return toLittleEndian(mod(-A * power(2n, P - 2n)));
  return toLittleEndian(e === 1n ? v : mod(-v - A));
}

/** The string that is hashed to the generator: PRS padded so that its hash block holds nothing else. */
export function generatorString(prs: Uint8Array, ci: Uint8Array, sid: Uint8Array): Bytes {
  const padding = Math.max(0, SHA512_BLOCK_BYTES - 1 - lv(prs).length - lv(DSI).length);
  return lv(DSI, prs, new Uint8Array(padding), ci, sid);
}

/** The generator g for a secret, a channel identifier and a session identifier, as 32 bytes. */
export async function generator(prs: Uint8Array, ci: Uint8Array, sid: Uint8Array): Promise<Bytes> {
  const hash = await crypto.subtle.digest("SHA-512", generatorString(prs, ci, sid));
  return elligator2(new Uint8Array(hash));
}

/** The intermediate session key, 64 bytes; `transcript` is `lv(Ya, ADa) || lv(Yb, ADb)`, the initiator first. */
export async function sessionKey(
  sid: Uint8Array,
  shared: Uint8Array,
  transcript: Uint8Array,
): Promise<Bytes> {
  const input = concat(lv(utf8("CPace255_ISK"), sid, shared), transcript);
  return new Uint8Array(await crypto.subtle.digest("SHA-512", input));
}
