/**
 * Sealed messages between the host and one viewer: AES-256-GCM with an exact counter (SPEC K11, K12).
 *
 * WebCrypto answers later, so order needs care. Both classes queue: calls may overlap, each settles after the one
 * before it, and a counter is compared only when everything before has been opened. Whoever awaits the results one
 * after another in the order of the calls sees the messages in the order of the wire.
 */
import { AEAD_TAG_BYTES, HEADER_BYTES, MAX_PAIRWISE_BYTES } from "../protocol/generated";
import { type Header, packHeader } from "../protocol/header";
import { type Bytes, concat, nonceFor } from "./bytes";
import { DesyncError } from "./errors";
import { InOrder } from "./order";
import type { DirectionKeys, SessionKeys } from "./schedule";
import { fieldsOf, openBytes, sealBytes } from "./sealing";

/** Seals one direction. It gives out the counters itself, at the moment of the call. */
export class PairwiseSender {
  private readonly queue = new InOrder();
  private counter = 0n;

  constructor(private readonly keys: DirectionKeys) {}

  /** The counter of the next message. */
  get nextCounter(): bigint {
    return this.counter;
  }

  /**
   * The whole message: header, ciphertext, tag. Send the results in the order of the calls.
   *
   * @throws RangeError the message passes its limit; no counter was used
   */
  sealMessage(header: Omit<Header, "counter">, plaintext: Bytes): Promise<Bytes> {
    const size = HEADER_BYTES + plaintext.length + AEAD_TAG_BYTES;
    if (size > MAX_PAIRWISE_BYTES) {
      return Promise.reject(
        new RangeError(`a pairwise message of ${size} bytes, at most ${MAX_PAIRWISE_BYTES}`),
      );
    }
    const counter = this.counter;
    this.counter += 1n;
    return this.queue.run(async () => {
      const packed = packHeader({ ...header, counter });
      const { key, iv } = this.keys;
      return concat(packed, await sealBytes(key, nonceFor(iv, counter), packed, plaintext));
    });
  }
}

/** Opens one direction: every counter exactly once and in turn. */
export class PairwiseReceiver {
  private readonly queue = new InOrder();
  private counter = 0n;

  constructor(private readonly keys: DirectionKeys) {}

  /** The only counter that the next message may have, once all calls have settled. */
  get expectedCounter(): bigint {
    return this.counter;
  }

  /**
   * The plaintext of a whole message, its 24-byte header included.
   *
   * @throws DesyncError another counter than the expected one: a message was lost, repeated or reordered
   * @throws OpenError `tampered` if the seal does not fit, `malformed` if there is no room for a tag
   */
  openMessage(message: Bytes): Promise<Bytes> {
    return this.queue.run(async () => {
      const { counter } = fieldsOf(message);
      if (counter !== this.counter) throw new DesyncError(this.counter, counter);
      const [packed, sealed] = [message.subarray(0, HEADER_BYTES), message.subarray(HEADER_BYTES)];
      const plaintext = await openBytes(this.keys.key, nonceFor(this.keys.iv, counter), packed, sealed);
      this.counter += 1n;
      return plaintext;
    });
  }
}

/** Both directions of the channel as one side sees them. */
export interface PairwiseChannel {
  readonly sender: PairwiseSender;
  readonly receiver: PairwiseReceiver;
}

/** The viewer's end of a channel. */
export function viewerChannel(keys: SessionKeys): PairwiseChannel {
  return { sender: new PairwiseSender(keys.v2h), receiver: new PairwiseReceiver(keys.h2v) };
}

/** The host's end of a channel. */
export function hostChannel(keys: SessionKeys): PairwiseChannel {
  return { sender: new PairwiseSender(keys.h2v), receiver: new PairwiseReceiver(keys.v2h) };
}
