/** One finger as a pointer: a tap clicks, a drag drags, and a finger that rests clicks with the right button. */
import type { Pointer, PointLike } from "./pointer";

const REST_MS = 500;
/** How far a finger trembles, CSS pixels. */
const TREMBLE_PX = 10;
const [LEFT, RIGHT] = [0, 2];

export class Touch {
  readonly #pointer: Pick<Pointer, "move" | "button">;
  #start: PointLike | null = null;
  #dragging = false;
  #resting: ReturnType<typeof setTimeout> | undefined;

  constructor(pointer: Pick<Pointer, "move" | "button">) {
    this.#pointer = pointer;
  }

  /** A finger came down; what it means shows later. */
  down({ clientX, clientY }: PointLike): void {
    this.forget();
    const start = { clientX, clientY };
    this.#start = start;
    this.#resting = setTimeout(() => {
      this.#start = null;
      this.#click(start, RIGHT);
    }, REST_MS);
  }

  move(point: PointLike): void {
    const start = this.#start;
    if (start === null) return;
    const far = Math.hypot(point.clientX - start.clientX, point.clientY - start.clientY) > TREMBLE_PX;
    if (!this.#dragging && far) {
      clearTimeout(this.#resting);
      this.#dragging = true;
      this.#pointer.button(start, LEFT, true);
    }
    if (this.#dragging) this.#pointer.move(point);
  }

  up(point: PointLike): void {
    const start = this.#start;
    if (this.#dragging) this.#pointer.button(point, LEFT, false);
    else if (start !== null) this.#click(start, LEFT);
    this.forget();
  }

  /** The finger is gone without an end; what it held comes up by other means. */
  forget(): void {
    clearTimeout(this.#resting);
    this.#start = null;
    this.#dragging = false;
  }

  #click(point: PointLike, button: number): void {
    this.#pointer.button(point, button, true);
    this.#pointer.button(point, button, false);
  }
}
