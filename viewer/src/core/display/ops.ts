/** What the main thread draws: plain values and transferable buffers. */
import type { Rectangle } from "../../protocol/frame";

export type DrawOp =
  /** RGBA rows at `offset` in the frame's `pixels`. */
  | (Rectangle & { readonly k: "pixels"; readonly offset: number })
  | (Rectangle & { readonly k: "bitmap"; readonly bitmap: ImageBitmap | VideoFrame })
  /** As if copied through a buffer (SPEC F7). */
  | (Rectangle & { readonly k: "copy"; readonly fromX: number; readonly fromY: number });

/** A new cursor; `image` is a PNG, `null` hides the cursor. */
export interface CursorShape {
  readonly image: Blob | null;
  readonly hotX: number;
  readonly hotY: number;
}

/** A decoded frame: the operations in order, and one buffer for all their pixels, which may be longer than they are. */
export interface Drawing {
  readonly frameId: number;
  readonly width: number;
  readonly height: number;
  readonly ops: readonly DrawOp[];
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  readonly cursor: CursorShape | null;
  readonly cursorAt: { readonly x: number; readonly y: number } | null;
}

/** What of a drawing is handed over instead of copied. */
export function transferables({ ops, pixels }: Drawing): Transferable[] {
  const bitmaps = ops.flatMap((op) => (op.k === "bitmap" ? [op.bitmap] : []));
  return pixels.length > 0 ? [pixels.buffer, ...bitmaps] : bitmaps;
}
