/** Frame containers and pictures as a host makes them, whole or spoilt. */
import { deflateSync } from "node:zlib";

import { type Bytes, concat } from "../../../src/crypto/bytes";
import { CodecId, UpdateKind } from "../../../src/protocol/generated";

export interface MadeUpdate {
  readonly kind: UpdateKind;
  readonly codec: CodecId;
  readonly stream?: number;
  readonly x?: number;
  readonly y?: number;
  readonly width?: number;
  readonly height?: number;
  readonly payload?: Uint8Array;
}

function updateBytes(given: MadeUpdate): Bytes {
  const payload = given.payload ?? new Uint8Array();
  const view = new DataView(new ArrayBuffer(16));
  view.setUint8(0, given.kind);
  view.setUint8(1, given.codec);
  view.setUint16(2, given.stream ?? 0);
  view.setInt16(4, given.x ?? 0);
  view.setInt16(6, given.y ?? 0);
  view.setUint16(8, given.width ?? 0);
  view.setUint16(10, given.height ?? 0);
  view.setUint32(12, payload.length);
  return concat(new Uint8Array(view.buffer), payload);
}

/** A frame container of this screen size. */
export function container(width: number, height: number, updates: readonly MadeUpdate[]): Bytes {
  const view = new DataView(new ArrayBuffer(12));
  view.setUint8(0, 1);
  view.setUint16(2, updates.length);
  view.setUint16(4, width);
  view.setUint16(6, height);
  return concat(new Uint8Array(view.buffer), ...updates.map(updateBytes));
}

/** zlib data. */
export function deflated(data: Uint8Array): Bytes {
  return new Uint8Array(deflateSync(data));
}

/** A rectangle of one colour, as the host's lossless encoder sends it. */
export function filled(
  box: Required<Pick<MadeUpdate, "x" | "y" | "width" | "height">>,
  rgb: readonly number[],
): MadeUpdate {
  const rows = Uint8Array.from({ length: box.width * box.height * 3 }, (_, i) => rgb[i % 3] ?? 0);
  return { ...box, kind: UpdateKind.LOSSLESS, codec: CodecId.DEFLATE_RGB, payload: deflated(rows) };
}
