/**
 * Screen content from the host to all viewers: SFrame suite 5, one key for each epoch (SPEC K13-K17).
 *
 * The SFrame header is not transmitted: KID is the epoch and CTR the counter of our own 24-byte header, which is
 * the SFrame metadata. Keys are imported once for an epoch; `openMessage` queues as the pairwise channel does.
 */
import { AEAD_TAG_BYTES, Flags, HEADER_BYTES, SIGNATURE_BYTES } from "../protocol/generated";
import { type Bytes, concat, utf8 } from "./bytes";
import { OpenError } from "./errors";
import { InOrder } from "./order";
import { fieldsOf, openBytes, type SealedFields } from "./sealing";
import { deriveSFrameKey, encodeSFrameHeader, type SFrameKey, sframeNonce } from "./sframe";

const SECRET_BYTES = 32;

/** What an epoch is made of: its number, its secret and the hash of its roster (32 bytes each). */
export interface EpochSecrets {
  readonly epoch: bigint;
  readonly secret: Bytes;
  readonly rosterHash: Bytes;
}

/** Who has to have signed, and whether an unsigned frame is refused (`signatureRequired(members)`). */
export interface SignaturePolicy {
  /** The raw Ed25519 key of the authenticated host identity. */
  readonly deviceKey: Bytes;
  readonly required: boolean;
}

/** The bytes of the SFrame base key: whoever holds another roster gets another key (SPEC K14). */
export async function mediaBaseKey({ secret, rosterHash }: EpochSecrets): Promise<Bytes> {
  if (secret.length !== SECRET_BYTES || rosterHash.length !== SECRET_BYTES) {
    throw new RangeError("the epoch secret and the roster hash have 32 bytes each");
  }
  const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const params = { name: "HKDF", hash: "SHA-256", salt: rosterHash, info: utf8("relevo1 media") };
  return new Uint8Array(await crypto.subtle.deriveBits(params, material, 256));
}

/** Key and salt of an epoch's frames, for both ends. Throws RangeError where secret or hash are not 32 bytes. */
export async function mediaKey(secrets: EpochSecrets): Promise<SFrameKey> {
  const base = await mediaBaseKey(secrets);
  const baseKey = await crypto.subtle.importKey("raw", base, "HKDF", false, ["deriveBits", "deriveKey"]);
  return deriveSFrameKey(secrets.epoch, baseKey);
}

/** Opens the frames of one epoch; counters rise, gaps are allowed as the relay may drop frames. */
export class MediaReceiver {
  private readonly queue = new InOrder();
  private nextCounter = 0n;

  private constructor(
    readonly epoch: bigint,
    private readonly key: SFrameKey,
    private readonly deviceKey: CryptoKey,
    private readonly signatureRequired: boolean,
  ) {}

  /** Throws RangeError where secret or hash are not 32 bytes, DOMException where the device key is none. */
  static async create(secrets: EpochSecrets, policy: SignaturePolicy): Promise<MediaReceiver> {
    const key = await mediaKey(secrets);
    const ed25519 = { name: "Ed25519" };
    const deviceKey = await crypto.subtle.importKey("raw", policy.deviceKey, ed25519, false, ["verify"]);
    return new MediaReceiver(secrets.epoch, key, deviceKey, policy.required);
  }

  /**
   * The plaintext of a whole message, its 24-byte header included.
   *
   * @throws OpenError `wrong_epoch`; `replay` if the counter is not above the last one; `unsigned` if a signature
   *   is due; `malformed` by size; `tampered` if signature or seal do not fit
   */
  openMessage(message: Bytes): Promise<Bytes> {
    return this.queue.run(async () => {
      const fields = fieldsOf(message);
      this.checkOrder(fields);
      const sealed = await this.signedPart(message, fields);
      const additional = concat(
        encodeSFrameHeader(this.epoch, fields.counter),
        message.subarray(0, HEADER_BYTES),
      );
      const nonce = sframeNonce(this.key, fields.counter);
      const plaintext = await openBytes(this.key.key, nonce, additional, sealed);
      this.nextCounter = fields.counter + 1n;
      return plaintext;
    });
  }

  private checkOrder({ keyId, counter }: SealedFields): void {
    if (keyId !== this.epoch) {
      const detail = `a frame of epoch ${keyId.toString()}, the key is of ${this.epoch.toString()}`;
      throw new OpenError("wrong_epoch", detail);
    }
    if (counter < this.nextCounter) {
      const due = this.nextCounter.toString();
      throw new OpenError("replay", `media counter ${counter.toString()}, at least ${due} was due`);
    }
  }

  /** Ciphertext and tag, after the signature, where there is one, was found right. */
  private async signedPart(message: Bytes, { flags }: SealedFields): Promise<Bytes> {
    const signed = (flags & Flags.SIGNED) !== 0;
    if (this.signatureRequired && !signed) {
      throw new OpenError("unsigned", "an unsigned frame while several viewers share the key");
    }
    const end = message.length - (signed ? SIGNATURE_BYTES : 0);
    if (end < HEADER_BYTES + AEAD_TAG_BYTES) {
      throw new OpenError("malformed", `a frame of ${message.length} bytes has no room for its seal`);
    }
    if (signed) await this.verify(message.subarray(0, end), message.subarray(end));
    return message.subarray(HEADER_BYTES, end);
  }

  private async verify(signedBytes: Bytes, signature: Bytes): Promise<void> {
    const right = await crypto.subtle.verify({ name: "Ed25519" }, this.deviceKey, signature, signedBytes);
    if (!right) throw new OpenError("tampered", "the frame's signature is not the host's");
  }
}
