import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { LaserView, StrokeView } from "../../../src/core/api";
import { LaserPointer, Pen } from "../../../src/features/marks/pen";
import { LASER_LIFE_MS, MAX_STROKE_POINTS } from "../../../src/protocol/generated";

let lasers: (LaserView | null)[] = [];
let pieces: Omit<StrokeView, "slot">[] = [];
const target = {
  laser: (place: LaserView | null) => lasers.push(place),
  draw: (piece: Omit<StrokeView, "slot">) => pieces.push(piece),
};
const at = (x: number, monitor = 0) => ({ monitor, x, y: 0.5 });

beforeEach(() => {
  vi.useFakeTimers();
  lasers = [];
  pieces = [];
});
afterEach(() => vi.useRealTimers());

describe("pen", () => {
  it("tells the first point at once and the rest no more than thirty times a second (A4)", () => {
    const pen = new Pen(target, 7);
    pen.down(at(0.1));
    expect(pieces).toEqual([{ stroke: 7, monitor: 0, points: [0.1, 0.5] }]);
    for (let step = 1; step <= 1000; step += 1) {
      pen.move(at(0.1 + step * 0.0008));
      vi.advanceTimersByTime(1);
    }
    expect(pieces.length).toBeLessThanOrEqual(31);
    pen.up();
    expect(pieces.flatMap((piece) => piece.points)).toHaveLength(2 * 1001);
  });

  it("numbers its lines, and loses nothing at the end of one", () => {
    const pen = new Pen(target, 1);
    pen.down(at(0.1));
    pen.move(at(0.2));
    pen.up();
    pen.move(at(0.3));
    pen.down(at(0.4));
    expect(pieces.map((piece) => [piece.stroke, piece.points])).toEqual([
      [1, [0.1, 0.5]],
      [1, [0.2, 0.5]],
      [2, [0.4, 0.5]],
    ]);
  });

  it("keeps pieces within the wire's bound, and a line on its monitor", () => {
    const pen = new Pen(target, 1);
    pen.down(at(0, 2));
    for (let step = 1; step <= 600; step += 1) pen.move(at(step / 700, 2));
    pen.move(at(0.99, 1));
    pen.up();
    expect(Math.max(...pieces.map((piece) => piece.points.length))).toBeLessThanOrEqual(
      2 * MAX_STROKE_POINTS,
    );
    expect(pieces.flatMap((piece) => piece.points)).not.toContain(0.99);
  });
});

describe("laser", () => {
  it("is told again before it would go out by itself (A3), and put out at the end", () => {
    const laser = new LaserPointer(target);
    laser.point(at(0.5));
    vi.advanceTimersByTime(LASER_LIFE_MS);
    expect(lasers.length).toBeGreaterThanOrEqual(2);
    laser.off();
    laser.off();
    const told = lasers.length;
    expect(lasers.at(-1)).toBeNull();
    vi.advanceTimersByTime(3 * LASER_LIFE_MS);
    expect(lasers).toHaveLength(told);
  });

  it("follows a fast hand with its last place", () => {
    const laser = new LaserPointer(target);
    for (let step = 0; step < 20; step += 1) laser.point(at(step / 20));
    vi.advanceTimersByTime(50);
    expect(lasers).toHaveLength(2);
    expect(lasers.at(-1)).toEqual(at(0.95));
    laser.off();
  });
});
