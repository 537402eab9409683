/** From a place on the page to a place on the remote screen. */
import type { Region } from "../session/monitors";

/** A box on the page, CSS pixels, any fraction. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A place on a monitor (0: the whole screen) as the wire has it: the middle of a pixel, 0..1 of each side. */
export interface Place {
  readonly monitor: number;
  readonly x: number;
  readonly y: number;
}

function fraction(offset: number, cssSize: number, pixels: number): number {
  const pixel = Math.floor((offset / cssSize) * pixels);
  return (Math.min(Math.max(pixel, 0), pixels - 1) + 0.5) / pixels;
}

/** The remote pixel under a point of the page; points outside clamp to the edge. `null` while there is no picture. */
export function placeAt(
  point: { readonly clientX: number; readonly clientY: number },
  box: Box,
  region: Pick<Region, "monitor" | "width" | "height">,
): Place | null {
  if (box.width <= 0 || box.height <= 0 || region.width <= 0 || region.height <= 0) return null;
  return {
    monitor: region.monitor,
    x: fraction(point.clientX - box.left, box.width, region.width),
    y: fraction(point.clientY - box.top, box.height, region.height),
  };
}
