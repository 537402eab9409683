/** A canvas that comes back empty from a graphics processor that starts anew. */
import { expect, test } from "vitest";

import type { Drawing } from "../../src/core/display/ops";
import { Painter } from "../../src/core/display/painter";

/** What a painter touches of a canvas. */
class Canvas extends EventTarget {
  width = 1;
  height = 1;

  getContext(): unknown {
    return { canvas: this, drawImage: () => undefined };
  }
}

const asElement = (canvas: Canvas): HTMLCanvasElement => canvas as unknown as HTMLCanvasElement;
const restore = (canvas: Canvas): boolean => canvas.dispatchEvent(new Event("contextrestored"));

test("is told, whichever canvas holds the picture, and no longer by one that does not", () => {
  const spares: Canvas[] = [];
  const painter = new Painter(() => {
    const spare = new Canvas();
    spares.push(spare);
    return asElement(spare);
  });
  let blanks = 0;
  painter.onBlank = () => (blanks += 1);
  const copy = { k: "copy", x: 0, y: 0, width: 1, height: 1, fromX: 0, fromY: 0 } as const;
  const drawing: Drawing = {
    frameId: 1,
    width: 1,
    height: 1,
    ops: [copy],
    pixels: new Uint8ClampedArray(),
    cursor: null,
    cursorAt: null,
  };
  painter.draw(drawing);
  const [first, between] = spares;
  if (first === undefined || between === undefined) throw new Error("a canvas is missing");
  restore(first);
  restore(between);
  expect(blanks).toBe(2);
  const shown = new Canvas();
  const detach = painter.attach(asElement(shown));
  restore(first);
  expect(blanks).toBe(2);
  restore(shown);
  expect(blanks).toBe(3);
  detach();
  restore(shown);
  expect(blanks).toBe(3);
});
