/**
 * Draws on the canvas that is attached, and on one of its own while none is: no frame is lost between the first
 * picture and the page that shows it.
 *
 * Where a graphics processor starts anew, a canvas comes back empty. Nobody else has the picture, so it is told.
 */
import type { Drawing, DrawOp } from "./ops";

// Opaque, so that nothing is blended; sRGB is what the wire's bytes are.
const SETTINGS: CanvasRenderingContext2DSettings = { alpha: false, colorSpace: "srgb" };

export class Painter {
  private canvas: HTMLCanvasElement | null = null;
  /** What is copied goes through here: a canvas that is its own source is copied whole, which takes five times as long. */
  private between: CanvasRenderingContext2D | null = null;
  /** Told when what was drawn is gone. */
  onBlank: () => void = () => undefined;

  /** `spare` makes the canvas that holds the picture while no other does. */
  constructor(private readonly spare: () => HTMLCanvasElement) {}

  /** Draw here from now on; the picture so far is taken along. The answer detaches the canvas. */
  attach(canvas: HTMLCanvasElement): () => void {
    this.moveTo(canvas);
    return () => {
      if (this.canvas === canvas) this.moveTo(this.spare());
    };
  }

  /** Draw one frame; its bitmaps are used up. */
  draw({ width, height, ops, pixels }: Drawing): void {
    const canvas = (this.canvas ??= this.watched(this.spare()));
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const context = contextOf(canvas);
    for (const op of ops) {
      if (op.k === "copy") this.move(context, op);
      else apply(context, op, pixels);
    }
  }

  /** As if through a buffer, so overlaps come out right (SPEC F7). */
  private move(context: CanvasRenderingContext2D, op: Extract<DrawOp, { k: "copy" }>): void {
    const { x, y, width, height, fromX, fromY } = op;
    if (width === 0 || height === 0) return;
    const between = (this.between ??= contextOf(this.watched(this.spare())));
    // Giving a canvas a size clears it, so it only grows.
    if (between.canvas.width < width) between.canvas.width = width;
    if (between.canvas.height < height) between.canvas.height = height;
    between.imageSmoothingEnabled = false;
    between.drawImage(context.canvas, fromX, fromY, width, height, 0, 0, width, height);
    context.drawImage(between.canvas, 0, 0, width, height, x, y, width, height);
  }

  /** Forget the picture, as before a new session. */
  clear(): void {
    if (this.canvas === null) return;
    contextOf(this.canvas).clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  private watched(canvas: HTMLCanvasElement): HTMLCanvasElement {
    canvas.addEventListener("contextrestored", this.restored);
    return canvas;
  }

  /** Also after the canvas for copies: what was copied while it was away is empty. */
  private readonly restored = ({ currentTarget }: Event): void => {
    if (currentTarget === this.canvas || currentTarget === this.between?.canvas) this.onBlank();
  };

  private moveTo(canvas: HTMLCanvasElement): void {
    const before = this.canvas;
    this.canvas = this.watched(canvas);
    if (before === null || before === canvas) return;
    canvas.width = before.width;
    canvas.height = before.height;
    if (before.width > 0 && before.height > 0) contextOf(canvas).drawImage(before, 0, 0);
  }
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d", SETTINGS);
  if (context === null) throw new Error("this browser gives no 2D canvas");
  context.imageSmoothingEnabled = false;
  return context;
}

function apply(
  context: CanvasRenderingContext2D,
  op: Exclude<DrawOp, { k: "copy" }>,
  pixels: Uint8ClampedArray<ArrayBuffer>,
): void {
  const { x, y, width, height } = op;
  switch (op.k) {
    case "pixels": {
      const rows = pixels.subarray(op.offset, op.offset + width * height * 4);
      context.putImageData(new ImageData(rows, width, height), x, y);
      return;
    }
    case "bitmap":
      context.drawImage(op.bitmap, x, y, width, height);
      op.bitmap.close();
  }
}
