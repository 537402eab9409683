/** What goes out of a captured picture, as far as no encoder is needed. */
import { inflateSync } from "node:zlib";

import { describe, expect, test } from "vitest";

import { Pace } from "../../../src/core/host/eye/pace";
import { fit } from "../../../src/core/host/eye/size";
import { deflate, exactUpdate, rgbRows } from "../../../src/core/host/eye/strips";
import { Tiles } from "../../../src/core/host/eye/tiles";
import { decodeFrame, encodeFrame } from "../../../src/protocol/frame";
import { CodecId, UpdateKind } from "../../../src/protocol/generated";

const SIZE = { width: 200, height: 130 };
const GREY = 0xff808080;

function grey(): Uint32Array {
  return new Uint32Array(SIZE.width * SIZE.height).fill(GREY);
}

function area(boxes: readonly { readonly width: number; readonly height: number }[]): number {
  return boxes.reduce((sum, { width, height }) => sum + width * height, 0);
}

describe("tiles", () => {
  test("everything is due at first, and all of it is taken once", () => {
    const tiles = new Tiles(SIZE);
    tiles.look(grey());
    expect(area(tiles.take(Infinity))).toBe(SIZE.width * SIZE.height);
    expect(tiles.isExact).toBe(true);
    expect(tiles.take(Infinity)).toEqual([]);
  });

  test("F10: only what has changed is due again", () => {
    const tiles = new Tiles(SIZE);
    tiles.look(grey());
    tiles.take(Infinity);
    const pixels = grey();
    pixels[129 * SIZE.width + 199] = 0xff000000;
    expect(tiles.look(pixels)).toBeCloseTo(1 / 12);
    expect(tiles.take(Infinity)).toEqual([{ x: 192, y: 128, width: 8, height: 2 }]);
    expect(tiles.look(pixels.slice())).toBe(0);
    expect(tiles.isExact).toBe(true);
  });

  test("a lossy picture makes everything due", () => {
    const tiles = new Tiles(SIZE);
    tiles.look(grey());
    tiles.take(Infinity);
    tiles.spoil();
    expect(tiles.isExact).toBe(false);
    expect(area(tiles.take(Infinity))).toBe(SIZE.width * SIZE.height);
  });

  test("a piece is no larger than asked for, but never nothing", () => {
    const tiles = new Tiles(SIZE);
    tiles.look(grey());
    expect(tiles.take(1)).toEqual([{ x: 0, y: 0, width: 200, height: 64 }]);
    expect(tiles.take(1)).toHaveLength(1);
    expect(tiles.take(Infinity)).toEqual([{ x: 0, y: 128, width: 200, height: 2 }]);
  });
});

describe("exact pixels", () => {
  const pixels = Uint32Array.from({ length: SIZE.width * SIZE.height }, (_, i) => 0xff000000 | i);
  const box = { x: 3, y: 7, width: 5, height: 2 };

  test("F5: rows of red, green, blue of the rectangle alone", () => {
    const rows = rgbRows(pixels, SIZE, box);
    const first = 7 * SIZE.width + 3;
    expect(rows.length).toBe(30);
    expect([...rows.subarray(0, 3)]).toEqual([first & 255, first >> 8, 0]);
    expect([...rows.subarray(15, 18)]).toEqual([(first + 200) & 255, (first + 200) >> 8, 0]);
  });

  test("F6: zlib data of exactly these rows, which the container takes", async () => {
    const update = await exactUpdate(pixels, SIZE, box);
    const frame = decodeFrame(encodeFrame({ ...SIZE, timeMs: 2 ** 32 + 5, updates: [update] }));
    expect(frame).toMatchObject({ ...SIZE, timeMs: 5 });
    expect(frame.updates[0]).toMatchObject({ ...box, kind: UpdateKind.LOSSLESS, codec: CodecId.DEFLATE_RGB });
    const payload = frame.updates[0]?.payload ?? new Uint8Array();
    expect(new Uint8Array(inflateSync(payload))).toEqual(rgbRows(pixels, SIZE, box));
  });

  test("a large piece survives the compressor's own buffers", async () => {
    const data = crypto.getRandomValues(new Uint8Array(60_000));
    expect(new Uint8Array(inflateSync(await deflate(data)))).toEqual(data);
  });
});

describe("size", () => {
  test.each([
    [1280, 800, 1280, 800],
    [1281, 801, 1280, 800],
    [1920, 1200, 1920, 1200],
    [7, 7, 16, 16],
  ])("%i x %i goes out as %i x %i", (width, height, wide, high) => {
    expect(fit({ width, height }).size).toEqual({ width: wide, height: high });
  });

  test.each([
    [3840, 2160],
    [5120, 1440],
    [8192, 16],
    [1080, 3840],
  ])("%i x %i is made smaller, with even sides and the same shape", (width, height) => {
    const { size, source } = fit({ width, height });
    expect(source).toEqual({ x: 0, y: 0, width, height });
    expect(size.width * size.height).toBeLessThanOrEqual(1920 * 1200);
    expect([size.width % 2, size.height % 2]).toEqual([0, 0]);
    expect(Math.max(size.width, size.height)).toBeLessThanOrEqual(2560);
  });

  test("nothing is scaled where nothing has to be", () => {
    expect(fit({ width: 1281, height: 801 }).source).toEqual({ x: 0, y: 0, width: 1280, height: 800 });
  });
});

describe("pace", () => {
  test("D2: bytes on the way are bounded, and acknowledgements let new ones go", () => {
    const pace = new Pace();
    expect(pace.open(0, 0)).toBe(true);
    pace.went(1, 200_000, 0);
    expect(pace.open(0, 1)).toBe(true);
    pace.went(2, 200_000, 1);
    expect(pace.open(0, 2)).toBe(false);
    pace.acked(2, 50);
    expect(pace.open(0, 51)).toBe(true);
    expect(pace.open(2 ** 20, 52)).toBe(false);
  });

  test("D2: so are messages", () => {
    const pace = new Pace();
    for (let frame = 1; frame <= 6; frame += 1) pace.went(frame, 10, 0);
    expect(pace.open(0, 1)).toBe(false);
    pace.acked(1, 2);
    expect(pace.open(0, 3)).toBe(true);
  });

  test("what nobody ever draws does not stop the picture for good", () => {
    const pace = new Pace();
    pace.went(1, 2 ** 20, 0);
    expect(pace.open(0, 1999)).toBe(false);
    expect(pace.open(0, 2000)).toBe(true);
  });

  test("late acknowledgements make the window smaller, prompt ones larger", () => {
    const pace = new Pace();
    const first = pace.pieceBytes;
    pace.went(1, 10, 0);
    pace.acked(1, 1000);
    expect(pace.pieceBytes).toBeLessThan(first);
    for (let frame = 2; frame < 40; frame += 1) {
      pace.went(frame, 10, 1000);
      pace.acked(frame, 1010);
    }
    expect(pace.pieceBytes).toBeGreaterThan(first);
  });
});
