/**
 * Pointer events in, messages out: moves at most once a frame, buttons and wheel never before the move they follow.
 */
import type { Outgoing } from "../../core/api";
import type { Place } from "./geometry";
import { type WheelLike, WheelNotches } from "./wheel";

/** Where messages go, what may go there now, and how a point of the page becomes a place. */
export interface PointerOptions {
  readonly send: (message: Outgoing) => void;
  readonly mayPoint: () => boolean;
  readonly place: (point: PointLike) => Place | null;
  /** Runs once before the next picture; the answer takes it back. */
  readonly onNextFrame: (callback: () => void) => () => void;
}

/** A point of the page. */
export interface PointLike {
  readonly clientX: number;
  readonly clientY: number;
}

function same(one: Place, other: Place | null): boolean {
  return other !== null && one.x === other.x && one.y === other.y && one.monitor === other.monitor;
}

/** Button index of the wire for each bit of `MouseEvent.buttons`. */
const BUTTON_OF_BIT: readonly number[] = [0, 2, 1, 3, 4];

/** One pointer's state: where it is going, and which buttons are down on the other side. */
export class Pointer {
  readonly #options: PointerOptions;
  readonly #down = new Set<number>();
  readonly #wheel = new WheelNotches();
  #pending: Place | null = null;
  #last: Place | null = null;
  #cancelFrame: (() => void) | null = null;

  constructor(options: PointerOptions) {
    this.#options = options;
  }

  /** The pointer is here now. */
  move(point: PointLike): void {
    if (!this.#options.mayPoint()) return;
    this.#pending = this.#options.place(point);
    if (this.#pending === null || this.#cancelFrame !== null) return;
    this.#cancelFrame = this.#options.onNextFrame(() => {
      this.#cancelFrame = null;
      this.flush();
    });
  }

  /** A button changed here; one that is already so changes nothing. */
  button(point: PointLike, button: number, down: boolean): void {
    if (button < 0 || button >= BUTTON_OF_BIT.length || this.#down.has(button) === down) return;
    const place = this.#options.place(point) ?? this.#last;
    if (place === null || (down && !this.#options.mayPoint())) return;
    this.flush();
    this.#set(place, button, down);
  }

  /** Bring the buttons in line with `MouseEvent.buttons`: browsers tell of further buttons only there. */
  buttons(point: PointLike, bits: number): void {
    BUTTON_OF_BIT.forEach((button, bit) => this.button(point, button, (bits & (1 << bit)) !== 0));
  }

  /** The wheel turned here; what makes no whole notch yet is kept. */
  wheel(event: PointLike & WheelLike): void {
    const place = this.#options.mayPoint() ? this.#options.place(event) : null;
    const turned = place === null ? null : this.#wheel.take(event);
    if (place === null || turned === null) return;
    this.flush();
    this.#last = place;
    this.#options.send({ t: "PointerWheel", ...place, ...turned });
  }

  /** Send the waiting move now. */
  flush(): void {
    this.#cancelFrame?.();
    this.#cancelFrame = null;
    const place = this.#pending;
    this.#pending = null;
    if (place === null || same(place, this.#last)) return;
    this.#last = place;
    this.#options.send({ t: "PointerMove", ...place });
  }

  /** The browser took the pointer away: whatever is down comes up where it was. */
  cancel(): void {
    this.flush();
    const place = this.#last;
    if (place === null) return;
    for (const button of [...this.#down]) this.#set(place, button, false);
  }

  /** Everything has come up by other means; nothing waiting is sent any more. */
  forget(): void {
    this.#down.clear();
    this.#pending = null;
    this.#cancelFrame?.();
    this.#cancelFrame = null;
    this.#last = null;
  }

  #set(place: Place, button: number, down: boolean): void {
    this.#last = place;
    if (down) this.#down.add(button);
    else this.#down.delete(button);
    this.#options.send({ t: "PointerButton", ...place, button, down });
  }
}
