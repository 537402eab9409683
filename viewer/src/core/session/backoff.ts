/** When to try again: full jitter under a bound that grows from 0.25 s to 10 s. */
import { RECONNECT_CAP_MS, RECONNECT_FIRST_MS, RECONNECT_GROWTH } from "../../protocol/generated";

export class Backoff {
  private tries = 0;

  /** `random` gives numbers in 0..1, as `Math.random` does. */
  constructor(private readonly random: () => number) {}

  /** Milliseconds until the next try. */
  next(): number {
    const bound = Math.min(RECONNECT_CAP_MS, RECONNECT_FIRST_MS * RECONNECT_GROWTH ** this.tries);
    this.tries += 1;
    return this.random() * bound;
  }

  /** The session lives again: the next cut starts with a quick try. */
  reset(): void {
    this.tries = 0;
  }
}
