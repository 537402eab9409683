/** How fast a person's lines go out, below what host and relay take of one person (SPEC T8, T9). */

/** A host takes 8, then one a second. */
const LINES_AT_ONCE = 6;
const LINE_GAP_MS = 1100;
/** A line that was neither taken nor refused for so long was lost, or came too fast. */
export const REPEAT_AFTER_MS = 6_000;
/** After so many times on one link it counts as not delivered. */
export const MAX_TRIES = 5;
/** As many as a person writes while a line is down; H knows the last 256 numbers. */
export const MAX_WAITING = 50;

export class Pace {
  /** When the next line would be due if each took its time. */
  private evenAt = 0;

  /** Tell whether one more line may go out now; if so it counts. */
  spend(now: number): boolean {
    const at = Math.max(this.evenAt, now);
    if (at - now > (LINES_AT_ONCE - 1) * LINE_GAP_MS) return false;
    this.evenAt = at + LINE_GAP_MS;
    return true;
  }
}
