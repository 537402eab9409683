/**
 * How much may be on its way: acknowledged bytes let new ones go, and how late they come says how many (SPEC D2, D3).
 *
 * The fastest viewer's acknowledgement counts; the relay drops for the others.
 */
const WINDOW_FIRST_BYTES = 256 * 2 ** 10;
const WINDOW_LEAST_BYTES = 48 * 2 ** 10;
const WINDOW_MOST_BYTES = 768 * 2 ** 10;
const MESSAGES_AT_ONCE = 6;
const LATE_MS = 400;
const SOON_MS = 200;
// What nobody has drawn by then was dropped on the way.
const FORGOTTEN_MS = 2000;

interface Sent {
  readonly frameId: number;
  readonly bytes: number;
  readonly at: number;
}

export class Pace {
  private sent: Sent[] = [];
  private window = WINDOW_FIRST_BYTES;
  private asked = 0;
  private refused = 0;

  /** What one message should not pass, so that the next motion does not wait behind it. */
  get pieceBytes(): number {
    return this.window / 2;
  }

  /** Tell whether a message may be made now; `waitingBytes` are those still in our own socket. */
  open(waitingBytes: number, now: number): boolean {
    this.sent = this.sent.filter(({ at }) => now - at < FORGOTTEN_MS);
    const bytes = this.sent.reduce((sum, one) => sum + one.bytes, 0);
    const free = this.sent.length < MESSAGES_AT_ONCE && bytes < this.window && waitingBytes < this.window;
    this.asked += 1;
    if (!free) this.refused += 1;
    return free;
  }

  went(frameId: number, bytes: number, now: number): void {
    this.sent.push({ frameId, bytes, at: now });
  }

  /** A viewer has drawn this frame, and with it all before it. */
  acked(frameId: number, now: number): void {
    const drawn = this.sent.filter((one) => one.frameId <= frameId);
    const last = drawn.at(-1);
    if (last === undefined) return;
    this.sent = this.sent.filter((one) => one.frameId > frameId);
    const delay = now - last.at;
    if (delay > LATE_MS) this.window = Math.max(WINDOW_LEAST_BYTES, this.window * 0.8);
    else if (delay < SOON_MS) this.window = Math.min(WINDOW_MOST_BYTES, this.window * 1.05);
  }

  /** The share of the asking, since the last time, that found no room; 0 to 1. */
  takePressure(): number {
    const share = this.asked === 0 ? 0 : this.refused / this.asked;
    this.asked = this.refused = 0;
    return share;
  }
}
