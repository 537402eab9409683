/** What has come in over a socket and waits for its turn: bounded, so that a flood ends the session and fills no memory. */
import type { Bytes } from "../crypto/bytes";
import { LimitError, MalformedError } from "../protocol/errors";

// What a queued message costs besides its own bytes: a flood of empty ones is a flood as well.
const MESSAGE_BYTES = 512;

/** One message in the queue. */
export interface Waiting {
  /** Its turn has come: it is waited for no longer, even if its socket is another one by now. */
  readonly leave: () => void;
  /**
   * The message.
   *
   * @throws MalformedError a text message
   * @throws LimitError too much was waiting when it came
   */
  readonly bytes: () => Bytes;
}

export class Inbox {
  private waitingBytes = 0;

  constructor(private readonly mostBytes: number) {}

  /** A message has come. */
  put(data: unknown): Waiting {
    const size = MESSAGE_BYTES + (data instanceof ArrayBuffer ? data.byteLength : 0);
    this.waitingBytes += size;
    const isFull = this.waitingBytes > this.mostBytes;
    return {
      leave: () => {
        this.waitingBytes -= size;
      },
      bytes: () => {
        if (!(data instanceof ArrayBuffer)) throw new MalformedError("a text message; this wire is binary");
        if (isFull) throw new LimitError("more came in than can be worked with");
        return new Uint8Array(data);
      },
    };
  }
}
