import { describe, expect, test, vi } from "vitest";

import { Buffers } from "../../src/core/display/buffers";
import { type Codecs, decodeDrawing } from "../../src/core/display/decode";
import { inflate } from "../../src/core/display/inflate";
import { transferables } from "../../src/core/display/ops";
import { announcedSize } from "../../src/core/display/pictures";
import { concat, hex, randomBytes } from "../../src/crypto/bytes";
import { ProtocolError } from "../../src/protocol/errors";
import { decodeFrame, type Frame } from "../../src/protocol/frame";
import { CodecId, UpdateKind } from "../../src/protocol/generated";
import { unhex } from "../support/vectors";
import { container, deflated, filled, type MadeUpdate } from "./support/frames";
import { NO_PICTURES } from "./support/world";

const { LOSSLESS, LOSSY, COPY, VIDEO, CURSOR_SHAPE, CURSOR_POSITION } = UpdateKind;
const BOX = { x: 1, y: 0, width: 2, height: 1 };

const KEYFRAME = { frameId: 1, keyframe: true };

function decode(...updates: MadeUpdate[]) {
  return drawing(decodeFrame(container(4, 2, updates)), NO_PICTURES);
}

function drawing(frame: Frame, codecs: Codecs) {
  return decodeDrawing(KEYFRAME, frame, codecs, new Buffers());
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "ok";
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

/** A picture as the browser's decoder gives it, and whether it was let go. */
function bitmap(width: number, height: number): ImageBitmap & { closed: boolean } {
  const made = { width, height, closed: false, close: () => void (made.closed = true) };
  return made;
}

// As Python's Pillow writes them: 2x1 pixels.
const PNG = unhex("89504e470d0a1a0a0000000d494844520000000200000001080200000000000000");
const JPEG = unhex("ffd8ffe000104a46494600010100000100010000ffdb000301ffc0000b080001000201011100ffd9");
const WEBP_LOSSLESS = concat(
  new TextEncoder().encode("RIFF\u0020\u0000\u0000\u0000WEBPVP8L"),
  unhex("140000002f010000000f"),
  new Uint8Array(10),
);

describe("rows", () => {
  test("F3: rows become opaque pixels, in the order of the updates", async () => {
    const raw = { ...BOX, kind: LOSSLESS, codec: CodecId.RAW_RGB, payload: unhex("0102030405fe") };
    const copy = { ...BOX, kind: COPY, codec: CodecId.NONE, payload: Uint8Array.of(0, 2, 0, 1) };
    const made = await decode(raw, copy, filled({ x: 0, y: 1, width: 1, height: 1 }, [9, 8, 7]));
    expect(hex(new Uint8Array(made.pixels))).toBe("010203ff0405feff090807ff");
    expect(made.ops).toEqual([
      { ...BOX, k: "pixels", offset: 0 },
      { ...BOX, k: "copy", fromX: 2, fromY: 1 },
      { x: 0, y: 1, width: 1, height: 1, k: "pixels", offset: 8 },
    ]);
    expect(transferables(made)).toEqual([made.pixels.buffer]);
  });

  test.each([
    ["too short", { codec: CodecId.RAW_RGB, payload: new Uint8Array(5) }],
    ["too long", { codec: CodecId.RAW_RGB, payload: new Uint8Array(7) }],
    ["inflating to less", { codec: CodecId.DEFLATE_RGB, payload: deflated(new Uint8Array(5)) }],
    ["inflating to more", { codec: CodecId.DEFLATE_RGB, payload: deflated(new Uint8Array(7)) }],
    ["cut off", { codec: CodecId.DEFLATE_RGB, payload: deflated(randomBytes(6)).subarray(0, 8) }],
    ["of no kind", { codec: CodecId.DEFLATE_RGB, payload: Uint8Array.of(1, 2, 3, 4) }],
    ["empty", { codec: CodecId.DEFLATE_RGB, payload: new Uint8Array() }],
  ])("F6: rows %s are malformed", async (_, given) => {
    expect(await codeOf(decode({ ...BOX, kind: LOSSLESS, ...given }))).toBe("malformed");
  });

  test("F6: a frame that paints its screen many times over is refused before decoding", async () => {
    const whole = filled({ x: 0, y: 0, width: 4, height: 2 }, [1, 2, 3]);
    expect(await codeOf(decode(whole, whole, whole, whole))).toBe("ok");
    expect(await codeOf(decode(whole, whole, whole, whole, whole))).toBe("too_large");
  });

  test("F6: rows are inflated one after another, and none after one that is bad", async () => {
    let [now, most, begun] = [0, 0, 0];
    class Counted extends DecompressionStream {
      constructor(format: CompressionFormat) {
        super(format);
        [now, begun] = [now + 1, begun + 1];
        most = Math.max(most, now);
        const { readable } = this;
        const reader = readable.getReader.bind(readable);
        readable.getReader = ((): unknown => {
          const counted = reader();
          void counted.closed.catch(() => undefined).then(() => (now -= 1));
          return counted;
        }) as typeof readable.getReader;
      }
    }
    vi.stubGlobal("DecompressionStream", Counted);
    const good = { ...BOX, kind: LOSSLESS, codec: CodecId.DEFLATE_RGB, payload: deflated(new Uint8Array(6)) };
    expect(await codeOf(decode(good, good, good, good))).toBe("ok");
    expect([most, begun]).toEqual([1, 4]);
    const bad = { ...good, payload: deflated(new Uint8Array(7)) };
    expect(await codeOf(decode(bad, good, good, good))).toBe("malformed");
    expect([most, begun]).toEqual([1, 5]);
    vi.unstubAllGlobals();
  });

  test("F6: a large rectangle comes out whole", async () => {
    const rows = randomBytes(60_000);
    expect(hex(await inflate(deflated(rows), rows.length))).toBe(hex(rows));
  });
});

describe("pictures", () => {
  test("sizes are read before decoding", () => {
    expect(announcedSize(CodecId.PNG, PNG)).toEqual({ width: 2, height: 1 });
    expect(announcedSize(CodecId.JPEG, JPEG)).toEqual({ width: 2, height: 1 });
    expect(announcedSize(CodecId.WEBP, WEBP_LOSSLESS)).toEqual({ width: 2, height: 1 });
    expect(announcedSize(CodecId.JPEG, PNG)).toBeNull();
    for (let length = 0; length < JPEG.length; length += 1) {
      expect(() => announcedSize(CodecId.JPEG, JPEG.subarray(0, length))).not.toThrow();
      expect(() => announcedSize(CodecId.WEBP, WEBP_LOSSLESS.subarray(0, length))).not.toThrow();
      expect(() => announcedSize(CodecId.PNG, PNG.subarray(0, length))).not.toThrow();
    }
  });

  test.each([
    ["one that stands alone", [0xff, 0x01]],
    ["one between scans", [0xff, 0xd0]],
    ["a stuffed zero", [0xff, 0x00]],
    ["a second beginning", [0xff, 0xd8]],
    ["an end", [0xff, 0xd9]],
    ["a scan", [0xff, 0xda]],
  ])("F6: a marker that decoders skip (%s) hides no other size behind it", (_, marker) => {
    // A decoder goes on right behind the marker. Who takes the next bytes for a length lands in the comment.
    const [real, told] = [
      [0xff, 0xc0, 0, 0x0b, 8, 0x40, 0, 0x40, 0, 1, 1, 0x11, 0],
      [0xff, 0xc0, 0, 0x0b, 8, 0, 1, 0, 2, 1, 1, 0x11, 0],
    ];
    const comment = [0xff, 0xfe, 0xff, 0xff, ...new Array<number>(0xffc0 - 17).fill(0), ...told];
    const picture = Uint8Array.from([
      0xff,
      0xd8,
      ...marker,
      ...real,
      ...comment,
      ...new Array<number>(99).fill(0),
    ]);
    expect(announcedSize(CodecId.JPEG, picture)).toBeNull();
  });

  test("F6: a picture that says another size never reaches the decoder", async () => {
    const update = { ...BOX, width: 3, kind: LOSSY, codec: CodecId.JPEG, payload: JPEG };
    const decodePicture = () => Promise.reject(new Error("was decoded"));
    const frame = decodeFrame(container(4, 2, [update]));
    const failure = drawing(frame, { ...NO_PICTURES, decodePicture });
    await expect(failure).rejects.toThrow("as its rectangle is");
  });

  test("F6: one that decodes to another size is refused, and others are let go", async () => {
    const [good, wrong] = [bitmap(2, 1), bitmap(2, 2)];
    const given = [good, wrong];
    const decodePicture = () => Promise.resolve(given.shift() ?? wrong);
    const update = { ...BOX, kind: LOSSY, codec: CodecId.JPEG, payload: JPEG };
    const frame = decodeFrame(container(4, 2, [update, update]));
    expect(await codeOf(drawing(frame, { ...NO_PICTURES, decodePicture }))).toBe("malformed");
    expect([good.closed, wrong.closed]).toEqual([true, true]);
  });

  test("bitmaps are handed over", async () => {
    const good = bitmap(2, 1);
    const frame = decodeFrame(
      container(4, 2, [{ ...BOX, kind: LOSSLESS, codec: CodecId.PNG, payload: PNG }]),
    );
    const codecs = { ...NO_PICTURES, decodePicture: () => Promise.resolve(good) };
    const made = await drawing(frame, codecs);
    expect(made.ops).toEqual([{ ...BOX, k: "bitmap", bitmap: good }]);
    expect(transferables(made)).toEqual([good]);
  });

  test("D5: a zstd stream is not for a viewer that has not named it", async () => {
    const update = { ...BOX, kind: LOSSLESS, codec: CodecId.ZSTD_STREAM_BGRX, payload: new Uint8Array(3) };
    expect(await codeOf(decode(update))).toBe("unsupported_version");
  });

  test("D4: at most one piece of video in a frame", async () => {
    const piece = { ...BOX, kind: VIDEO, codec: CodecId.VP9, payload: new Uint8Array(3) };
    expect(await codeOf(decode(piece, { ...piece, stream: 1 }))).toBe("too_large");
  });
});

describe("cursor", () => {
  const shape = { x: 9, y: -3, width: 2, height: 2, kind: CURSOR_SHAPE, codec: CodecId.DEFLATE_RGBA };

  test("F8: shape, hot spot inside it, position anywhere", async () => {
    const position = { x: -40, y: 3, kind: CURSOR_POSITION, codec: CodecId.NONE };
    const made = await decode({ ...shape, payload: deflated(new Uint8Array(16)) }, position);
    expect(made.cursor).toMatchObject({ hotX: 1, hotY: 0 });
    expect(made.cursor?.image).toBeInstanceOf(Blob);
    expect(made.cursorAt).toEqual({ x: -40, y: 3 });
    expect(made.ops).toEqual([]);
  });

  test("F8: codec none hides it; no news is no news", async () => {
    expect((await decode({ kind: CURSOR_SHAPE, codec: CodecId.NONE })).cursor?.image).toBeNull();
    expect(await decode()).toMatchObject({ cursor: null, cursorAt: null });
  });

  test("F6: a shape of another size is malformed", async () => {
    expect(await codeOf(decode({ ...shape, payload: deflated(new Uint8Array(15)) }))).toBe("malformed");
    expect(await codeOf(decode({ ...shape, width: 0, payload: deflated(new Uint8Array()) }))).toBe(
      "malformed",
    );
  });
});
