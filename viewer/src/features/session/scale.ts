/** How large the remote screen is drawn. */

export type ScaleMode = "fit" | "actual";

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * CSS size of a screen.
 *
 * `fit` uses the room without changing the proportions; `actual` makes one remote pixel one pixel of this display,
 * whatever the page's zoom.
 */
export function cssSize(screen: Size, room: Size, mode: ScaleMode, devicePixelRatio: number): Size {
  const factor =
    mode === "actual"
      ? 1 / devicePixelRatio
      : Math.min(room.width / screen.width, room.height / screen.height);
  return { width: screen.width * factor, height: screen.height * factor };
}
