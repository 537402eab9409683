/** Targets of the codecs: sizes of pictures, deflate, the zstd stream, and whole frames one after another. */
import { Buffers } from "../../src/core/display/buffers";
import { type Codecs, decodeDrawing } from "../../src/core/display/decode";
import { inflate } from "../../src/core/display/inflate";
import type { Drawing } from "../../src/core/display/ops";
import { announcedSize } from "../../src/core/display/pictures";
import type { StillStream } from "../../src/core/display/still";
import { PictureLostError } from "../../src/core/display/video";
import { ProtocolError } from "../../src/protocol/errors";
import { decodeFrame } from "../../src/protocol/frame";
import { CodecId } from "../../src/protocol/generated";
import { unhex } from "../support/vectors";
import { codecsOf, installBrowser, pictures, stillStream } from "./browser";
import {
  at,
  type Below,
  conversation,
  joined,
  type Octets,
  oneOf,
  Outcome,
  packed,
  spoil,
  type Target,
  u16,
  unpacked,
} from "./mutate";

type Row = readonly [number, number, number, number, number, number, number, string];

interface Shot {
  readonly keyframe: number;
  readonly width: number;
  readonly height: number;
  readonly updates: readonly Row[];
}
interface Seeds {
  readonly sizes: readonly string[];
  readonly deflated: readonly string[];
  readonly streams: readonly (readonly string[])[];
  readonly films: readonly (readonly Shot[])[];
}

const PICTURE_CODECS = [CodecId.PNG, CodecId.JPEG, CodecId.WEBP];
// Numbers at which kinds, codecs, places and sizes turn.
const FIELDS = [0, 1, 2, 3, 4, 5, 6, 8, 16, 17, 32, 33, 34, 35, 255, 256, 257, 2048, 0x7fff, 0x8000, 0xffff];
const PIXELS_BELOW = 4096;
/** One for all, as a session has one. */
const buffers = new Buffers();

/** Their seeds are what real encoders have made. */
export async function pictureTargets(): Promise<Target[]> {
  installBrowser();
  const seeds = pictures() as Seeds;
  const [sizes, deflated] = [seeds.sizes.map(unhex), seeds.deflated.map(unhex)];
  const streams = seeds.streams.map((one) => one.map(unhex));
  const stream = await stillStream();
  return [
    { name: "picture size", make: (below) => spoilt(sizes, below), read: readSize },
    { name: "deflate", make: (below) => spoilt(deflated, below), read: readDeflated },
    {
      name: "zstd stream",
      make: (below) => conversation(oneOf(streams, below), below),
      read: (body) => readStream(stream, body),
    },
    { name: "frames", make: (below) => film(seeds.films, below), read: (body) => readFrames(stream, body) },
  ];
}

function spoilt(seeds: readonly Octets[], below: Below): Octets {
  const seed = oneOf(seeds, below);
  const way = below(4);
  if (way === 0) return seed;
  return way === 1 ? spoil(seed, below) : joined(seed.subarray(0, 2), spoil(seed.subarray(2), below));
}

/** Two bytes choose the format, the picture follows. */
function readSize(body: Octets): string {
  const outcome = new Outcome();
  const size = announcedSize(at(PICTURE_CODECS, u16(body) % 3), body.subarray(2));
  if (size !== null) outcome.take(size.width, size.height);
  return outcome.sign;
}

/** Two bytes say how much it should be, the zlib stream follows. */
async function readDeflated(body: Octets): Promise<string> {
  const outcome = new Outcome();
  try {
    outcome.take(await inflate(body.slice(2), u16(body)));
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    outcome.refuse("malformed");
  }
  return outcome.sign;
}

/** Pieces of one stream: two bytes say how many pixels, zero for a keyframe, the payload follows. */
function readStream(still: StillStream, body: Octets): string {
  const outcome = new Outcome();
  still.begin();
  for (const part of unpacked(body)) {
    const pixels = u16(part) % PIXELS_BELOW;
    if (pixels === 0) {
      still.begin();
      continue;
    }
    const out = new Uint8ClampedArray(pixels * 4);
    try {
      still.decode(part.subarray(2), out);
      outcome.take(out);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      outcome.refuse("malformed");
    }
  }
  return outcome.sign;
}

/** Frames one after another, each behind a byte that is odd for a keyframe; the first refusal ends it. */
async function readFrames(stream: StillStream, body: Octets): Promise<string> {
  const outcome = new Outcome();
  const shape = new Shape();
  const codecs = codecsOf(stream, (rgba) => shape.see(rgba));
  stream.begin();
  for (const part of unpacked(body)) {
    try {
      await drawn(part, codecs, shape, outcome);
    } catch (error) {
      if (error instanceof PictureLostError) outcome.refuse("lost");
      else if (error instanceof ProtocolError) {
        outcome.refuse(error.code);
        break;
      } else throw error;
    }
  }
  return outcome.sign;
}

/** The pixels of the cursor of one frame. */
class Shape {
  private rgba: Uint8ClampedArray | null = null;

  see(rgba: Uint8ClampedArray): void {
    this.rgba = rgba;
  }

  /** What was seen since it was asked last. */
  take(): Uint8ClampedArray | null {
    const { rgba } = this;
    this.rgba = null;
    return rgba;
  }
}

async function drawn(part: Octets, codecs: Codecs, shape: Shape, outcome: Outcome): Promise<void> {
  const frame = decodeFrame(part.slice(1));
  shape.take();
  const facts = { frameId: 1, keyframe: ((part[0] ?? 0) & 1) === 1 };
  const drawing = await decodeDrawing(facts, frame, codecs, buffers);
  const { cursor, cursorAt } = drawing;
  const rgba = shape.take();
  outcome.take(
    ...operations(drawing),
    ...(cursor === null || rgba === null ? [] : [cursor.hotX, cursor.hotY, rgba]),
    ...(cursorAt === null ? [] : [cursorAt.x & 0xffff, cursorAt.y & 0xffff]),
  );
  buffers.giveBack(drawing.pixels.buffer);
}

function operations({ ops, pixels }: Drawing): (number | Uint8ClampedArray)[] {
  return ops.flatMap((op) => {
    const box = [op.x, op.y, op.width, op.height];
    if (op.k === "copy") return [...box, op.fromX, op.fromY];
    return op.k === "pixels"
      ? [...box, pixels.subarray(op.offset, op.offset + op.width * op.height * 4)]
      : box;
  });
}

interface Changing {
  keyframe: number;
  width: number;
  height: number;
  readonly updates: Row[];
}

function film(films: readonly (readonly Shot[])[], below: Below): Octets {
  const parts = oneOf(films, below).map((shot) => {
    const frame = { ...shot, updates: [...shot.updates] };
    if (below(3) === 0) for (let left = 1 + below(3); left > 0; left -= 1) change(frame, below);
    const data = laidOut(frame);
    return joined([frame.keyframe], below(12) === 0 ? spoil(data, below) : data);
  });
  return packed(parts);
}

/** Change one thing of a frame; its lengths stay right, so that what is inside is read. */
function change(frame: Changing, below: Below): void {
  const { updates } = frame;
  const way = below(9);
  const place = below(updates.length);
  if (way === 0) frame.keyframe = 1 - frame.keyframe;
  else if (way === 1) {
    const side = below(2) > 0 ? "width" : "height";
    frame[side] = oneOf(FIELDS, below);
  } else if (updates.length > 0) changeUpdate(updates, way, place, below);
}

function changeUpdate(updates: Row[], way: number, place: number, below: Below): void {
  const row = at(updates, place);
  if (way === 2) updates.push(row);
  else if (way === 3) updates.splice(place, 1);
  else if (way === 4) updates.push(...updates.splice(place, 1));
  else if (way === 5) {
    const field = below(7);
    updates[place] = row.with(field, oneOf(FIELDS, below)) as unknown as Row;
  } else {
    const payload = Buffer.from(spoil(unhex(row[7]), below)).toString("hex");
    updates[place] = row.with(7, payload) as unknown as Row;
  }
}

const two = (value: number): number[] => [(value >> 8) & 255, value & 255];

/** A frame container as it is, right or wrong; numbers are cut to their fields. */
function laidOut({ width, height, updates }: Changing): Octets {
  const head = [1, 0, ...two(updates.length), ...two(width), ...two(height), 0, 0, 0, 0];
  const rows = updates.flatMap(([kind, codec, stream, x, y, w, h, payload]) => {
    const data = unhex(payload);
    const fields = [stream, x, y, w, h].flatMap(two);
    return [[kind & 255, codec & 255, ...fields, 0, 0, ...two(data.length)], data];
  });
  return joined(head, ...rows);
}
