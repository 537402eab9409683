/** From pointer moves to pieces of a line and places of a laser, no more than thirty a second (SPEC A4). */
import type { LaserView, StrokeView } from "../../core/api";
import { LASER_LIFE_MS, MAX_STROKE_POINTS } from "../../protocol/generated";
import type { Place } from "../input/geometry";

/** The tool in the hand. */
export type MarkTool = "laser" | "draw";

/** Time between two messages. */
const PACE_MS = 34;
/** A laser that rests is told again well before it would go out. */
const REMIND_MS = LASER_LIFE_MS / 2;
/** Points nearer than this to the last one add nothing to a line. */
const STEP = 0.0005;

/** Where marks go, and the clock. */
export interface MarkTarget {
  laser(place: LaserView | null): void;
  draw(piece: Omit<StrokeView, "slot">): void;
}

type Timer = ReturnType<typeof setTimeout>;

/** Runs something at once and then at most once in `PACE_MS`, the last call never lost. */
class Pace {
  #timer: Timer | undefined;
  #due = false;

  constructor(private readonly run: () => void) {}

  touch(): void {
    if (this.#timer !== undefined) {
      this.#due = true;
      return;
    }
    this.run();
    this.#timer = setTimeout(() => this.#elapsed(), PACE_MS);
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = false;
  }

  #elapsed(): void {
    this.#timer = undefined;
    if (!this.#due) return;
    this.#due = false;
    this.touch();
  }
}

/** The laser of this person. */
export class LaserPointer {
  #place: Place | null = null;
  #reminder: ReturnType<typeof setInterval> | undefined;
  readonly #pace = new Pace(() => this.#tell());

  constructor(private readonly target: MarkTarget) {}

  /** Point here, for as long as nothing else is said. */
  point(place: Place): void {
    this.#place = place;
    this.#reminder ??= setInterval(() => this.#tell(), REMIND_MS);
    this.#pace.touch();
  }

  /** Put it out. */
  off(): void {
    clearInterval(this.#reminder);
    this.#reminder = undefined;
    this.#pace.cancel();
    if (this.#place === null) return;
    this.#place = null;
    this.target.laser(null);
  }

  #tell(): void {
    if (this.#place !== null) this.target.laser(this.#place);
  }
}

/** The pen of this person: one line at a time. */
export class Pen {
  #stroke: { readonly number: number; readonly monitor: number } | null = null;
  #waiting: number[] = [];
  #last: Place | null = null;
  readonly #pace = new Pace(() => this.#tell());

  /** `first` numbers the first line; lines of an earlier page must not be continued by accident. */
  constructor(
    private readonly target: MarkTarget,
    private next: number,
  ) {}

  get drawing(): boolean {
    return this.#stroke !== null;
  }

  /** Begin a line. */
  down(place: Place): void {
    this.up();
    this.#stroke = { number: this.next, monitor: place.monitor };
    this.next += 1;
    this.#add(place);
  }

  /** Go on; without a line, or from one monitor to another, nothing happens. */
  move(place: Place): void {
    if (this.#stroke === null || place.monitor !== this.#stroke.monitor) return;
    const last = this.#last;
    if (last !== null && Math.hypot(place.x - last.x, place.y - last.y) < STEP) return;
    this.#add(place);
  }

  /** The line is done. */
  up(): void {
    if (this.#stroke !== null) this.#tell();
    this.#pace.cancel();
    this.#stroke = null;
    this.#waiting = [];
    this.#last = null;
  }

  #add(place: Place): void {
    this.#last = place;
    this.#waiting.push(place.x, place.y);
    this.#pace.touch();
  }

  #tell(): void {
    if (this.#stroke === null) return;
    const { number: stroke, monitor } = this.#stroke;
    for (let at = 0; at < this.#waiting.length; at += 2 * MAX_STROKE_POINTS) {
      const points = this.#waiting.slice(at, at + 2 * MAX_STROKE_POINTS);
      this.target.draw({ stroke, monitor, points });
    }
    this.#waiting = [];
  }
}

const LAST_STROKE = 2 ** 30;

/** A number for the first line of a page. */
export function firstStroke(): number {
  return 1 + Math.floor(Math.random() * LAST_STROKE);
}
