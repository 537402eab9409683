/** Pointer moves on a line that does not keep up: only the newest place counts. */
import type { Outgoing } from "../api";

const FULL_BYTES = 16 * 2 ** 10;

export class PointerValve {
  private held: Outgoing | null = null;

  /** What may be sent now, given the bytes that still wait in the socket. */
  offer(message: Outgoing, waitingBytes: number): Outgoing | null {
    if (message.t !== "PointerMove") {
      // A button and a wheel bring their own place; the move before them is history.
      if (message.t === "PointerButton" || message.t === "PointerWheel") this.held = null;
      return message;
    }
    if (waitingBytes <= FULL_BYTES) {
      this.held = null;
      return message;
    }
    this.held = message;
    return null;
  }

  /** The move that was held back, once the line has room again. */
  release(waitingBytes: number): Outgoing | null {
    if (waitingBytes > FULL_BYTES) return null;
    const { held } = this;
    this.held = null;
    return held;
  }
}
