import { describe, expect, it } from "vitest";

import { type Label, laserLabel } from "../../../src/features/marks/label";

const SCREEN = { width: 1280, height: 800, monitors: [] };
const WHOLE = { monitor: 0, x: 0, y: 0, width: 1280, height: 800 };
const RIGHT = { monitor: 2, x: 640, y: 0, width: 640, height: 800 };
/** As wide as the agent's font at 15 pixels is, about. */
const widthOf = (text: string): number => 9 * text.length;
const NAME = "Ainhoa Larrañaga";

/** What the agent draws on the customer's screen (x11_overlay.py), in CSS pixels of the region. */
function drawn(dot: { x: number; y: number }, region: typeof WHOLE, scale: number) {
  const [wide, high, off] = [widthOf(NAME) + 12, 22, 17];
  const [x, y] = [dot.x + region.x, dot.y + region.y];
  const left = (x + off + wide <= SCREEN.width ? x + off : x - off - wide) - region.x;
  const top = (y + off + high <= SCREEN.height ? y + off : y - off - high) - region.y;
  return { left: left * scale, top: top * scale, right: (left + wide) * scale, bottom: (top + high) * scale };
}

const covers = (label: Label, picture: ReturnType<typeof drawn>): boolean =>
  label.x <= picture.left + 0.01 &&
  label.y <= picture.top + 1.01 &&
  label.x + label.width >= picture.right &&
  label.y + label.height >= picture.bottom - 1.01;

describe("the name beside a laser (SPEC A2)", () => {
  const places = [
    { x: 300, y: 200 },
    { x: 630, y: 790 },
    { x: 5, y: 5 },
  ];

  it.each([1, 0.75, 2])("at scale %s lies over the one in the picture, wherever the dot is", (scale) => {
    for (const region of [WHOLE, RIGHT]) {
      for (const dot of places) {
        const label = laserLabel(NAME, dot, { screen: SCREEN, region, scale }, widthOf);
        expect([dot, region.monitor, covers(label, drawn(dot, region, scale))]).toEqual([
          dot,
          region.monitor,
          true,
        ]);
      }
    }
  });

  it("can be read in a small picture, and keeps clear of the dot", () => {
    const shown = { screen: SCREEN, region: WHOLE, scale: 0.2 };
    const label = laserLabel(NAME, { x: 300, y: 200 }, shown, widthOf);
    expect(label.fontPx).toBeGreaterThan(11);
    expect(label.x).toBeGreaterThanOrEqual(300 * 0.2 + 11);
  });

  it("is cut where the agent cuts it", () => {
    const shown = { screen: SCREEN, region: WHOLE, scale: 1 };
    expect(laserLabel("W".repeat(41), { x: 0, y: 0 }, shown, widthOf).text).toBe(`${"W".repeat(39)}…`);
  });
});
