/**
 * The name beside a laser. An agent that draws on the customer's real screen (SPEC A2) writes it there as well, so that
 * it is part of the picture too: the one drawn here lies over it, as large at least, and is read once.
 */
import type { ScreenView } from "../../core/api";
import type { Region } from "../session/monitors";

/** How the agent writes it, pixels of the customer's screen: x11_overlay.py, which has to agree. */
const FROM_DOT_PX = 17;
const FONT_PX = 15;
const AROUND_X_PX = 12;
const HIGH_PX = 23;
const LONGEST_CHARS = 40;
/** Fonts of different systems are not as wide as one another. */
const SPARE_PX = 4;

const LEAST_FONT_PX = 11.5;
const LEAST_FROM_DOT_PX = 11;

/** Where the name stands, CSS pixels from the region's corner, and how large it is at least. */
export interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly fontPx: number;
}

/** A text's width in the agent's font, pixels. */
function measured(text: string): number {
  const context = document.createElement("canvas").getContext("2d");
  if (context === null) return 0;
  context.font = `${FONT_PX}px "DejaVu Sans", Verdana, sans-serif`;
  return context.measureText(text).width;
}

/** Beside the dot, on the side on which there is room on the customer's screen. */
function beside(at: number, long: number, screen: number): number {
  return at + FROM_DOT_PX + long <= screen ? at + FROM_DOT_PX : Math.max(0, at - FROM_DOT_PX - long);
}

/** The label of a dot at a place of the region (remote pixels). */
export function laserLabel(
  name: string,
  dot: { readonly x: number; readonly y: number },
  shown: { readonly screen: ScreenView; readonly region: Region; readonly scale: number },
  widthOf: (text: string) => number = measured,
): Label {
  const { screen, region, scale } = shown;
  const signs = Array.from(name);
  const text = signs.length <= LONGEST_CHARS ? name : `${signs.slice(0, LONGEST_CHARS - 1).join("")}…`;
  const width = widthOf(text) + AROUND_X_PX;
  const left = beside(dot.x + region.x, width, screen.width) - region.x;
  const top = beside(dot.y + region.y, HIGH_PX, screen.height) - region.y;
  return {
    text,
    // Where the picture is small the dot drawn here is larger than its own: the name keeps clear of it.
    x: left > dot.x ? Math.max(left * scale, dot.x * scale + LEAST_FROM_DOT_PX) : left * scale,
    y: top > dot.y ? Math.max(top * scale, dot.y * scale + LEAST_FROM_DOT_PX) : top * scale,
    width: (width + SPARE_PX) * scale,
    height: HIGH_PX * scale,
    fontPx: Math.max(LEAST_FONT_PX, FONT_PX * scale),
  };
}
