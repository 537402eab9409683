/** The picture of a session as far as it is not pixels: order of frames, the last one seen, how the line does. */
import type { LinkView, SessionView } from "../api";
import { type FrameFacts, FrameGate } from "./frames";
import { Gauge } from "./gauge";
import { ALL_DONE } from "./view";

const GAUGE_EVERY_MS = 1000;

export class Picture {
  readonly gate = new FrameGate();
  readonly gauge = new Gauge();
  private lastSeen = 0;
  private gaugedAt = 0;

  /** The last frame on the canvas, 0 before the first (SPEC I4). */
  get seen(): number {
    return this.lastSeen;
  }

  /** Judge an opened frame; the answer is what it changes in the view, `null` where it must not be drawn. */
  admit(facts: FrameFacts, shown: SessionView, now: number): Partial<SessionView> | null {
    if (!this.gate.admit(facts, now)) return null;
    const { width, height } = facts;
    if (shown.screen?.width === width && shown.screen.height === height) return {};
    // The layout may come later, or not at all.
    return { screen: { width, height, monitors: [] } };
  }

  drawn(frameId: number, now: number): void {
    // Frames are drawn in their order; only a host that was restarted counts from one again.
    this.lastSeen = frameId;
    this.gauge.drawn(now);
  }

  /** What the first picture changes in the checklist. */
  done({ steps }: SessionView): Partial<SessionView> {
    return steps.picture === "done" ? {} : { steps: ALL_DONE };
  }

  /** Once a second the figures, where they differ. */
  figures(shown: LinkView, now: number): Partial<SessionView> {
    if (now - this.gaugedAt < GAUGE_EVERY_MS) return {};
    this.gaugedAt = now;
    const link = this.gauge.read(now, this.gate.dropped);
    return JSON.stringify(link) === JSON.stringify(shown) ? {} : { link };
  }
}
