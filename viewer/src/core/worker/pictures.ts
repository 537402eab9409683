/** The browser's own decoders, told to leave colours alone, as lossless has to stay so; and zstd in WebAssembly. */
import { CodecId } from "../../protocol/generated";
import type { Codecs } from "../display/decode";
import { Still, StillStream } from "../display/still";
import { BrowserVideo, decodableVideo } from "../display/video";

/** One worker has one session, and one session one stream; compiled while the socket opens. */
const STILL = compiled(new URL("../../../wasm/build/screen.wasm", import.meta.url));
const DECODABLE = decodable();

async function compiled(address: URL): Promise<StillStream | null> {
  try {
    return await StillStream.start(await WebAssembly.compileStreaming(fetch(address)));
  } catch {
    // A browser or a policy without WebAssembly: the host sends deflate instead.
    return null;
  }
}

async function decodable(): Promise<readonly CodecId[]> {
  const [still, video] = await Promise.all([STILL, decodableVideo()]);
  return still === null ? video : [CodecId.ZSTD_STREAM_BGRX, ...video];
}

/**
 * A photograph goes to the decoder as it is, where this browser lets it; by way of a blob, which the browser's main process
 * keeps, takes twice as long. What is lossless goes that way all the same: it comes back bit by bit.
 */
async function decodePicture(data: Uint8Array<ArrayBuffer>, type: string): Promise<ImageBitmap | VideoFrame> {
  if (type !== "image/jpeg" || typeof ImageDecoder === "undefined") {
    const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" } as const;
    return createImageBitmap(new Blob([data], { type }), options);
  }
  const decoder = new ImageDecoder({ data, type, colorSpaceConversion: "none" });
  try {
    return (await decoder.decode()).image;
  } finally {
    decoder.close();
  }
}

export const BROWSER_CODECS: Codecs = {
  still: new Still(STILL),
  decodable: () => DECODABLE,
  video: new BrowserVideo(),
  decodePicture,
  encodePng: async (rgba, width, height) => {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("no 2D canvas for a cursor");
    context.putImageData(new ImageData(rgba, width, height), 0, 0);
    return canvas.convertToBlob({ type: "image/png" });
  },
};
