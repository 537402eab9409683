/** Video inside the frame container: chunks in, pictures out, in order and one for one (SPEC F4, F5, F9). */
import { MalformedError, ProtocolError } from "../../protocol/errors";
import { CodecId } from "../../protocol/generated";
import type { Size } from "../../protocol/frame";

/** One chunk as a frame carries it. */
export interface VideoChunk extends Size {
  readonly codec: CodecId;
  readonly key: boolean;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Decodes the one video stream of a session. */
export interface VideoDecoding {
  /**
   * The picture of a chunk; a keyframe starts the stream anew.
   *
   * @throws ProtocolError `unsupported_version` for a codec that this browser does not decode
   * @throws MalformedError a picture of another size than the chunk's rectangle
   * @throws PictureLostError the stream cannot go on without a keyframe
   */
  readonly decode: (chunk: VideoChunk) => Promise<VideoFrame>;
}

/** The decoder cannot go on: a keyframe heals it, so the session need not end. */
export class PictureLostError extends Error {}

/** Highest levels, so that every size within the wire's bounds may come. */
const NAMES: Readonly<Partial<Record<CodecId, string>>> = {
  [CodecId.VP8]: "vp8",
  [CodecId.VP9]: "vp09.00.61.08",
  [CodecId.AV1]: "av01.0.16M.08",
  [CodecId.H264]: "avc1.42e034",
};
const PICTURE_DEADLINE_MS = 4000;

interface Waiting {
  readonly resolve: (frame: VideoFrame) => void;
  readonly reject: (error: Error) => void;
}

/** The browser's own decoder. */
export class BrowserVideo implements VideoDecoding {
  private decoder: VideoDecoder | null = null;
  private codec: CodecId = CodecId.NONE;
  private count = 0;
  private waiting: Waiting | null = null;

  async decode(chunk: VideoChunk): Promise<VideoFrame> {
    if (chunk.key) await this.restart(chunk.codec);
    const { decoder } = this;
    if (decoder?.state !== "configured" || chunk.codec !== this.codec) {
      throw new PictureLostError("a piece of video without its beginning");
    }
    const frame = await this.run(decoder, chunk);
    if (frame.displayWidth === chunk.width && frame.displayHeight === chunk.height) return frame;
    const got = `${frame.displayWidth}x${frame.displayHeight}`;
    frame.close();
    throw new MalformedError(`a video picture of ${got} for ${chunk.width}x${chunk.height}`);
  }

  /** Decode one chunk; nobody waits for two at once, so what comes out belongs to it. */
  private async run(decoder: VideoDecoder, { key, data }: VideoChunk): Promise<VideoFrame> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      return await new Promise<VideoFrame>((resolve, reject) => {
        this.waiting = { resolve, reject };
        const late = new PictureLostError("a piece of video without a picture");
        timer = setTimeout(() => reject(late), PICTURE_DEADLINE_MS);
        this.count += 1;
        const type = key ? "key" : "delta";
        decoder.decode(new EncodedVideoChunk({ type, timestamp: this.count, data }));
      });
    } catch (error) {
      if (this.decoder === decoder) this.close();
      throw error instanceof PictureLostError ? error : new PictureLostError(String(error));
    } finally {
      clearTimeout(timer);
      this.waiting = null;
    }
  }

  private async restart(codec: CodecId): Promise<void> {
    if (codec === this.codec && this.decoder?.state === "configured") return;
    this.close();
    const config: VideoDecoderConfig = { codec: NAMES[codec] ?? "", optimizeForLatency: true };
    if (typeof VideoDecoder === "undefined" || !(await isSupported(config))) {
      throw new ProtocolError(`video of codec ${codec} is not for this browser`, "unsupported_version");
    }
    const decoder = new VideoDecoder({
      output: (frame) => {
        const { waiting } = this;
        this.waiting = null;
        if (waiting === null || this.decoder !== decoder) frame.close();
        else waiting.resolve(frame);
      },
      error: (error) => this.waiting?.reject(error),
    });
    decoder.configure(config);
    this.decoder = decoder;
    this.codec = codec;
  }

  private close(): void {
    if (this.decoder !== null && this.decoder.state !== "closed") this.decoder.close();
    this.decoder = null;
    this.codec = CodecId.NONE;
  }
}

async function isSupported(config: VideoDecoderConfig): Promise<boolean> {
  const { supported } = await VideoDecoder.isConfigSupported(config);
  return supported === true;
}
