/** The video encoder: whole screens in, chunks of the wire out, in order (SPEC F4, F5, F9). */
import type { Bytes } from "../../../crypto/bytes";
import type { Size } from "../../../protocol/frame";
import { CodecId } from "../../../protocol/generated";

/** One encoded picture. */
export interface Chunk {
  readonly codec: CodecId;
  readonly key: boolean;
  readonly data: Bytes;
}

/**
 * By preference, whatever viewers name (SPEC D5): VP9 and VP8 are decoded by every browser that Relevo supports, whatever
 * its maker licences; the others are the last resort of a browser that encodes neither.
 */
const CODECS = [
  { id: CodecId.VP9, name: "vp09.00.50.08" },
  { id: CodecId.VP8, name: "vp8" },
  { id: CodecId.AV1, name: "av01.0.12M.08" },
  { id: CodecId.H264, name: "avc1.42e032" },
] as const;

// A picture that was asked for and does not come was dropped by the encoder to keep its rate.
const DROPPED_AFTER_MS = 400;

interface Chosen {
  readonly id: CodecId;
  readonly config: VideoEncoderConfig;
}

function configOf(name: string, size: Size, bitrate: number): VideoEncoderConfig {
  const config: VideoEncoderConfig = {
    codec: name,
    ...size,
    bitrate,
    bitrateMode: "variable",
    framerate: 30,
    latencyMode: "realtime",
  };
  return name.startsWith("avc1") ? { ...config, avc: { format: "annexb" } } : config;
}

async function choose(size: Size, bitrate: number): Promise<Chosen | null> {
  if (typeof VideoEncoder === "undefined") return null;
  for (const { id, name } of CODECS) {
    const config = configOf(name, size, bitrate);
    const { supported } = await VideoEncoder.isConfigSupported(config);
    if (supported === true) return { id, config };
  }
  return null;
}

/** Thrown where this browser encodes none of the wire's codecs at this size. */
export class NoEncoderError extends Error {}

export class Film {
  private waiting: (() => void) | null = null;
  private failure: Error | null = null;
  private underway = 0;

  private constructor(
    private readonly encoder: VideoEncoder,
    private chosen: Chosen,
  ) {}

  /** Start an encoder; chunks come by `take`, in the order of the pictures. @throws NoEncoderError */
  static async start(size: Size, bitrate: number, take: (chunk: Chunk) => void): Promise<Film> {
    const chosen = await choose(size, bitrate);
    if (chosen === null) throw new NoEncoderError(`no video encoder for ${size.width}x${size.height}`);
    const made: { film: Film | null } = { film: null };
    const encoder = new VideoEncoder({
      output: (chunk) => {
        const data = new Uint8Array(chunk.byteLength);
        chunk.copyTo(data);
        take({ codec: chosen.id, key: chunk.type === "key", data });
        made.film?.came();
      },
      error: (error) => made.film?.fail(error),
    });
    encoder.configure(chosen.config);
    made.film = new Film(encoder, chosen);
    return made.film;
  }

  /** The encoder has given up; a new one has to be started. */
  get isBroken(): boolean {
    return this.failure !== null || this.encoder.state !== "configured";
  }

  /** Encode one picture, which is used up; settles when its chunk is out, or was dropped. */
  async encode(picture: VideoFrame, key: boolean): Promise<void> {
    const out = new Promise<void>((resolve) => {
      this.waiting = resolve;
      setTimeout(resolve, DROPPED_AFTER_MS);
    });
    this.underway += 1;
    try {
      this.encoder.encode(picture, { keyFrame: key });
    } finally {
      picture.close();
    }
    await out;
  }

  /** Settles when nothing is on its way any more: a late chunk would paint the past over the present. */
  async drain(): Promise<void> {
    if (this.underway > 0 && !this.isBroken) await this.encoder.flush();
    this.underway = 0;
  }

  /** Another rate from the next picture on. */
  rate(bitrate: number): void {
    if (this.isBroken || bitrate === this.chosen.config.bitrate) return;
    this.chosen = { ...this.chosen, config: { ...this.chosen.config, bitrate } };
    this.encoder.configure(this.chosen.config);
  }

  close(): void {
    this.settle();
    if (this.encoder.state !== "closed") this.encoder.close();
  }

  private came(): void {
    this.underway = Math.max(0, this.underway - 1);
    this.settle();
  }

  private settle(): void {
    this.waiting?.();
    this.waiting = null;
  }

  private fail(error: Error): void {
    this.failure = error;
    this.settle();
  }
}
