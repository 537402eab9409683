/** The browser's own decoders, told to leave colours alone: lossless has to stay so. */
import type { Codecs } from "../display/decode";

export const BROWSER_CODECS: Codecs = {
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
