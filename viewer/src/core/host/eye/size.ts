/** The size at which a captured picture goes out: even sides, and never more than a full-HD screen's pixels. */
import type { Rectangle, Size } from "../../../protocol/frame";

const MOST_PIXELS = 1920 * 1200;
const LONGEST_SIDE_PX = 2560;
const LEAST_SIDE_PX = 16;

/** What of the source is shown, and how large. Where nothing has to shrink, pixels stay what they are. */
export interface Fit {
  readonly source: Rectangle;
  readonly size: Size;
}

function even(pixels: number): number {
  return Math.max(LEAST_SIDE_PX, 2 * Math.floor(pixels / 2));
}

/** Fit a source into the bounds; an odd last row or column is left out rather than everything blurred. */
export function fit({ width, height }: Size): Fit {
  const scale = Math.min(
    1,
    Math.sqrt(MOST_PIXELS / (width * height)),
    LONGEST_SIDE_PX / Math.max(width, height),
  );
  if (scale < 1) {
    const size = { width: even(width * scale), height: even(height * scale) };
    return { source: { x: 0, y: 0, width, height }, size };
  }
  const size = { width: even(width), height: even(height) };
  return { source: { x: 0, y: 0, ...size }, size };
}
