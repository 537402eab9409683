/** The host's end of the media channel: SFrame under the epoch's key, signed where several hold it (SPEC K13-K17). */
import { Flags, HEADER_BYTES, MAX_MEDIA_BYTES, SIGNATURE_BYTES, AEAD_TAG_BYTES } from "../protocol/generated";
import { type Header, packHeader } from "../protocol/header";
import { type Bytes, concat } from "./bytes";
import { type EpochSecrets, mediaKey } from "./media";
import { InOrder } from "./order";
import { sealBytes } from "./sealing";
import { encodeSFrameHeader, type SFrameKey, sframeNonce } from "./sframe";

/** The host's Ed25519 key pair; `raw` is the public half as ADh carries it. */
export interface DeviceKey {
  readonly sign: CryptoKey;
  readonly raw: Bytes;
}

/** The most plaintext that a media message can carry, signature or not. */
export const MAX_FRAME_BYTES = MAX_MEDIA_BYTES - HEADER_BYTES - AEAD_TAG_BYTES - SIGNATURE_BYTES;

/** A fresh device key; its secret half cannot be exported. */
export async function newDeviceKey(): Promise<DeviceKey> {
  const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);
  return { sign: pair.privateKey, raw: new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)) };
}

/** Seals the frames of one epoch; it gives out the counters itself, at the moment of the call. */
export class MediaSender {
  private readonly queue = new InOrder();
  private counter = 0n;

  private constructor(
    readonly epoch: bigint,
    private readonly key: SFrameKey,
    private readonly signer: CryptoKey | null,
  ) {}

  /** `signer` is `null` where one viewer alone holds the key (SPEC K16). Throws RangeError by size. */
  static async create(secrets: EpochSecrets, signer: CryptoKey | null): Promise<MediaSender> {
    return new MediaSender(secrets.epoch, await mediaKey(secrets), signer);
  }

  /**
   * The whole message: header, ciphertext, tag, signature. Epoch, counter and the SIGNED flag are set here.
   *
   * `counter` may be given to skip ahead. Send the results in the order of the calls.
   *
   * @throws RangeError the message passes its limit, or the counter was used; no counter is used up
   */
  sealMessage(
    given: Omit<Header, "counter" | "keyId">,
    plaintext: Bytes,
    counter = this.counter,
  ): Promise<Bytes> {
    if (plaintext.length > MAX_FRAME_BYTES) {
      return Promise.reject(
        new RangeError(`a frame of ${plaintext.length} bytes, at most ${MAX_FRAME_BYTES}`),
      );
    }
    if (counter < this.counter) {
      return Promise.reject(new RangeError(`media counter ${counter.toString()} was used already`));
    }
    this.counter = counter + 1n;
    const signed = this.signer === null ? 0 : Flags.SIGNED;
    const packed = packHeader({ ...given, flags: given.flags | signed, keyId: this.epoch, counter });
    return this.queue.run(() => this.seal(packed, plaintext, counter));
  }

  private async seal(packed: Bytes, plaintext: Bytes, counter: bigint): Promise<Bytes> {
    const additional = concat(encodeSFrameHeader(this.epoch, counter), packed);
    const sealed = await sealBytes(this.key.key, sframeNonce(this.key, counter), additional, plaintext);
    const message = concat(packed, sealed);
    if (this.signer === null) return message;
    const signature = await crypto.subtle.sign({ name: "Ed25519" }, this.signer, message);
    return concat(message, new Uint8Array(signature));
  }
}
