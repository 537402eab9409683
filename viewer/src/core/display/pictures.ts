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

function jpegSize(data: Uint8Array, view: DataView): Size | null {
  if (!begins(data, 0, [0xff, 0xd8])) return null;
  let at = 2;
  while (at + 9 <= data.length && data[at] === 0xff) {
    const marker = data[at + 1] ?? 0;
    if (isStartOfFrame(marker)) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
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

/** The media type that the browser's decoder is told. */
export function mediaType(codec: CodecId): string {
  if (codec === CodecId.PNG) return "image/png";
  return codec === CodecId.JPEG ? "image/jpeg" : "image/webp";
}
