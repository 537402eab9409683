/** What the pairwise and the media channel share: AES-256-GCM, and the fields of a header's 24 bytes. */
import { AEAD_TAG_BYTES, HEADER_BYTES } from "../protocol/generated";
import type { Bytes } from "./bytes";
import { OpenError } from "./errors";

/** The fields of a packed header that sealing depends on. */
export interface SealedFields {
  readonly flags: number;
  readonly keyId: bigint;
  readonly counter: bigint;
}

/** Read them from the first 24 bytes of a message. Throws RangeError where there are fewer: the caller's mistake. */
export function fieldsOf(message: Uint8Array): SealedFields {
  const view = new DataView(message.buffer, message.byteOffset, Math.min(message.length, HEADER_BYTES));
  return { flags: view.getUint8(2), keyId: view.getBigUint64(8), counter: view.getBigUint64(16) };
}

function gcm(nonce: Bytes, additionalData: Bytes): AesGcmParams {
  return { name: "AES-GCM", iv: nonce, additionalData, tagLength: 8 * AEAD_TAG_BYTES };
}

/** Ciphertext and tag. */
export async function sealBytes(
  key: CryptoKey,
  nonce: Bytes,
  additional: Bytes,
  plain: Bytes,
): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.encrypt(gcm(nonce, additional), key, plain));
}

/** The plaintext; throws `malformed` where there is no room for a tag, `tampered` where the seal does not fit. */
export async function openBytes(
  key: CryptoKey,
  nonce: Bytes,
  additional: Bytes,
  sealed: Bytes,
): Promise<Bytes> {
  if (sealed.length < AEAD_TAG_BYTES) {
    throw new OpenError("malformed", `a sealed body of ${sealed.length} bytes has no room for its tag`);
  }
  try {
    return new Uint8Array(await crypto.subtle.decrypt(gcm(nonce, additional), key, sealed));
  } catch {
    // WebCrypto says OperationError and no more, on purpose.
    throw new OpenError("tampered", "a sealed message does not open");
  }
}
