/**
 * Draws on the canvas that is attached, and on one of its own while none is: no frame is lost between the first
 * picture and the page that shows it.
 */
import type { Drawing, DrawOp } from "./ops";

// Opaque, so that nothing is blended; sRGB is what the wire's bytes are.
const SETTINGS: CanvasRenderingContext2DSettings = { alpha: false, colorSpace: "srgb" };

export class Painter {
  private canvas: HTMLCanvasElement | null = null;

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
    const canvas = (this.canvas ??= this.spare());
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const context = contextOf(canvas);
    for (const op of ops) apply(context, op, pixels);
  }

  /** Forget the picture, as before a new session. */
  clear(): void {
    if (this.canvas === null) return;
    contextOf(this.canvas).clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  private moveTo(canvas: HTMLCanvasElement): void {
    const before = this.canvas;
    this.canvas = canvas;
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

function apply(context: CanvasRenderingContext2D, op: DrawOp, pixels: Uint8ClampedArray<ArrayBuffer>): void {
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
      return;
    case "copy":
      // The canvas is its own source: the standard has it copied first, so overlaps come out right.
      if (width > 0 && height > 0) {
        context.drawImage(context.canvas, op.fromX, op.fromY, width, height, x, y, width, height);
      }
  }
}
