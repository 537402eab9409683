/** The size that an encoded picture says it has, read before a decoder is let near it. */
import { CodecId } from "../../protocol/generated";
import type { Size } from "../../protocol/frame";

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

function begins(data: Uint8Array, at: number, bytes: readonly number[]): boolean {
  return bytes.every((byte, i) => data[at + i] === byte);
}

function ascii(text: string): number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}

function pngSize(data: Uint8Array, view: DataView): Size | null {
  if (data.length < 24 || !begins(data, 0, PNG_SIGNATURE) || !begins(data, 12, ascii("IHDR"))) return null;
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/** SOF0 to SOF15 carry the size; C4, C8 and CC in the same range are tables. */
function isStartOfFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/**
 * Segments that may stand before the size, each of which says how long it is: tables and what programs add. Decoders skip
 * over other markers and none of our hosts writes one: what stands behind them would be read here as something else.
 */
function isSegment(marker: number): boolean {
  const isTable = marker === 0xc4 || marker === 0xcc || marker === 0xdb || marker === 0xdd;
  return isTable || (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe;
}

function jpegSize(data: Uint8Array, view: DataView): Size | null {
  if (!begins(data, 0, [0xff, 0xd8])) return null;
  let at = 2;
  while (at + 9 <= data.length && data[at] === 0xff) {
    const marker = data[at + 1] ?? 0;
    if (isStartOfFrame(marker)) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    if (marker !== 0xff && !isSegment(marker)) return null;
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return null;
}

function webpSize(data: Uint8Array, view: DataView): Size | null {
  if (data.length < 30 || !begins(data, 0, ascii("RIFF")) || !begins(data, 8, ascii("WEBP"))) return null;
  if (begins(data, 12, ascii("VP8 "))) {
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  if (begins(data, 12, ascii("VP8L"))) {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (begins(data, 12, ascii("VP8X"))) {
    const [width, height] = [view.getUint32(24, true), view.getUint32(26, true) >>> 8];
    return { width: (width & 0xffffff) + 1, height: height + 1 };
  }
  return null;
}

/** The announced size, or `null` where the data are not such a picture. */
export function announcedSize(codec: CodecId, data: Uint8Array): Size | null {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  if (codec === CodecId.PNG) return pngSize(data, view);
  if (codec === CodecId.JPEG) return jpegSize(data, view);
  return codec === CodecId.WEBP ? webpSize(data, view) : null;
}

/** Only key frames of VP8 have a size (RFC 6386, 9.1). */
function vp8Size(data: Uint8Array, view: DataView): Size | null {
  const isKey = data.length >= 10 && ((data[0] ?? 1) & 1) === 0 && begins(data, 3, [0x9d, 0x01, 0x2a]);
  return isKey ? { width: view.getUint16(6, true) & 0x3fff, height: view.getUint16(8, true) & 0x3fff } : null;
}

/** A key frame of VP9's profile 0, whose size begins in the middle of an octet (VP9 bitstream, 6.2 and 6.2.3). */
function vp9Size(data: Uint8Array, view: DataView): Size | null {
  const isKey = ((data[0] ?? 0) & 0xfc) === 0x80 && begins(data, 1, [0x49, 0x83, 0x42]);
  if (!isKey || data.length < 9) return null;
  const side = (at: number): number => (((view.getUint8(at) << 16) | view.getUint16(at + 1)) >> 4) & 0xffff;
  return { width: side(4) + 1, height: side(6) + 1 };
}

/**
 * The size that a chunk of video says of itself, as a decoder makes room for that much; `null` where it says none that is
 * read here.
 */
export function announcedVideoSize(codec: CodecId, data: Uint8Array): Size | null {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  if (codec === CodecId.VP8) return vp8Size(data, view);
  return codec === CodecId.VP9 ? vp9Size(data, view) : null;
}

/** The media type that the browser's decoder is told. */
export function mediaType(codec: CodecId): string {
  if (codec === CodecId.PNG) return "image/png";
  return codec === CodecId.JPEG ? "image/jpeg" : "image/webp";
}
