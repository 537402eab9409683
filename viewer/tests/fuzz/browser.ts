/** What a browser has and Node has not: video whose chunks say which picture comes of them, and pictures without pixels. */
import { inflateSync } from "node:zlib";

import type { Codecs } from "../../src/core/display/decode";
import { announcedSize } from "../../src/core/display/pictures";
import { Still, StillStream } from "../../src/core/display/still";
import { BrowserVideo } from "../../src/core/display/video";
import { CodecId } from "../../src/protocol/generated";
import { bytes, json } from "./files";

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

function picture(displayWidth: number, displayHeight: number): VideoFrame {
  return { displayWidth, displayHeight, close: () => undefined } as unknown as VideoFrame;
}

/** A chunk that begins a stream begins with 1; 9 breaks the decoder. The sides follow. */
class TellingDecoder {
  state = "unconfigured";

  constructor(private readonly init: VideoDecoderInit) {}

  static isConfigSupported(config: VideoDecoderConfig): Promise<VideoDecoderSupport> {
    return Promise.resolve({ supported: !config.codec.startsWith("av01"), config });
  }

  configure(): void {
    this.state = "configured";
  }

  decode(chunk: unknown): void {
    const { type, data } = chunk as Chunk;
    if (data[0] === 9 || (type === "key" && data[0] !== 1)) throw new Error("broken");
    this.init.output(picture(data[1] ?? 0, data[2] ?? 0));
  }

  close(): void {
    this.state = "closed";
  }
}

class PlainChunk implements Chunk {
  readonly type: string;
  readonly data: Uint8Array;

  constructor({ type, data }: Chunk) {
    this.type = type;
    this.data = data;
  }
}

/**
 * Inflates as the Compression Standard says: what follows a stream is an error. Node's own passes it over.
 *
 * All at once, when all of it is there: that memory stays bounded on the way is shown with the browsers' own.
 */
class StrictInflater {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;

  constructor() {
    const given: Uint8Array[] = [];
    const both = new TransformStream<Uint8Array, Uint8Array>({
      transform: (piece) => void given.push(piece),
      flush: (controller) => {
        const packed = Buffer.concat(given);
        const options = { info: true, maxOutputLength: MOST_INFLATED_BYTES };
        // With `info` the engine comes along, which the types do not know.
        const { buffer, engine } = inflateSync(packed, options) as unknown as Inflated;
        if (engine.bytesWritten < packed.length) throw new TypeError("something follows the stream");
        if (buffer.length > 0) controller.enqueue(new Uint8Array(buffer));
      },
    });
    this.readable = both.readable;
    this.writable = both.writable;
  }
}

interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

const MOST_INFLATED_BYTES = 64 * 2 ** 20;

/** Let this process decode video, and inflate, as a browser does. */
export function installBrowser(): void {
  Object.assign(globalThis, {
    VideoDecoder: TellingDecoder,
    EncodedVideoChunk: PlainChunk,
    DecompressionStream: StrictInflater,
  });
}

const MODULE = "viewer/wasm/build/screen.wasm";
let compiled: WebAssembly.Module | null = null;

/** The real decoder of the zstd stream, begun anew. */
export function stillStream(): Promise<StillStream> {
  compiled ??= new WebAssembly.Module(bytes(MODULE));
  return StillStream.start(compiled);
}

/** A viewer's decoders, new; what a cursor's PNG would be made of is shown to `shape`. */
export function codecsOf(stream: StillStream, shape: (rgba: Uint8ClampedArray) => void): Codecs {
  return {
    decodePicture: (data, type) => {
      const codec = { "image/png": CodecId.PNG, "image/jpeg": CodecId.JPEG }[type] ?? CodecId.WEBP;
      const size = announcedSize(codec, data);
      return Promise.resolve(picture(size?.width ?? 0, size?.height ?? 0));
    },
    encodePng: (rgba) => {
      shape(rgba);
      return Promise.resolve(new Blob([]));
    },
    video: new BrowserVideo(),
    still: new Still(Promise.resolve(stream)),
    decodable: () => Promise.resolve([]),
  };
}

/** The seeds of the codecs' targets. */
export function pictures(): unknown {
  return json("tests/fuzz/pictures.json");
}
