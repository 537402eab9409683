/** The secret of an invitation, as the host seals it to a browser that asked to come in (SPEC C20): HPKE, RFC 9180. */
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";

import { AEAD_TAG_BYTES } from "../protocol/generated";
import { type Bytes, lv, utf8 } from "./bytes";
import { OpenError } from "./errors";

const ENC_BYTES = 32;
const SECRET_BYTES = 32;
const SEALED_BYTES = ENC_BYTES + SECRET_BYTES + AEAD_TAG_BYTES;

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});

/** What a sealed secret is bound to: it opens for this request alone. */
export interface JoinBinding {
  readonly relayOrigin: string;
  readonly sessionId: Bytes;
  readonly invite: Bytes;
  readonly accountId: string;
}

/** A key for one request; the private half cannot be exported. */
export interface JoinKey {
  readonly pair: CryptoKeyPair;
  readonly public: Bytes;
}

/** A fresh key. */
export async function newJoinKey(): Promise<JoinKey> {
  const pair = await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"]);
  return { pair, public: new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)) };
}

function joinInfo({ relayOrigin, sessionId, invite, accountId }: JoinBinding): Bytes {
  return lv(utf8("relevo1 join"), utf8(relayOrigin), sessionId, invite, utf8(accountId));
}

/**
 * The 32-byte secret of the invitation; `sealed` is `enc || ciphertext`.
 *
 * @throws OpenError `tampered` where it was not sealed for exactly this
 */
export async function openInvitation(pair: CryptoKeyPair, sealed: Bytes, bound: JoinBinding): Promise<Bytes> {
  if (sealed.length !== SEALED_BYTES) throw tampered();
  return opened(pair, sealed.slice(0, ENC_BYTES), sealed.slice(ENC_BYTES), joinInfo(bound));
}

function tampered(): OpenError {
  return new OpenError("tampered", "the sealed invitation does not open");
}

async function opened(pair: CryptoKeyPair, enc: Bytes, ciphertext: Bytes, info: Bytes): Promise<Bytes> {
  try {
    const context = await suite.createRecipientContext({ recipientKey: pair, enc: enc.buffer, info });
    return new Uint8Array(await context.open(ciphertext.buffer));
  } catch {
    // A point of low order, a seal that does not fit: the library says so in many ways, and all mean the same.
    throw tampered();
  }
}
