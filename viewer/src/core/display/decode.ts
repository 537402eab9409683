/** From a frame container to what the canvas draws. Decoding is parallel inside a frame, drawing is in order. */
import { LimitError, MalformedError, ProtocolError } from "../../protocol/errors";
import { copySource, type Frame, type Update } from "../../protocol/frame";
import { CodecId, UpdateKind } from "../../protocol/generated";
import { inflate } from "./inflate";
import type { CursorShape, Drawing, DrawOp } from "./ops";
import { announcedSize, mediaType } from "./pictures";
import type { VideoDecoding } from "./video";

// Updates of one frame overlap a little; a frame that paints its screen many times over is made to exhaust us.
const MAX_COVERINGS = 4;

/** What only a browser has. Both are parameters so that all else runs anywhere. */
export interface Codecs {
  /** Decode a picture without touching its colours. */
  readonly decodePicture: (data: Blob) => Promise<ImageBitmap>;
  /** A PNG of straight RGBA rows. */
  readonly encodePng: (rgba: Uint8ClampedArray<ArrayBuffer>, width: number, height: number) => Promise<Blob>;
  readonly video: VideoDecoding;
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

function hasRows(update: Update): boolean {
  return (
    update.kind === UpdateKind.LOSSLESS &&
    (update.codec === CodecId.RAW_RGB || update.codec === CodecId.DEFLATE_RGB)
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

async function rowsOf(update: Update): Promise<Uint8Array> {
  const size = update.width * update.height * 3;
  if (update.codec === CodecId.DEFLATE_RGB) return inflate(update.payload, size);
  if (update.payload.length !== size) {
    throw new MalformedError(`raw rows of ${update.payload.length} bytes, ${size} are due`);
  }
  return update.payload;
}

async function pictureOf(update: Update, codecs: Codecs): Promise<ImageBitmap> {
  const { codec, width, height, payload } = update;
  const announced = announcedSize(codec, payload);
  if (announced?.width !== width || announced.height !== height) {
    throw new MalformedError(`a picture that is not ${width}x${height}, as its rectangle is`);
  }
  let bitmap: ImageBitmap;
  try {
    bitmap = await codecs.decodePicture(new Blob([payload], { type: mediaType(codec) }));
  } catch (error) {
    throw new MalformedError(`a picture that does not decode: ${String(error)}`);
  }
  if (bitmap.width === width && bitmap.height === height) return bitmap;
  bitmap.close();
  throw new MalformedError(`a picture of ${bitmap.width}x${bitmap.height} for ${width}x${height}`);
}

async function cursorShape(update: Update, codecs: Codecs): Promise<CursorShape> {
  const { x, y, width, height, codec, payload } = update;
  if (codec === CodecId.NONE) return { image: null, hotX: 0, hotY: 0 };
  if (width === 0 || height === 0) throw new MalformedError("a cursor without pixels");
  const rgba = new Uint8ClampedArray((await inflate(payload, width * height * 4)).buffer);
  const within = (value: number, side: number): number => Math.min(Math.max(value, 0), side - 1);
  const image = await codecs.encodePng(rgba, width, height);
  return { image, hotX: within(x, width), hotY: within(y, height) };
}

/** The whole stream is one decoder's, so its number is always zero. */
async function videoPicture(update: Update, key: boolean, codecs: Codecs): Promise<VideoFrame> {
  const { codec, width, height, payload: data, stream } = update;
  if (stream !== 0)
    throw new ProtocolError(`video stream ${stream}, this version has one`, "unsupported_version");
  return codecs.video.decode({ codec, key, width, height, data });
}

async function drawOp(
  update: Update,
  facts: DrawingFacts,
  offset: number,
  pixels: Uint8ClampedArray<ArrayBuffer>,
  codecs: Codecs,
): Promise<DrawOp[]> {
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
      return [{ ...at, k: "bitmap", bitmap: await videoPicture(update, facts.keyframe, codecs) }];
    case UpdateKind.LOSSLESS:
    case UpdateKind.LOSSY:
      if (hasRows(update)) {
        expand(await rowsOf(update), new Uint32Array(pixels.buffer, offset, width * height));
        return [{ ...at, k: "pixels", offset }];
      }
      if (update.codec === CodecId.ZSTD_STREAM_BGRX) {
        throw new ProtocolError("zstd streams are not in this version", "unsupported_version");
      }
      return [{ ...at, k: "bitmap", bitmap: await pictureOf(update, codecs) }];
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

/**
 * The frame as it is to be drawn.
 *
 * @throws MalformedError data that do not decode to their rectangle
 * @throws LimitError more pixels than a frame may carry
 * @throws ProtocolError `unsupported_version` for codecs that this version does not have
 */
export async function decodeDrawing(facts: DrawingFacts, frame: Frame, codecs: Codecs): Promise<Drawing> {
  checkArea(frame);
  const { offsets, bytes } = layOut(frame.updates);
  const pixels = new Uint8ClampedArray(bytes);
  const work = frame.updates.map((update, i) => drawOp(update, facts, offsets[i] ?? 0, pixels, codecs));
  const shape = frame.updates.findLast(({ kind }) => kind === UpdateKind.CURSOR_SHAPE);
  const position = frame.updates.findLast(({ kind }) => kind === UpdateKind.CURSOR_POSITION);
  const settled = await Promise.allSettled(work);
  const failed = settled.find((one) => one.status === "rejected");
  if (failed !== undefined) {
    discard(settled);
    throw failed.reason;
  }
  return {
    frameId: facts.frameId,
    width: frame.width,
    height: frame.height,
    ops: settled.flatMap((one) => (one.status === "fulfilled" ? one.value : [])),
    pixels,
    cursor: shape === undefined ? null : await cursorShape(shape, codecs),
    cursorAt: position === undefined ? null : { x: position.x, y: position.y },
  };
}

function discard(settled: readonly PromiseSettledResult<DrawOp[]>[]): void {
  for (const one of settled) {
    if (one.status !== "fulfilled") continue;
    for (const op of one.value) if (op.k === "bitmap") op.bitmap.close();
  }
}
