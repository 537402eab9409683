/** X25519 on any base point, by WebCrypto (RFC 7748). Scalars are keys that cannot be exported. */
import type { Bytes } from "./bytes";
import { HandshakeError } from "./errors";

export const POINT_BYTES = 32;

/** A fresh scalar. */
export async function newScalar(): Promise<CryptoKey> {
  const pair = await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"]);
  return pair.privateKey;
}

/**
 * X25519(scalar, point), 32 bytes.
 *
 * @throws HandshakeError `low_order` if the result is all zero, `malformed` by size
 */
export async function scalarMult(scalar: CryptoKey, point: Bytes): Promise<Bytes> {
  if (point.length !== POINT_BYTES) {
    throw new HandshakeError("malformed", `a point of ${point.length} bytes, expected ${POINT_BYTES}`);
  }
  const base = await crypto.subtle.importKey("raw", point, { name: "X25519" }, false, []);
  const bits = await deriveOrRefuse(scalar, base);
  const product = new Uint8Array(bits);
  if (product.every((byte) => byte === 0)) throw lowOrder();
  return product;
}

// Browsers differ in whether they refuse the all-zero result themselves, and then say no more than OperationError.
async function deriveOrRefuse(scalar: CryptoKey, base: CryptoKey): Promise<ArrayBuffer> {
  try {
    return await crypto.subtle.deriveBits({ name: "X25519", public: base }, scalar, 8 * POINT_BYTES);
  } catch {
    throw lowOrder();
  }
}

function lowOrder(): HandshakeError {
  return new HandshakeError("low_order", "the peer's point is of low order");
}
