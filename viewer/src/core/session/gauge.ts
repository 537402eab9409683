/** How the line does: frames and bytes over the last second, round trip, and one word for all of it. */
import type { LinkView } from "../api";

const WINDOW_MS = 1000;
const GOOD_RTT_MS = 150;
const FAIR_RTT_MS = 400;
const SMOOTHING = 0.5;
const FAIR_DROPS = 5;

interface Sample {
  readonly at: number;
  readonly amount: number;
}

/** A sum over the last second. */
class Flow {
  private samples: Sample[] = [];

  add(amount: number, at: number): void {
    // Also before anybody reads it: a host may send for hours to somebody whom it has not let in.
    if (at - (this.samples[0]?.at ?? at) > 2 * WINDOW_MS) this.forget(at);
    this.samples.push({ at, amount });
  }

  sum(now: number): number {
    this.forget(now);
    return this.samples.reduce((sum, sample) => sum + sample.amount, 0);
  }

  private forget(now: number): void {
    this.samples = this.samples.filter((sample) => sample.at > now - WINDOW_MS);
  }
}

export class Gauge {
  private readonly frames = new Flow();
  private readonly bytes = new Flow();
  private readonly drops = new Flow();
  private dropped = 0;
  private rtt: number | null = null;

  /** The last round trip, smoothed, ms; 0 before the first. */
  get rttMs(): number {
    return this.rtt ?? 0;
  }

  received(bytes: number, now: number): void {
    this.bytes.add(bytes, now);
  }

  drawn(now: number): void {
    this.frames.add(1, now);
  }

  roundTrip(ms: number): void {
    this.rtt = this.rtt === null ? ms : this.rtt + SMOOTHING * (ms - this.rtt);
  }

  /** The last second in numbers; `droppedTotal` counts from the session's start. */
  read(now: number, droppedTotal: number): LinkView {
    if (droppedTotal > this.dropped) this.drops.add(droppedTotal - this.dropped, now);
    this.dropped = droppedTotal;
    const recentDrops = this.drops.sum(now);
    return {
      rttMs: this.rtt === null ? null : Math.round(this.rtt),
      fps: this.frames.sum(now),
      kbps: Math.round((this.bytes.sum(now) * 8) / WINDOW_MS),
      quality: this.judge(recentDrops),
      framesDropped: droppedTotal,
    };
  }

  private judge(recentDrops: number): LinkView["quality"] {
    const rtt = this.rtt ?? 0;
    if (rtt > FAIR_RTT_MS || recentDrops > FAIR_DROPS) return "poor";
    return rtt > GOOD_RTT_MS || recentDrops > 0 ? "fair" : "good";
  }
}
