/** From a frame container to what the canvas draws. Decoding is parallel inside a frame, drawing is in order. */
import { LimitError, MalformedError, ProtocolError } from "../../protocol/errors";
import { copySource, type Frame, type Size, type Update } from "../../protocol/frame";
import { CodecId, UpdateKind } from "../../protocol/generated";
import type { Buffers } from "./buffers";
import { type Inflate, inflateInTurn } from "./inflate";
import type { CursorShape, Drawing, DrawOp } from "./ops";
import { announcedSize, mediaType } from "./pictures";
import type { Still, StillStream } from "./still";
import type { VideoDecoding } from "./video";

// Updates of one frame overlap a little; a frame that paints its screen many times over is made to exhaust us.
const MAX_COVERINGS = 4;

/** What only a browser has. Both are parameters so that all else runs anywhere. */
export interface Codecs {
  /** Decode a picture of this media type without touching its colours. */
  readonly decodePicture: (data: Uint8Array<ArrayBuffer>, type: string) => Promise<ImageBitmap | VideoFrame>;
  /** A PNG of straight RGBA rows. */
  readonly encodePng: (rgba: Uint8ClampedArray<ArrayBuffer>, width: number, height: number) => Promise<Blob>;
  readonly video: VideoDecoding;
  readonly still: Still;
  /** What a host may send beyond the codecs that every viewer has (SPEC D5). */
  readonly decodable: () => Promise<readonly CodecId[]>;
}

/** One frame being decoded: what stands in its header, the room for its rows, and what decodes them. */
interface Work {
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  readonly codecs: Codecs;
  readonly still: StillStream | null;
  readonly inflate: Inflate;
}

const PAINTING: ReadonlySet<UpdateKind> = new Set<UpdateKind>([
  UpdateKind.LOSSLESS,
  UpdateKind.LOSSY,
  UpdateKind.COPY,
  UpdateKind.VIDEO,
]);

function paints({ kind }: Update): boolean {
  return PAINTING.has(kind);
}

function isStill({ codec }: Update): boolean {
  return codec === CodecId.ZSTD_STREAM_BGRX;
}

function hasRows(update: Update): boolean {
  return (
    update.kind === UpdateKind.LOSSLESS &&
    (isStill(update) || update.codec === CodecId.RAW_RGB || update.codec === CodecId.DEFLATE_RGB)
  );
}

/** Pixels that a frame's updates paint, overlaps counted as often as they are painted. */
export function paintedArea(frame: Frame): number {
  return frame.updates.filter(paints).reduce((sum, { width, height }) => sum + width * height, 0);
}

function checkArea(frame: Frame): void {
  if (frame.updates.filter(({ kind }) => kind === UpdateKind.VIDEO).length > 1) {
    throw new LimitError("more than one piece of video in a frame");
  }
  const area = paintedArea(frame);
  if (area > MAX_COVERINGS * frame.width * frame.height) {
    throw new LimitError(`updates of ${area} pixels on a ${frame.width}x${frame.height} screen`);
  }
}

/** RGB rows become opaque RGBA: whole pixels at once, as browsers run on little-endian machines only. */
function expand(rgb: Uint8Array, out: Uint32Array): void {
  let from = 0;
  for (let to = 0; to < out.length; to += 1) {
    // Not by destructuring: an array for each pixel would double the time.
    const red = rgb[from] ?? 0;
    const green = rgb[from + 1] ?? 0;
    const blue = rgb[from + 2] ?? 0;
    out[to] = 0xff000000 | (blue << 16) | (green << 8) | red;
    from += 3;
  }
}

async function rowsOf(update: Update, { inflate }: Work): Promise<Uint8Array> {
  const size = update.width * update.height * 3;
  if (update.codec === CodecId.DEFLATE_RGB) return inflate(update.payload, size);
  if (update.payload.length !== size) {
    throw new MalformedError(`raw rows of ${update.payload.length} bytes, ${size} are due`);
  }
  return update.payload;
}

/** The size of what a decoder gave, whichever it was. */
function sizeOf(picture: ImageBitmap | VideoFrame): Size {
  return "displayWidth" in picture
    ? { width: picture.displayWidth, height: picture.displayHeight }
    : { width: picture.width, height: picture.height };
}

async function pictureOf(update: Update, codecs: Codecs): Promise<ImageBitmap | VideoFrame> {
  const { codec, width, height, payload } = update;
  const announced = announcedSize(codec, payload);
  if (announced?.width !== width || announced.height !== height) {
    throw new MalformedError(`a picture that is not ${width}x${height}, as its rectangle is`);
  }
  let picture: ImageBitmap | VideoFrame;
  try {
    picture = await codecs.decodePicture(payload, mediaType(codec));
  } catch (error) {
    throw new MalformedError(`a picture that does not decode: ${String(error)}`);
  }
  const size = sizeOf(picture);
  if (size.width === width && size.height === height) return picture;
  picture.close();
  throw new MalformedError(`a picture of ${size.width}x${size.height} for ${width}x${height}`);
}

async function cursorShape(update: Update, { codecs, inflate }: Work): Promise<CursorShape> {
  const { x, y, width, height, codec, payload } = update;
  if (codec === CodecId.NONE) return { image: null, hotX: 0, hotY: 0 };
  if (width === 0 || height === 0) throw new MalformedError("a cursor without pixels");
  const rgba = new Uint8ClampedArray((await inflate(payload, width * height * 4)).buffer);
  const within = (value: number, side: number): number => Math.min(Math.max(value, 0), side - 1);
  const image = await codecs.encodePng(rgba, width, height);
  return { image, hotX: within(x, width), hotY: within(y, height) };
}

/** The pixels of an update that has rows. A zstd stream is decoded before anything is waited for: its order counts. */
async function rows(update: Update, out: Uint8ClampedArray<ArrayBuffer>, work: Work): Promise<void> {
  const { still } = work;
  if (!isStill(update)) {
    expand(
      await rowsOf(update, work),
      new Uint32Array(out.buffer, out.byteOffset, update.width * update.height),
    );
  } else if (still === null) {
    throw new ProtocolError("a zstd stream, which this viewer has not named", "unsupported_version");
  } else {
    still.decode(update.payload, out);
  }
}

async function drawOp(update: Update, offset: number, work: Work): Promise<DrawOp[]> {
  const { x, y, width, height } = update;
  const at = { x, y, width, height };
  switch (update.kind) {
    case UpdateKind.COPY: {
      const from = copySource(update);
      return [{ ...at, k: "copy", fromX: from.x, fromY: from.y }];
    }
    case UpdateKind.CURSOR_SHAPE:
    case UpdateKind.CURSOR_POSITION:
      return [];
    case UpdateKind.VIDEO:
      return [{ ...at, k: "bitmap", bitmap: await work.codecs.video.decode(update) }];
    case UpdateKind.LOSSLESS:
    case UpdateKind.LOSSY:
      if (!hasRows(update)) {
        return [{ ...at, k: "bitmap", bitmap: await pictureOf(update, work.codecs) }];
      }
      await rows(update, work.pixels.subarray(offset, offset + width * height * 4), work);
      return [{ ...at, k: "pixels", offset }];
  }
}

/** What stands in the header of a frame that is to be drawn. */
export interface DrawingFacts {
  readonly frameId: number;
  readonly keyframe: boolean;
}

/** Where each update's rows begin in one buffer for all, and the buffer's size. */
function layOut(updates: readonly Update[]): { readonly offsets: readonly number[]; readonly bytes: number } {
  const offsets: number[] = [];
  let bytes = 0;
  for (const update of updates) {
    offsets.push(bytes);
    if (hasRows(update)) bytes += update.width * update.height * 4;
  }
  return { offsets, bytes };
}

/** Begin what a keyframe begins anew (SPEC F11, D4); the answer is the zstd stream, where the frame has a piece of it. */
async function streams(
  { keyframe }: DrawingFacts,
  frame: Frame,
  { video, still }: Codecs,
): Promise<StillStream | null> {
  if (keyframe) {
    video.begin();
    still.begin();
  }
  return frame.updates.some(isStill) ? still.ready() : null;
}

/**
 * The frame as it is to be drawn; frames are given in their order, one after the other. Its pixels are a buffer of `buffers`.
 *
 * @throws MalformedError data that do not decode to their rectangle
 * @throws LimitError more pixels than a frame may carry
 * @throws ProtocolError `unsupported_version` for codecs that this viewer has not named
 * @throws PictureLostError video that cannot go on without a keyframe; all else of the frame has been decoded
 */
export async function decodeDrawing(
  facts: DrawingFacts,
  frame: Frame,
  codecs: Codecs,
  buffers: Buffers,
): Promise<Drawing> {
  checkArea(frame);
  const still = await streams(facts, frame, codecs);
  const { offsets, bytes } = layOut(frame.updates);
  const work = { pixels: buffers.take(bytes), codecs, still, inflate: inflateInTurn() };
  const shape = frame.updates.findLast(({ kind }) => kind === UpdateKind.CURSOR_SHAPE);
  const position = frame.updates.findLast(({ kind }) => kind === UpdateKind.CURSOR_POSITION);
  const drawn = Promise.allSettled(frame.updates.map((update, i) => drawOp(update, offsets[i] ?? 0, work)));
  const pointer = shape === undefined ? null : cursorShape(shape, work);
  const [settled, cursor] = await Promise.all([drawn, Promise.allSettled([pointer])]);
  const failed = [...settled, ...cursor].find((one) => one.status === "rejected");
  if (failed !== undefined) {
    discard(settled);
    buffers.giveBack(work.pixels.buffer);
    throw failed.reason;
  }
  return {
    frameId: facts.frameId,
    width: frame.width,
    height: frame.height,
    ops: settled.flatMap((one) => (one.status === "fulfilled" ? one.value : [])),
    pixels: work.pixels,
    cursor: cursor[0].status === "fulfilled" ? cursor[0].value : null,
    cursorAt: position === undefined ? null : { x: position.x, y: position.y },
  };
}

function discard(settled: readonly PromiseSettledResult<DrawOp[]>[]): void {
  for (const one of settled) {
    if (one.status !== "fulfilled") continue;
    for (const op of one.value) if (op.k === "bitmap") op.bitmap.close();
  }
}
