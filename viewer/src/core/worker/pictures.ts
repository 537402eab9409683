/** The browser's own decoders, told to leave colours alone: lossless has to stay so. */
import type { Codecs } from "../display/decode";
import { BrowserVideo } from "../display/video";

export const BROWSER_CODECS: Codecs = {
  // One worker has one session, and one session one stream.
  video: new BrowserVideo(),
  decodePicture: (data) =>
    createImageBitmap(data, { colorSpaceConversion: "none", premultiplyAlpha: "none" }),
  encodePng: async (rgba, width, height) => {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("no 2D canvas for a cursor");
    context.putImageData(new ImageData(rgba, width, height), 0, 0);
    return canvas.convertToBlob({ type: "image/png" });
  },
};
