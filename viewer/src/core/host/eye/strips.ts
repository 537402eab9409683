/** Exact pixels for the wire: deflate of RGB rows, by the browser's own compressor (SPEC F5, F6, F10). */
import type { Bytes } from "../../../crypto/bytes";
import { concat } from "../../../crypto/bytes";
import type { Rectangle, Size, Update } from "../../../protocol/frame";
import { CodecId, UpdateKind } from "../../../protocol/generated";
import type { Pixels } from "./tiles";

/** RGB rows of a rectangle; pixels are little-endian RGBA, as every browser's machine has them. */
export function rgbRows(pixels: Pixels, { width }: Size, box: Rectangle): Bytes {
  const rows = new Uint8Array(box.width * box.height * 3);
  let to = 0;
  for (let y = box.y; y < box.y + box.height; y += 1) {
    const start = y * width + box.x;
    for (let at = start; at < start + box.width; at += 1) {
      const pixel = pixels[at] ?? 0;
      rows[to] = pixel & 0xff;
      rows[to + 1] = (pixel >>> 8) & 0xff;
      rows[to + 2] = (pixel >>> 16) & 0xff;
      to += 3;
    }
  }
  return rows;
}

/** zlib data (RFC 1950). */
export async function deflate(data: Bytes): Promise<Bytes> {
  const stream = new CompressionStream("deflate");
  const writer = stream.writable.getWriter();
  const written = writer.write(data).then(() => writer.close());
  const pieces: Uint8Array[] = [];
  const reader = stream.readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
  }
  await written;
  return concat(...pieces);
}

/** One rectangle of the picture as a lossless update. */
export async function exactUpdate(pixels: Pixels, size: Size, box: Rectangle): Promise<Update> {
  const payload = await deflate(rgbRows(pixels, size, box));
  return { ...box, kind: UpdateKind.LOSSLESS, codec: CodecId.DEFLATE_RGB, stream: 0, payload };
}
