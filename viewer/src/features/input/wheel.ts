/** Wheels and touchpads count in pixels, lines or pages; the wire counts in notches. */

/** The parts of a `WheelEvent` that matter. */
export interface WheelLike {
  readonly deltaX: number;
  readonly deltaY: number;
  readonly deltaMode: number;
  readonly shiftKey: boolean;
}

const MAX_NOTCHES = 50;
const LINES_PER_NOTCH = 3;
const NOTCHES_PER_PAGE = 5;
/** Browsers report one notch of a wheel as 100 or 120 pixels. */
const PIXELS_PER_NOTCH = [120, 100] as const;
const [LINE_MODE, PAGE_MODE] = [1, 2];

function notches(delta: number, mode: number): number {
  if (mode === LINE_MODE) return delta / LINES_PER_NOTCH;
  if (mode === PAGE_MODE) return delta * NOTCHES_PER_PAGE;
  const size = PIXELS_PER_NOTCH.find((pixels) => delta % pixels === 0) ?? 100;
  return delta / size;
}

/** Collects fractions of a notch until there is a whole one; turning round drops what was left. */
class Axis {
  #rest = 0;
  #direction = 0;

  add(amount: number): number {
    const direction = Math.sign(amount);
    if (direction * this.#direction < 0) this.#rest = 0;
    if (direction !== 0) this.#direction = direction;
    this.#rest += amount;
    // Rounding rather than cutting: a zoomed page makes one notch 0.8, which has to be felt at once.
    const whole = Math.round(this.#rest);
    this.#rest -= whole;
    return Math.min(Math.max(whole, -MAX_NOTCHES), MAX_NOTCHES) + 0;
  }
}

/** Turns wheel events into whole notches, right and down positive. */
export class WheelNotches {
  #x = new Axis();
  #y = new Axis();

  /** The notches that this event completes, or `null` if it completes none. */
  take(event: WheelLike): { readonly dx: number; readonly dy: number } | null {
    // Where Shift is held some browsers have already turned the wheel sideways; the remote side does that itself.
    const turned = event.shiftKey && event.deltaY === 0;
    const dx = this.#x.add(turned ? 0 : notches(event.deltaX, event.deltaMode));
    const dy = this.#y.add(notches(turned ? event.deltaX : event.deltaY, event.deltaMode));
    return dx === 0 && dy === 0 ? null : { dx, dy };
  }
}
