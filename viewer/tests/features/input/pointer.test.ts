import { describe, expect, it } from "vitest";

import type { Outgoing } from "../../../src/core/api";
import { placeAt } from "../../../src/features/input/geometry";
import { Pointer } from "../../../src/features/input/pointer";

const SCREEN = { monitor: 0, width: 1000, height: 500 };
const BOX = { left: 10, top: 20, width: 500, height: 250 };

function setUp(allowed = { now: true }) {
  const sent: Outgoing[] = [];
  let frame: (() => void) | null = null;
  const pointer = new Pointer({
    send: (message) => sent.push(message),
    mayPoint: () => allowed.now,
    place: (point) => placeAt(point, BOX, SCREEN),
    onNextFrame: (callback) => {
      frame = callback;
      return () => (frame = null);
    },
  });
  return { pointer, sent, kinds: () => sent.map((message) => message.t), nextFrame: () => frame?.() };
}

const at = (x: number, y: number) => ({ clientX: x, clientY: y });
const turn = (deltaY: number, deltaMode = 0) => ({
  ...at(10, 20),
  deltaX: 0,
  deltaY,
  deltaMode,
  shiftKey: false,
});

describe("place", () => {
  it("hits the same pixel at every scale", () => {
    for (const scale of [0.37, 0.5, 0.8, 1, 1.25, 1.333, 2]) {
      const box = { left: 3.3, top: 7.7, width: SCREEN.width * scale, height: SCREEN.height * scale };
      for (const pixel of [0, 1, 250, 499]) {
        const middle = at(box.left + (pixel + 0.5) * scale, box.top + (pixel + 0.5) * scale);
        const place = placeAt(middle, box, SCREEN);
        expect(place).toEqual({ monitor: 0, x: (pixel + 0.5) / 1000, y: (pixel + 0.5) / 500 });
      }
    }
  });

  it("clamps to the edge pixels", () => {
    expect(placeAt(at(-50, 9999), BOX, SCREEN)).toEqual({ monitor: 0, x: 0.5 / 1000, y: 499.5 / 500 });
    expect(placeAt(at(510, 270), BOX, SCREEN)).toEqual({ monitor: 0, x: 999.5 / 1000, y: 499.5 / 500 });
  });

  it("has no place without a picture", () => {
    expect(placeAt(at(0, 0), { ...BOX, width: 0 }, SCREEN)).toBeNull();
    expect(placeAt(at(0, 0), BOX, { monitor: 0, width: 0, height: 0 })).toBeNull();
  });
});

describe("pointer", () => {
  it("sends one move a frame, the newest", () => {
    const { pointer, sent, nextFrame } = setUp();
    pointer.move(at(11, 21));
    pointer.move(at(60, 70));
    expect(sent).toEqual([]);
    nextFrame();
    expect(sent).toEqual([{ t: "PointerMove", monitor: 0, x: 100.5 / 1000, y: 100.5 / 500 }]);
  });

  it("sends the waiting move before a button", () => {
    const { pointer, kinds, nextFrame } = setUp();
    pointer.move(at(60, 70));
    pointer.button(at(61, 70), 0, true);
    nextFrame();
    expect(kinds()).toEqual(["PointerMove", "PointerButton"]);
  });

  it("counts a button once, however often it is reported", () => {
    const { pointer, kinds } = setUp();
    pointer.button(at(60, 70), 0, true);
    pointer.buttons(at(60, 70), 1);
    pointer.button(at(60, 70), 0, true);
    pointer.button(at(60, 70), 0, false);
    pointer.button(at(60, 70), 0, false);
    expect(kinds()).toEqual(["PointerButton", "PointerButton"]);
  });

  it("reads the further buttons from the bits", () => {
    const { pointer, sent } = setUp();
    pointer.buttons(at(60, 70), 0b11111);
    expect(sent.map((message) => (message.t === "PointerButton" ? message.button : -1))).toEqual([
      0, 2, 1, 3, 4,
    ]);
  });

  it("releases buttons where they were when the browser takes the pointer away", () => {
    const { pointer, sent } = setUp();
    pointer.button(at(60, 70), 2, true);
    pointer.cancel();
    expect(sent[1]).toEqual({
      t: "PointerButton",
      monitor: 0,
      x: 100.5 / 1000,
      y: 100.5 / 500,
      button: 2,
      down: false,
    });
  });

  it("sends nothing without the right", () => {
    const { pointer, sent, nextFrame } = setUp({ now: false });
    pointer.move(at(60, 70));
    nextFrame();
    pointer.button(at(60, 70), 0, true);
    pointer.wheel(turn(100));
    expect(sent).toEqual([]);
  });

  it("forgets what waits", () => {
    const { pointer, sent, nextFrame } = setUp();
    pointer.move(at(60, 70));
    pointer.forget();
    nextFrame();
    pointer.flush();
    expect(sent).toEqual([]);
  });
});

describe("wheel", () => {
  const notches = (events: readonly ReturnType<typeof turn>[]): readonly number[] => {
    const { pointer, sent } = setUp();
    for (const event of events) pointer.wheel(event);
    return sent.map((message) => (message.t === "PointerWheel" ? message.dy : Number.NaN));
  };

  it.each([
    ["100 pixels", turn(100)],
    ["120 pixels", turn(120)],
    ["3 lines", turn(3, 1)],
  ])("counts %s as a notch", (_name, event) => {
    expect(notches([event, event, event])).toEqual([1, 1, 1]);
  });

  it("collects the fractions of a touchpad", () => {
    expect(notches(Array.from({ length: 50 }, () => turn(10)))).toEqual([1, 1, 1, 1, 1]);
  });

  it("drops what was left when the direction turns", () => {
    expect(notches([turn(40), turn(-100)])).toEqual([-1]);
  });

  it("stays within the wire's bound", () => {
    expect(notches([turn(1e9)])).toEqual([50]);
  });
});
