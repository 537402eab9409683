/** Everybody's laser and lines on this page (SPEC A1-A4). Lasers go out by themselves, the oldest points go first. */
import type { LaserView, MarksView, StrokeView } from "./api";
import { LASER_LIFE_MS, MAX_MARK_POINTS } from "../protocol/generated";
import { Watched } from "./observable";
import type { MarkMessage } from "./session/passing";

/** Far more lines than anybody draws: thousands of dots would cost every page more than the points themselves. */
export const MAX_LINES_OF_ONE = 1000;

const NO_MARKS: MarksView = { lasers: {}, strokes: [] };

/** A line as it grows; `old` where it was there before the line was cut: its next piece begins it anew. */
interface Line extends StrokeView {
  readonly old?: boolean;
}

export class Marks extends Watched<MarksView> {
  private readonly expiries = new Map<number, ReturnType<typeof setTimeout>>();
  private strokes: readonly Line[] = [];
  private growing: { readonly slot: number; readonly stroke: number } | null = null;
  private over: number | null = null;

  constructor() {
    super(NO_MARKS);
  }

  /** What the host tells of others. */
  hear(message: MarkMessage): void {
    switch (message.t) {
      case "MemberLaser":
        this.point(message.slot, { monitor: message.monitor, x: message.x, y: message.y });
        return;
      case "MemberLaserOff":
        this.point(message.slot, null);
        return;
      case "MemberStroke":
        this.draw(message);
        return;
      case "MarksCleared":
        this.wipe(message.slot ?? null);
    }
  }

  /** Put somebody's laser there, or (`null`) out. */
  point(slot: number, place: LaserView | null): void {
    clearTimeout(this.expiries.get(slot));
    this.expiries.delete(slot);
    const { lasers, strokes } = this.getSnapshot();
    if (place === null && lasers[slot] === undefined) return;
    const others = Object.entries(lasers).filter(([other]) => Number(other) !== slot);
    const own = place === null ? [] : [[String(slot), place] as const];
    this.set({ lasers: Object.fromEntries([...others, ...own]), strokes });
    if (place !== null)
      this.expiries.set(
        slot,
        setTimeout(() => this.point(slot, null), LASER_LIFE_MS),
      );
  }

  /** A piece of somebody's line; the first piece of a new number begins it. */
  draw({ slot, stroke, monitor, points }: StrokeView): void {
    // An odd number of coordinates is malformed (SPEC A5): nothing of it is drawn.
    if (points.length % 2 !== 0) return;
    const known = this.strokes.findIndex((line) => line.slot === slot && line.stroke === stroke);
    const before = this.strokes[known];
    const kept =
      before === undefined || before.old === true || before.monitor !== monitor ? [] : before.points;
    const line: Line = { slot, stroke, monitor, points: [...kept, ...points] };
    const lines = known === -1 ? [...this.strokes, line] : this.strokes.with(known, line);
    this.keep(bounded(fewer(lines, slot), slot));
  }

  /** A piece of one's own line; `false` where the line was cleared as it grew: the rest of it is not drawn (SPEC A3). */
  grow(piece: StrokeView): boolean {
    if (piece.stroke === this.over) return false;
    this.growing = piece;
    this.draw(piece);
    return true;
  }

  /** Take somebody's drawing away, or (`null`) everybody's. */
  wipe(slot: number | null): void {
    if (this.growing !== null && (slot ?? this.growing.slot) === this.growing.slot) {
      this.over = this.growing.stroke;
    }
    this.keep(slot === null ? [] : this.strokes.filter((line) => line.slot !== slot));
  }

  /** Only these people are there (and the host's own): what anybody else left goes with them. */
  meet(slots: readonly number[]): void {
    const here = new Set([0, ...slots]);
    for (const slot of Object.keys(this.getSnapshot().lasers).map(Number))
      if (!here.has(slot)) this.point(slot, null);
    if (this.strokes.some((line) => !here.has(line.slot))) {
      this.keep(this.strokes.filter((line) => here.has(line.slot)));
    }
  }

  /** The line was cut: the host may tell everything again. */
  age(): void {
    this.strokes = this.strokes.map((line) => ({ ...line, old: true }));
  }

  /** No session, no marks. */
  clear(): void {
    for (const expiry of this.expiries.values()) clearTimeout(expiry);
    this.expiries.clear();
    this.strokes = [];
    this.growing = null;
    this.over = null;
    this.set(NO_MARKS);
  }

  private keep(strokes: readonly Line[]): void {
    this.strokes = strokes;
    this.set({ lasers: this.getSnapshot().lasers, strokes });
  }
}

/** At most so many lines of one person, the oldest gone first. */
function fewer(lines: readonly Line[], slot: number): readonly Line[] {
  let excess = lines.filter((line) => line.slot === slot).length - MAX_LINES_OF_ONE;
  return excess <= 0 ? lines : lines.filter((line) => line.slot !== slot || (excess -= 1) < 0);
}

/** At most so many points of one person, the oldest gone first (SPEC A4). */
function bounded(lines: readonly Line[], slot: number): readonly Line[] {
  let excess =
    lines.reduce((sum, line) => sum + (line.slot === slot ? line.points.length / 2 : 0), 0) - MAX_MARK_POINTS;
  if (excess <= 0) return lines;
  return lines.flatMap((line) => {
    if (line.slot !== slot || excess <= 0) return [line];
    const gone = Math.min(excess, line.points.length / 2);
    excess -= gone;
    return gone === line.points.length / 2 ? [] : [{ ...line, points: line.points.slice(2 * gone) }];
  });
}
