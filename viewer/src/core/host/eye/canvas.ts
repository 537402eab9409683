/** The picture as pixels: a canvas into which each captured frame is drawn, at the size at which it goes out. */
import type { Size } from "../../../protocol/frame";
import { fit } from "./size";
import type { Pixels } from "./tiles";

export class Sheet {
  readonly size: Size;
  private readonly canvas: OffscreenCanvas;
  private readonly context: OffscreenCanvasRenderingContext2D;

  constructor(private readonly source: Size) {
    this.size = fit(source).size;
    this.canvas = new OffscreenCanvas(this.size.width, this.size.height);
    // Read back at every picture, so it should live where it is read.
    const context = this.canvas.getContext("2d", {
      alpha: false,
      colorSpace: "srgb",
      willReadFrequently: true,
    });
    if (context === null) throw new Error("this browser gives no 2D canvas in a worker");
    this.context = context;
  }

  /** Tell whether this sheet is for frames of that size. */
  fits({ displayWidth, displayHeight }: VideoFrame): boolean {
    return displayWidth === this.source.width && displayHeight === this.source.height;
  }

  /** Draw a frame and read it back. */
  draw(frame: VideoFrame): Pixels {
    const { source, size } = fit(this.source);
    const { x, y, width, height } = source;
    this.context.imageSmoothingEnabled = width !== size.width;
    this.context.imageSmoothingQuality = "high";
    this.context.drawImage(frame, x, y, width, height, 0, 0, size.width, size.height);
    const { data } = this.context.getImageData(0, 0, size.width, size.height);
    return new Uint32Array(data.buffer);
  }

  /** What was drawn last, for the encoder. */
  picture(timestamp: number): VideoFrame {
    return new VideoFrame(this.canvas, { timestamp, alpha: "discard" });
  }
}
