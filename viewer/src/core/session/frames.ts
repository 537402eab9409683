/** Which frames may be drawn: nothing is drawn over a gap (SPEC F9). */
import { LimitError, MalformedError } from "../../protocol/errors";
import { Flags } from "../../protocol/generated";
import type { Size } from "../../protocol/frame";

const ASK_AFTER_MS = 1000;

/** One opened frame, as far as order is concerned. */
export interface FrameFacts extends Size {
  readonly frameId: number;
  readonly flags: number;
}

/** Judges frames by number, and knows when to ask for a keyframe. */
export class FrameGate {
  private last = 0;
  private size: Size | null = null;
  private waitingSince: number | null = null;
  private droppedCount = 0;
  private anew = false;

  /** Frames that were missed or could not be drawn. */
  get dropped(): number {
    return this.droppedCount;
  }

  /**
   * Tell whether the frame may be drawn.
   *
   * @throws MalformedError numbers that do not rise
   * @throws LimitError another size without a keyframe (SPEC F2)
   */
  admit({ frameId, flags, width, height }: FrameFacts, now: number): boolean {
    if (frameId <= this.last) {
      if (!this.anew) throw new MalformedError(`frame ${frameId} after frame ${this.last}`);
      this.last = 0;
    }
    this.anew = false;
    const missed = this.last === 0 ? 0 : frameId - this.last - 1;
    const keyframe = (flags & Flags.KEYFRAME) !== 0;
    this.last = frameId;
    this.droppedCount += missed;
    if (!keyframe && (missed > 0 || this.size === null || this.waitingSince !== null)) {
      this.lose(now);
      return false;
    }
    if (!keyframe && (this.size?.width !== width || this.size.height !== height)) {
      throw new LimitError(`frame ${frameId} is ${width}x${height}: a new size without a keyframe`);
    }
    this.waitingSince = null;
    this.size = { width, height };
    return true;
  }

  /** A frame was lost, before or after it was judged: only a keyframe helps. */
  lose(now: number): void {
    this.droppedCount += 1;
    this.waitingSince ??= now;
  }

  /** The next frame has to be a keyframe, as after every reconnection; that is no loss. */
  restart(now: number): void {
    this.waitingSince = now;
  }

  /** A new handshake: a host that was restarted counts its frames from one again. */
  beginAnew(): void {
    this.anew = true;
  }

  /** Tell, once a second while a keyframe is missing, that one should be asked for. */
  asksForKeyframe(now: number): boolean {
    if (this.waitingSince === null || now - this.waitingSince < ASK_AFTER_MS) return false;
    this.waitingSince = now;
    return true;
  }
}
