import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { announcedVideoSize } from "../../src/core/display/pictures";
import {
  BrowserVideo,
  decodableVideo,
  PictureLostError,
  type VideoChunk,
} from "../../src/core/display/video";
import { ProtocolError } from "../../src/protocol/errors";
import { CodecId } from "../../src/protocol/generated";
import { unhex } from "../support/vectors";

interface Given {
  readonly type: string;
  readonly data: Uint8Array;
}

/** Longer is a sample of a codec's colours. */
const SAMPLE_BYTES = 16;

/** A decoder that gives the picture whose sides stand in the chunk; a key chunk begins with 1, and 9 breaks it. */
class FakeDecoder {
  static made: FakeDecoder[] = [];
  static supported: (codec: string) => boolean = () => true;
  readonly given: Given[] = [];
  configs: VideoDecoderConfig[] = [];
  state = "unconfigured";
  private begun = false;

  constructor(private readonly init: VideoDecoderInit) {
    FakeDecoder.made.push(this);
  }

  static isConfigSupported(config: VideoDecoderConfig) {
    if (config.codec.startsWith("av01")) return Promise.reject(new TypeError("never heard of it"));
    return Promise.resolve({ supported: FakeDecoder.supported(config.codec), config });
  }

  configure(config: VideoDecoderConfig): void {
    this.configs.push(config);
    this.state = "configured";
  }

  decode(chunk: unknown): void {
    const { type, data } = chunk as Given;
    this.given.push({ type, data });
    if (data.length > SAMPLE_BYTES) {
      this.init.output(picture(16, 16) as unknown as VideoFrame);
      return;
    }
    if ((!this.begun && type !== "key") || (type === "key" && data[0] !== 1)) throw new Error("no key chunk");
    this.begun = true;
    if (data[0] === 9) this.init.error(new DOMException("broken", "EncodingError"));
    else this.init.output(picture(data[1] ?? 0, data[2] ?? 0) as unknown as VideoFrame);
  }

  close(): void {
    this.state = "closed";
  }
}

class FakeChunk implements Given {
  readonly type: string;
  readonly data: Uint8Array;

  constructor({ type, data }: Given) {
    this.type = type;
    this.data = data;
  }
}

const closed: string[] = [];

function picture(displayWidth: number, displayHeight: number) {
  return { displayWidth, displayHeight, close: () => void closed.push(`${displayWidth}x${displayHeight}`) };
}

function chunk(first: number, given: Partial<VideoChunk> = {}): VideoChunk {
  const box = { x: 2, y: 4, width: 8, height: 6 };
  return { ...box, codec: CodecId.VP9, stream: 7, payload: Uint8Array.of(first, 8, 6), ...given };
}

const types = () => FakeDecoder.made.flatMap(({ given }) => given.map(({ type }) => type));

beforeEach(() => {
  FakeDecoder.made = [];
  FakeDecoder.supported = () => true;
  closed.length = 0;
  vi.stubGlobal("VideoDecoder", FakeDecoder);
  vi.stubGlobal("EncodedVideoChunk", FakeChunk);
});

afterEach(() => vi.unstubAllGlobals());

describe("streams", () => {
  test("D4: the first chunk of a stream is a key chunk, the others are not", async () => {
    const video = new BrowserVideo();
    for (const first of [1, 0, 0])
      expect(await video.decode(chunk(first))).toMatchObject({ displayWidth: 8 });
    expect(types()).toEqual(["key", "delta", "delta"]);
    expect(FakeDecoder.made[0]?.configs).toMatchObject([
      { codec: "vp09.00.61.08", optimizeForLatency: true, colorSpace: { matrix: "bt709", fullRange: true } },
    ]);
  });

  test("D4: another number begins a stream, of another rectangle and codec", async () => {
    const video = new BrowserVideo();
    await video.decode(chunk(1));
    await video.decode(chunk(1, { stream: 8, width: 4, payload: Uint8Array.of(1, 4, 6) }));
    await video.decode(chunk(1, { stream: 9, codec: CodecId.VP8 }));
    expect(types()).toEqual(["key", "key", "key"]);
    expect(FakeDecoder.made.map(({ state }) => state)).toEqual(["closed", "configured"]);
  });

  test("D4: a keyframe ends the stream: the same number begins anew, as a browser's own stream 0 does", async () => {
    const video = new BrowserVideo();
    await video.decode(chunk(1, { stream: 0 }));
    await video.decode(chunk(0, { stream: 0 }));
    video.begin();
    await video.decode(chunk(1, { stream: 0, width: 10, payload: Uint8Array.of(1, 10, 6) }));
    expect(types()).toEqual(["key", "delta", "key"]);
  });

  test.each([
    ["place", { x: 3 }],
    ["size", { height: 8, payload: Uint8Array.of(0, 8, 8) }],
    ["codec", { codec: CodecId.VP8 }],
  ])("D4: a stream that changes its %s is malformed", async (_, given) => {
    const video = new BrowserVideo();
    await video.decode(chunk(1));
    await expect(video.decode(chunk(0, given))).rejects.toMatchObject({ code: "malformed" });
  });

  test.each([
    ["VP8", CodecId.VP8, "1002009d012a10001000", "1002009d012aff3fff3f"],
    ["VP9", CodecId.VP9, "824983425000f000f6", "824983425ffffffff6"],
  ] as const)(
    "D4: a key frame of %s that speaks of another size never reaches the decoder",
    async (_, codec, good, bomb) => {
      expect(announcedVideoSize(codec, unhex(good))).toEqual({ width: 16, height: 16 });
      const video = new BrowserVideo();
      await video.decode(chunk(1, { codec }));
      const later = chunk(0, { codec, payload: unhex(bomb) });
      await expect(video.decode(later)).rejects.toThrow(/video of \d{5}x\d{5} for 8x6/u);
      expect(types()).toEqual(["key"]);
      for (let length = 0; length < 9; length += 1) {
        expect(announcedVideoSize(codec, unhex(bomb).subarray(0, length))).toBeNull();
      }
    },
  );

  test("D4 F9: what does not decode is a missed frame, and so is all that follows up to a key chunk", async () => {
    const video = new BrowserVideo();
    await expect(video.decode(chunk(0))).rejects.toThrow(PictureLostError);
    await video.decode(chunk(1));
    await expect(video.decode(chunk(9))).rejects.toThrow(PictureLostError);
    await expect(video.decode(chunk(0))).rejects.toThrow(PictureLostError);
    video.begin();
    expect(await video.decode(chunk(1))).toMatchObject({ displayHeight: 6 });
  });

  test("F6: a picture of another size than its rectangle is malformed, and let go", async () => {
    const wrong = chunk(1, { payload: Uint8Array.of(1, 8, 7) });
    await expect(new BrowserVideo().decode(wrong)).rejects.toMatchObject({ code: "malformed" });
    expect(closed).toEqual(["8x7"]);
  });

  test("a chunk without a picture is given up after a while", async () => {
    vi.useFakeTimers();
    vi.spyOn(FakeDecoder.prototype, "decode").mockImplementationOnce(() => undefined);
    const lost = expect(new BrowserVideo().decode(chunk(1))).rejects.toThrow(PictureLostError);
    await vi.advanceTimersByTimeAsync(4000);
    await lost;
    vi.useRealTimers();
  });
});

/** Draws whatever it is given in one colour. */
function drawing(...colour: number[]) {
  return class {
    getContext() {
      return { drawImage: () => undefined, getImageData: () => ({ data: [...colour, 255] }) };
    }
  };
}

describe("what is decoded", () => {
  beforeEach(() => vi.stubGlobal("OffscreenCanvas", drawing(201, 59, 42)));

  test("D4: VP8 and VP9 are not asked for where they come out in other colours, and are tried with a key chunk", async () => {
    expect(await decodableVideo()).toEqual([CodecId.VP8, CodecId.VP9, CodecId.H264]);
    expect(types()).toEqual(["key", "key"]);
    expect(closed).toEqual(["16x16", "16x16"]);
    vi.stubGlobal("OffscreenCanvas", drawing(197, 36, 34));
    expect(await decodableVideo()).toEqual([CodecId.H264]);
    expect(FakeDecoder.made.map(({ state }) => state)).toEqual(Array(4).fill("closed"));
  });

  test("D4: a codec that gives no picture of the sample in time is not named", async () => {
    vi.useFakeTimers();
    vi.spyOn(FakeDecoder.prototype, "decode").mockImplementation(() => undefined);
    const named = decodableVideo();
    await vi.advanceTimersByTimeAsync(1500);
    expect(await named).toEqual([CodecId.H264]);
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  test("D5: each codec is asked about; a question that fails is a no", async () => {
    FakeDecoder.supported = (codec) => codec !== "vp8";
    expect(await decodableVideo()).toEqual([CodecId.VP9, CodecId.H264]);
  });

  test("D5: a browser without WebCodecs decodes none, and ends as unsupported_version", async () => {
    vi.stubGlobal("VideoDecoder", undefined);
    expect(await decodableVideo()).toEqual([]);
    const refused = new BrowserVideo().decode(chunk(1));
    await expect(refused).rejects.toBeInstanceOf(ProtocolError);
    await expect(refused).rejects.toMatchObject({ code: "unsupported_version" });
  });
});
