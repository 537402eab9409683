/**
 * The frame container: what a media message holds once opened (SPEC F1-F10).
 *
 *     0 u8 container version | 1 u8 reserved 0 | 2 u16 number of updates
 *     4 u16 screen width | 6 u16 screen height           pixels
 *     8 u32 capture time                                 ms on the host's clock, modulo 2^32
 *     12 updates, one after another:
 *        u8 kind | u8 codec | u16 stream | i16 x | i16 y | u16 width | u16 height | u32 length | payload
 *
 * All big-endian. An unknown kind or codec is an error; nothing is guessed.
 */
import { LimitError, MalformedError } from "./errors";
import {
  CodecId,
  CONTAINER_VERSION,
  FRAME_HEAD_BYTES,
  MAX_CURSOR_SIDE_PX,
  MAX_SCREEN_PIXELS,
  MAX_SCREEN_SIDE_PX,
  MAX_UPDATES_PER_FRAME,
  UPDATE_HEAD_BYTES,
  UpdateKind,
} from "./generated";

const COPY_SOURCE_BYTES = 4;

/** Which codecs can carry which kind. */
const CODECS: Readonly<Record<UpdateKind, readonly CodecId[]>> = {
  [UpdateKind.LOSSLESS]: [
    CodecId.RAW_RGB,
    CodecId.DEFLATE_RGB,
    CodecId.ZSTD_STREAM_BGRX,
    CodecId.PNG,
    CodecId.WEBP,
  ],
  [UpdateKind.LOSSY]: [CodecId.JPEG, CodecId.WEBP],
  [UpdateKind.COPY]: [CodecId.NONE],
  [UpdateKind.VIDEO]: [CodecId.VP8, CodecId.VP9, CodecId.AV1, CodecId.H264],
  [UpdateKind.CURSOR_SHAPE]: [CodecId.NONE, CodecId.DEFLATE_RGBA],
  [UpdateKind.CURSOR_POSITION]: [CodecId.NONE],
};

/** A size in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A rectangle in pixels, left upper corner first. */
export interface Rectangle extends Size {
  readonly x: number;
  readonly y: number;
}

/**
 * One change of the picture.
 *
 * `x`, `y` are screen pixels; for `CURSOR_SHAPE` they are the hot spot within the shape, and codec `NONE` hides the
 * cursor. `stream` numbers a video or zstd stream; elsewhere it is zero. `payload` is a view into the message.
 */
export interface Update extends Rectangle {
  readonly kind: UpdateKind;
  readonly codec: CodecId;
  readonly stream: number;
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** A parsed frame: screen size, capture time in ms, updates in order. */
export interface Frame extends Size {
  readonly timeMs: number;
  readonly updates: readonly Update[];
}

function isKind(value: number): value is UpdateKind {
  return Object.values<number>(UpdateKind).includes(value);
}

function isCodec(value: number): value is CodecId {
  return Object.values<number>(CodecId).includes(value);
}

/** Tell whether a screen of this size is within the wire's bounds (SPEC L7). */
export function screenFits({ width, height }: Size): boolean {
  const sides = width > 0 && width <= MAX_SCREEN_SIDE_PX && height > 0 && height <= MAX_SCREEN_SIDE_PX;
  return sides && width * height <= MAX_SCREEN_PIXELS;
}

/** The source's left upper corner of a checked `COPY` update. */
export function copySource(update: Update): { readonly x: number; readonly y: number } {
  const view = new DataView(update.payload.buffer, update.payload.byteOffset, COPY_SOURCE_BYTES);
  return { x: view.getUint16(0), y: view.getUint16(2) };
}

/**
 * Read a frame container; payloads are views into `data`.
 *
 * @throws MalformedError bytes that do not parse, an unknown kind or codec, trailing bytes
 * @throws LimitError sizes beyond the wire's bounds or outside the screen
 */
export function decodeFrame(data: Uint8Array<ArrayBuffer>): Frame {
  if (data.length < FRAME_HEAD_BYTES) {
    throw new MalformedError(`a frame of ${data.length} bytes has no room for its head`);
  }
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const [version, reserved, count] = [view.getUint8(0), view.getUint8(1), view.getUint16(2)];
  if (version !== CONTAINER_VERSION || reserved !== 0) {
    throw new MalformedError(
      `frame container ${version}.${reserved}, this side reads ${CONTAINER_VERSION}.0`,
    );
  }
  const screen = { width: view.getUint16(4), height: view.getUint16(6) };
  checkScreen(screen, count);
  const updates: Update[] = [];
  let offset = FRAME_HEAD_BYTES;
  for (let i = 0; i < count; i += 1) {
    const update = readUpdate(data, view, offset);
    checkUpdate(update, screen);
    updates.push(update);
    offset += UPDATE_HEAD_BYTES + update.payload.length;
  }
  if (offset !== data.length) throw new MalformedError(`${data.length - offset} bytes after the last update`);
  return { ...screen, timeMs: view.getUint32(8), updates };
}

function writeUpdateHead(view: DataView, offset: number, update: Update): void {
  view.setUint8(offset, update.kind);
  view.setUint8(offset + 1, update.codec);
  view.setUint16(offset + 2, update.stream);
  view.setInt16(offset + 4, update.x);
  view.setInt16(offset + 6, update.y);
  view.setUint16(offset + 8, update.width);
  view.setUint16(offset + 10, update.height);
  view.setUint32(offset + 12, update.payload.length);
}

/**
 * Write a frame container; `timeMs` is taken modulo 2^32.
 *
 * @throws MalformedError a kind with a codec that cannot carry it
 * @throws LimitError sizes beyond the wire's bounds or outside the screen
 */
export function encodeFrame(frame: Frame): Uint8Array<ArrayBuffer> {
  const { updates } = frame;
  checkScreen(frame, updates.length);
  const size = updates.reduce(
    (sum, { payload }) => sum + UPDATE_HEAD_BYTES + payload.length,
    FRAME_HEAD_BYTES,
  );
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  view.setUint8(0, CONTAINER_VERSION);
  view.setUint16(2, updates.length);
  view.setUint16(4, frame.width);
  view.setUint16(6, frame.height);
  view.setUint32(8, Math.floor(frame.timeMs) % 2 ** 32);
  let offset = FRAME_HEAD_BYTES;
  for (const update of updates) {
    checkUpdate(update, frame);
    writeUpdateHead(view, offset, update);
    out.set(update.payload, offset + UPDATE_HEAD_BYTES);
    offset += UPDATE_HEAD_BYTES + update.payload.length;
  }
  return out;
}

function checkScreen(screen: Size, count: number): void {
  if (!screenFits(screen)) {
    throw new LimitError(`a screen of ${screen.width}x${screen.height} pixels is beyond the wire's bounds`);
  }
  if (count > MAX_UPDATES_PER_FRAME) {
    throw new LimitError(`${count} updates in one frame, at most ${MAX_UPDATES_PER_FRAME}`);
  }
}

function readUpdate(data: Uint8Array<ArrayBuffer>, view: DataView, offset: number): Update {
  if (data.length - offset < UPDATE_HEAD_BYTES)
    throw new MalformedError("the frame ends inside an update's head");
  const [kind, codec, length] = [
    view.getUint8(offset),
    view.getUint8(offset + 1),
    view.getUint32(offset + 12),
  ];
  const start = offset + UPDATE_HEAD_BYTES;
  if (length > data.length - start) {
    throw new MalformedError(`an update announces ${length} bytes, ${data.length - start} are left`);
  }
  if (!isKind(kind) || !isCodec(codec))
    throw new MalformedError(`unknown update kind ${kind} or codec ${codec}`);
  return {
    kind,
    codec,
    stream: view.getUint16(offset + 2),
    x: view.getInt16(offset + 4),
    y: view.getInt16(offset + 6),
    width: view.getUint16(offset + 8),
    height: view.getUint16(offset + 10),
    payload: data.subarray(start, start + length),
  };
}

function inside({ x, y, width, height }: Rectangle, screen: Size): boolean {
  return x >= 0 && y >= 0 && x + width <= screen.width && y + height <= screen.height;
}

function fits(update: Update, screen: Size): boolean {
  const { width, height, payload } = update;
  switch (update.kind) {
    case UpdateKind.CURSOR_POSITION:
      return width === 0 && height === 0 && payload.length === 0;
    case UpdateKind.CURSOR_SHAPE:
      return (
        Math.max(width, height) <= MAX_CURSOR_SIDE_PX &&
        (update.codec !== CodecId.NONE || payload.length === 0)
      );
    case UpdateKind.COPY:
      return (
        payload.length === COPY_SOURCE_BYTES &&
        inside(update, screen) &&
        inside({ width, height, ...copySource(update) }, screen)
      );
    case UpdateKind.LOSSLESS:
    case UpdateKind.LOSSY:
    case UpdateKind.VIDEO:
      return width > 0 && height > 0 && inside(update, screen);
  }
}

function checkUpdate(update: Update, screen: Size): void {
  const { kind, codec, x, y, width, height } = update;
  if (!CODECS[kind].includes(codec))
    throw new MalformedError(`codec ${codec} cannot carry an update of kind ${kind}`);
  if (!fits(update, screen)) {
    const box = `${width}x${height} at ${x},${y}`;
    throw new LimitError(
      `update of kind ${kind}, ${box}, does not fit a ${screen.width}x${screen.height} screen`,
    );
  }
}
