import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { Marks, MAX_LINES_OF_ONE } from "../../src/core/marks";
import { LASER_LIFE_MS, MAX_MARK_POINTS } from "../../src/protocol/generated";

const at = (x: number) => ({ monitor: 1, x, y: 0.5 });
const stroke = (slot: number, number: number, points: readonly number[]) => ({
  slot,
  stroke: number,
  monitor: 1,
  points,
});

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function marks(): { made: Marks; lines: () => readonly (readonly number[])[] } {
  const made = new Marks();
  return { made, lines: () => made.getSnapshot().strokes.map(({ points }) => points) };
}

describe("lasers", () => {
  test("A3: one goes out after two seconds of silence, each by itself", () => {
    const { made } = marks();
    made.point(1, at(0.1));
    vi.advanceTimersByTime(LASER_LIFE_MS - 1);
    made.hear({ t: "MemberLaser", slot: 2, ...at(0.2) });
    expect(Object.keys(made.getSnapshot().lasers)).toEqual(["1", "2"]);
    vi.advanceTimersByTime(1);
    expect(made.getSnapshot().lasers).toEqual({ 2: at(0.2) });
    vi.advanceTimersByTime(LASER_LIFE_MS);
    expect(made.getSnapshot().lasers).toEqual({});
  });

  test("A3: one that moves lives on, and goes out when it is put out", () => {
    const { made } = marks();
    made.point(1, at(0.1));
    vi.advanceTimersByTime(1500);
    made.point(1, at(0.3));
    vi.advanceTimersByTime(1500);
    expect(made.getSnapshot().lasers).toEqual({ 1: at(0.3) });
    made.hear({ t: "MemberLaserOff", slot: 1 });
    expect(made.getSnapshot().lasers).toEqual({});
  });
});

describe("lines", () => {
  test("A4: a flood of dots keeps the newest of that person, and everything of the others", () => {
    const { made } = marks();
    made.draw(stroke(2, 1, [0.5, 0.5]));
    for (let i = 1; i <= MAX_LINES_OF_ONE + 30; i += 1) made.draw(stroke(1, i, [0.1, 0.1]));
    const { strokes } = made.getSnapshot();
    expect(strokes).toHaveLength(MAX_LINES_OF_ONE + 1);
    expect(strokes.filter((line) => line.slot === 1).map((line) => line.stroke)[0]).toBe(31);
  });

  test("A2: pieces go on where the last one ended, by person and number", () => {
    const { made, lines } = marks();
    made.draw(stroke(1, 1, [0, 0, 0.1, 0.1]));
    made.hear({ t: "MemberStroke", ...stroke(2, 1, [0.5, 0.5]) });
    made.draw(stroke(1, 1, [0.2, 0.2]));
    expect(lines()).toEqual([
      [0, 0, 0.1, 0.1, 0.2, 0.2],
      [0.5, 0.5],
    ]);
  });

  test("A5: an odd number of coordinates draws nothing", () => {
    const { made, lines } = marks();
    made.draw(stroke(1, 1, [0, 0, 0.1]));
    expect(lines()).toEqual([]);
  });

  test("A3: cleared by person, by all, and with who leaves; the host's own stays", () => {
    const { made } = marks();
    const slots = (): readonly number[] => made.getSnapshot().strokes.map(({ slot }) => slot);
    for (const slot of [0, 1, 2, 3]) made.draw(stroke(slot, 1, [0, 0]));
    made.point(3, at(0.1));
    made.hear({ t: "MarksCleared", slot: 1 });
    expect(slots()).toEqual([0, 2, 3]);
    made.meet([2]);
    expect(slots()).toEqual([0, 2]);
    expect(made.getSnapshot().lasers).toEqual({});
    made.hear({ t: "MarksCleared" });
    expect(slots()).toEqual([]);
  });

  test("A4: of one person's points the oldest go first, others keep theirs", () => {
    const { made } = marks();
    const long = Array.from({ length: 2 * (MAX_MARK_POINTS - 1) }, () => 0.5);
    made.draw(stroke(2, 1, [0.1, 0.1]));
    made.draw(stroke(1, 1, [0.9, 0.9, 0.8, 0.8]));
    made.draw(stroke(1, 2, long));
    const [other, first, second] = made.getSnapshot().strokes;
    expect(other?.points).toEqual([0.1, 0.1]);
    expect(first?.points).toEqual([0.8, 0.8]);
    expect(second?.points).toHaveLength(long.length);
    made.draw(stroke(1, 3, [0.3, 0.3]));
    expect(made.getSnapshot().strokes.map((line) => line.stroke)).toEqual([1, 2, 3]);
  });

  test("A3: a line of one's own that is cleared as it grows is over; others' and the next one are not", () => {
    const { made, lines } = marks();
    expect(made.grow(stroke(1, 7, [0, 0]))).toBe(true);
    made.hear({ t: "MarksCleared", slot: 2 });
    expect(made.grow(stroke(1, 7, [0.1, 0.1]))).toBe(true);
    made.hear({ t: "MarksCleared" });
    expect(made.grow(stroke(1, 7, [0.2, 0.2]))).toBe(false);
    expect(lines()).toEqual([]);
    made.hear({ t: "MemberStroke", ...stroke(2, 7, [0.5, 0.5]) });
    expect(made.grow(stroke(1, 8, [0.3, 0.3]))).toBe(true);
    expect(lines()).toEqual([
      [0.5, 0.5],
      [0.3, 0.3],
    ]);
  });

  test("after a cut the host may tell everything again: nothing is doubled, nothing is lost", () => {
    const { made, lines } = marks();
    made.draw(stroke(1, 1, [0, 0, 0.1, 0.1]));
    made.draw(stroke(2, 1, [0.5, 0.5]));
    made.age();
    made.draw(stroke(1, 1, [0, 0]));
    made.draw(stroke(1, 1, [0.1, 0.1]));
    expect(lines()).toEqual([
      [0, 0, 0.1, 0.1],
      [0.5, 0.5],
    ]);
  });
});
