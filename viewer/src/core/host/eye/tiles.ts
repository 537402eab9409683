/** Which parts of the screen have changed, and which the viewers do not have exactly: squares of 64 pixels. */
import type { Rectangle, Size } from "../../../protocol/frame";

const TILE_PX = 64;

/** One row of squares that hang together, as a rectangle of pixels. */
interface Run {
  readonly row: number;
  readonly from: number;
  readonly to: number;
}

/** Rows of RGBA pixels, one number each. */
export type Pixels = Uint32Array;

export class Tiles {
  readonly columns: number;
  readonly rows: number;
  /** 1 where the viewers' canvas is not exactly this picture. */
  private readonly due: Uint8Array;
  private dueCount: number;
  private before: Pixels | null = null;

  constructor(readonly size: Size) {
    this.columns = Math.ceil(size.width / TILE_PX);
    this.rows = Math.ceil(size.height / TILE_PX);
    this.due = new Uint8Array(this.columns * this.rows).fill(1);
    this.dueCount = this.due.length;
  }

  get isExact(): boolean {
    return this.dueCount === 0;
  }

  /** Look at a new picture; the answer is the share of it (0 to 1) that differs from the last one. */
  look(pixels: Pixels): number {
    const { before } = this;
    this.before = pixels;
    if (before === null) return 1;
    let changed = 0;
    for (let row = 0; row < this.rows; row += 1) {
      for (let column = 0; column < this.columns; column += 1) {
        if (this.same(before, pixels, row, column)) continue;
        changed += 1;
        this.mark(row * this.columns + column, 1);
      }
    }
    return changed / this.due.length;
  }

  /** The viewers have a lossy picture everywhere. */
  spoil(): void {
    this.due.fill(1);
    this.dueCount = this.due.length;
  }

  /** Rectangles that are to be sent exactly, top first, at most so many pixels together but at least one. */
  take(mostPixels: number): readonly Rectangle[] {
    const taken: Rectangle[] = [];
    let pixels = 0;
    for (const run of this.runs()) {
      const box = this.boxOf(run);
      if (taken.length > 0 && pixels + box.width * box.height > mostPixels) break;
      pixels += box.width * box.height;
      taken.push(box);
      for (let column = run.from; column < run.to; column += 1) {
        this.mark(run.row * this.columns + column, 0);
      }
    }
    return taken;
  }

  private *runs(): Generator<Run> {
    for (let row = 0; row < this.rows; row += 1) {
      for (let from = 0; from < this.columns; from += 1) {
        if (this.due[row * this.columns + from] === 0) continue;
        let to = from + 1;
        while (to < this.columns && this.due[row * this.columns + to] === 1) to += 1;
        yield { row, from, to };
        from = to;
      }
    }
  }

  private boxOf({ row, from, to }: Run): Rectangle {
    const [x, y] = [from * TILE_PX, row * TILE_PX];
    const width = Math.min(to * TILE_PX, this.size.width) - x;
    return { x, y, width, height: Math.min(TILE_PX, this.size.height - y) };
  }

  private mark(tile: number, due: 0 | 1): void {
    if (this.due[tile] === due) return;
    this.due[tile] = due;
    this.dueCount += due === 1 ? 1 : -1;
  }

  private same(before: Pixels, now: Pixels, row: number, column: number): boolean {
    const { width } = this.size;
    const box = this.boxOf({ row, from: column, to: column + 1 });
    for (let y = box.y; y < box.y + box.height; y += 1) {
      const start = y * width + box.x;
      for (let at = start; at < start + box.width; at += 1) if (before[at] !== now[at]) return false;
    }
    return true;
  }
}
