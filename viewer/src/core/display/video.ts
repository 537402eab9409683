/** Video inside the frame container: chunks in, pictures out, in order and one for one (SPEC D4, F4, F5, F9). */
import { MalformedError, ProtocolError } from "../../protocol/errors";
import { CodecId } from "../../protocol/generated";
import type { Rectangle } from "../../protocol/frame";
import { isSampleRight, SAMPLE_PX, sampleOf } from "./colours";
import { announcedVideoSize } from "./pictures";

/** One chunk as a frame carries it: a piece of the stream of that number, which shows this rectangle. */
export interface VideoChunk extends Rectangle {
  readonly codec: CodecId;
  readonly stream: number;
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** Decodes the one video stream that a session has at a time. */
export interface VideoDecoding {
  /** A keyframe has come: the next chunk begins a stream, whatever its number. */
  readonly begin: () => void;
  /**
   * The picture of a chunk; the first one of a stream begins it.
   *
   * @throws ProtocolError `unsupported_version` for a codec that this browser does not decode
   * @throws MalformedError a stream that changes its rectangle or codec, a picture of another size than its rectangle
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
/** What else this browser decodes waits for this answer, and with it the first picture. */
const SAMPLE_DEADLINE_MS = 1500;

interface Waiting {
  readonly resolve: (frame: VideoFrame) => void;
  readonly reject: (error: Error) => void;
}

/** The codecs of the wire that this browser decodes, and shows in their colours. */
export async function decodableVideo(): Promise<readonly CodecId[]> {
  if (typeof VideoDecoder === "undefined") return [];
  const known = Object.keys(NAMES).map((id) => Number(id) as CodecId);
  const answers = await Promise.all(known.map((codec) => isShown(codec).catch(() => false)));
  return known.filter((_, i) => answers[i]);
}

async function isShown(codec: CodecId): Promise<boolean> {
  if (!(await isSupported(configOf(codec)))) return false;
  const payload = sampleOf(codec);
  if (payload === null) return true;
  const video = new BrowserVideo(SAMPLE_DEADLINE_MS);
  try {
    const box = { x: 0, y: 0, width: SAMPLE_PX, height: SAMPLE_PX };
    const picture = await video.decode({ ...box, codec, stream: 1, payload });
    const right = isSampleRight(picture);
    picture.close();
    return right;
  } finally {
    video.close();
  }
}

/** Said here, as browsers go by this alone and take what is not said for limited range (SPEC D4). */
const COLOURS: VideoColorSpaceInit = {
  primaries: "bt709",
  transfer: "iec61966-2-1",
  matrix: "bt709",
  fullRange: true,
};

function configOf(codec: CodecId): VideoDecoderConfig {
  // A picture for each chunk at once, instead of some chunks later.
  return { codec: NAMES[codec] ?? "", optimizeForLatency: true, colorSpace: COLOURS };
}

function sameStream(one: VideoChunk, other: VideoChunk): boolean {
  const sameBox =
    one.x === other.x && one.y === other.y && one.width === other.width && one.height === other.height;
  return sameBox && one.codec === other.codec;
}

/** A few octets that speak of a huge picture would have the decoder make room for it. */
function checkSize({ codec, width, height, payload }: VideoChunk): void {
  const announced = announcedVideoSize(codec, payload);
  if (announced !== null && (announced.width !== width || announced.height !== height)) {
    throw new MalformedError(`video of ${announced.width}x${announced.height} for ${width}x${height}`);
  }
}

/** The browser's own decoder. */
export class BrowserVideo implements VideoDecoding {
  private decoder: VideoDecoder | null = null;
  private codec: CodecId = CodecId.NONE;
  private count = 0;
  private waiting: Waiting | null = null;
  /** The first chunk of the stream that lasts; `null` where the next chunk begins one. */
  private first: VideoChunk | null = null;

  constructor(private readonly deadlineMs = PICTURE_DEADLINE_MS) {}

  begin(): void {
    this.first = null;
  }

  async decode(chunk: VideoChunk): Promise<VideoFrame> {
    const begins = this.first?.stream !== chunk.stream;
    if (begins) {
      await this.restart(chunk.codec);
      // Without its bytes: it is kept as long as the stream lasts.
      this.first = { ...chunk, payload: new Uint8Array() };
    } else if (this.first === null || !sameStream(this.first, chunk)) {
      throw new MalformedError("a piece of video for another rectangle than its stream's");
    }
    checkSize(chunk);
    const { decoder } = this;
    if (decoder?.state !== "configured") throw new PictureLostError("a piece of video without its beginning");
    const frame = await this.run(decoder, chunk, begins);
    if (frame.displayWidth === chunk.width && frame.displayHeight === chunk.height) return frame;
    const got = `${frame.displayWidth}x${frame.displayHeight}`;
    frame.close();
    throw new MalformedError(`a video picture of ${got} for ${chunk.width}x${chunk.height}`);
  }

  /** Decode one chunk; nobody waits for two at once, so what comes out belongs to it. */
  private async run(decoder: VideoDecoder, { payload }: VideoChunk, key: boolean): Promise<VideoFrame> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      return await new Promise<VideoFrame>((resolve, reject) => {
        this.waiting = { resolve, reject };
        const late = new PictureLostError("a piece of video without a picture");
        timer = setTimeout(() => reject(late), this.deadlineMs);
        this.count += 1;
        const type = key ? "key" : "delta";
        decoder.decode(new EncodedVideoChunk({ type, timestamp: this.count, data: payload }));
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
    const config = configOf(codec);
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

  /** Give the decoder back; the next chunk begins a stream. */
  close(): void {
    if (this.decoder !== null && this.decoder.state !== "closed") this.decoder.close();
    this.decoder = null;
    this.first = null;
    this.codec = CodecId.NONE;
  }
}

async function isSupported(config: VideoDecoderConfig): Promise<boolean> {
  const { supported } = await VideoDecoder.isConfigSupported(config);
  return supported === true;
}
