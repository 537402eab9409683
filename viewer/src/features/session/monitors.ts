/** Which part of the screen is looked at: all of it, or one monitor (SPEC I6). */
import type { ScreenView } from "../../core/api";

/** The whole screen in place of a monitor's id (SPEC I1). */
export const WHOLE_SCREEN = 0;

/** A part of the screen in remote pixels, and the id that positions in it are told with. */
export interface Region {
  readonly monitor: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function whole(screen: ScreenView): Region {
  return { monitor: WHOLE_SCREEN, x: 0, y: 0, width: screen.width, height: screen.height };
}

/**
 * The part that a choice means now. A monitor that is gone, or lies (partly) outside of the picture, means the whole
 * screen: fractions of it could not be told from fractions of what is seen.
 */
export function regionOf(screen: ScreenView, choice: number): Region {
  const monitor = screen.monitors.find((one) => one.id === choice);
  if (choice === WHOLE_SCREEN || monitor === undefined) return whole(screen);
  const { id, x, y, width, height } = monitor;
  const inside = x >= 0 && y >= 0 && x + width <= screen.width && y + height <= screen.height;
  return inside && width > 0 && height > 0 ? { monitor: id, x, y, width, height } : whole(screen);
}

/** A place on a monitor (0..1) in pixels of a region; `null` where that monitor is unknown. */
export function inRegion(
  place: { readonly monitor: number; readonly x: number; readonly y: number },
  region: Region,
  screen: ScreenView,
): { readonly x: number; readonly y: number } | null {
  const from = place.monitor === WHOLE_SCREEN ? whole(screen) : regionOf(screen, place.monitor);
  if (from.monitor !== place.monitor) return null;
  return { x: from.x + place.x * from.width - region.x, y: from.y + place.y * from.height - region.y };
}
