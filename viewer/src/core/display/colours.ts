/**
 * Whether this browser shows a codec's video in the colours it was made with (SPEC D4).
 *
 * Asking does not help: Firefox says of a frame what it was told, and yet takes VP8 and VP9 for limited range, so that dark
 * gets darker and bright brighter. So one picture of one colour is decoded, drawn and looked at.
 */
import { CodecId } from "../../protocol/generated";

/** Side of the samples, in pixels. */
export const SAMPLE_PX = 16;
/** Of the samples, as made. In limited range, or by the matrix of BT.601, one of the three is off by 16 or more. */
const COLOUR = [200, 60, 40] as const;
const TOLERANCE = 6;

/** Key chunks of libvpx: 16x16 pixels of that colour in BT.709 and full range. */
const SAMPLES: Readonly<Partial<Record<CodecId, string>>> = {
  [CodecId.VP8]: "EAMAnQEqEAAQADkJAAIcIhYWImYSIA4ICdaoD+AIM/e6AP76eV//U4/Jx+Tj+vt/+1LP2pZ+1LP+0xA=",
  [CodecId.VP9]: "gkmDQlAA8AD2BDgkHBgwAAAgQAAim//++c6pp2/L5YQ0Vu2rVrNQuzSpRpUIHQ7XHppgH///6vn////+/WAA",
};

/** A key chunk to try a codec with; `null` for one that says its colours in the stream itself. */
export function sampleOf(codec: CodecId): Uint8Array<ArrayBuffer> | null {
  const sample = SAMPLES[codec];
  return sample === undefined ? null : Uint8Array.from(atob(sample), (byte) => byte.charCodeAt(0));
}

/** Whether the picture of a sample has its colour where it is drawn. */
export function isSampleRight(picture: VideoFrame): boolean {
  const context = new OffscreenCanvas(SAMPLE_PX, SAMPLE_PX).getContext("2d", { willReadFrequently: true });
  if (context === null) return false;
  context.drawImage(picture, 0, 0);
  const [red = 0, green = 0, blue = 0] = context.getImageData(SAMPLE_PX / 2, SAMPLE_PX / 2, 1, 1).data;
  const off = [red - COLOUR[0], green - COLOUR[1], blue - COLOUR[2]];
  return off.every((difference) => Math.abs(difference) <= TOLERANCE);
}
