import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Touch } from "../../../src/features/input/touch";

const at = (clientX: number, clientY = 0) => ({ clientX, clientY });

function setUp() {
  const done: string[] = [];
  const touch = new Touch({
    move: ({ clientX }) => done.push(`move ${clientX}`),
    button: ({ clientX }, button, down) => done.push(`${down ? "+" : "-"}${button} ${clientX}`),
  });
  return { touch, done };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("a finger", () => {
  it("clicks where it came down, trembling or not", () => {
    const { touch, done } = setUp();
    touch.down(at(5));
    touch.move(at(9));
    expect(done).toEqual([]);
    touch.up(at(9));
    expect(done).toEqual(["+0 5", "-0 5"]);
    vi.advanceTimersByTime(1000);
    expect(done).toHaveLength(2);
  });

  it("clicks with the right button where it rests, and with no other when it goes", () => {
    const { touch, done } = setUp();
    touch.down(at(5));
    vi.advanceTimersByTime(600);
    touch.move(at(80));
    touch.up(at(80));
    expect(done).toEqual(["+2 5", "-2 5"]);
  });

  it("drags from where it came down, however long it then rests", () => {
    const { touch, done } = setUp();
    touch.down(at(5));
    touch.move(at(30));
    vi.advanceTimersByTime(600);
    touch.up(at(60));
    expect(done).toEqual(["+0 5", "move 30", "-0 60"]);
  });

  it("presses nothing after the focus or the right has gone", () => {
    const { touch, done } = setUp();
    touch.down(at(5));
    touch.forget();
    vi.advanceTimersByTime(600);
    touch.up(at(5));
    expect(done).toEqual([]);
  });
});
