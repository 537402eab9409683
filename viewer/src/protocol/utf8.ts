/**
 * Texts of a msgpack body are UTF-8 (SPEC M1), which the msgpack library does not look at: it makes something of
 * whatever octets there are, so that this side would take messages that every other side refuses.
 */
import { MalformedError } from "./errors";

const strict = new TextDecoder("utf-8", { fatal: true });

/** By the first octet from 0xc0 to 0xdf: how many octets follow, or minus how many of them are a length. */
const FOLLOWING = [
  0, 0, 0, 0, -1, -2, -4, -1, -2, -4, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17, -1, -2, -4, 2, 4, 2, 4,
] as const;
const EXT = 0xc7;
const LAST_EXT = 0xc9;
const FIXED_EXT = 0xd4;
const LAST_FIXED_EXT = 0xd8;
const STR = 0xd9;
const LAST_STR = 0xdb;
const ARRAY16 = 0xdc;
const ARRAY32 = 0xdd;
const MAP16 = 0xde;

/**
 * Nothing, where each text of a body is UTF-8, nothing is an extension (SPEC M1), and no list says that it has more
 * items than there are octets, for which the library would make room at once. What the body nests need not be known:
 * its parts stand one after the other. Whether it is one whole value is for the library to tell.
 *
 * @throws MalformedError a text is not, something is, or a list says so
 * @throws RangeError it ends within a number
 */
export function checkTexts(body: Uint8Array): void {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let at = 0;
  let announced = 0;
  while (at < body.length) {
    const first = view.getUint8(at);
    at += 1;
    announced += itemsOf(view, first, at);
    if (announced > body.length) throw new MalformedError("more items than there are octets");
    if (first >= 0xa0 && first < 0xc0) at = checked(body, at, first - 0xa0);
    else if (first >= 0xc0 && first < 0xe0) at = afterLong(view, body, first, at);
  }
}

/** How many items a list or map has that begins with this octet; none for anything else. */
function itemsOf(view: DataView, first: number, at: number): number {
  if (first >= 0x80 && first < 0xa0) return first < 0x90 ? 2 * (first - 0x80) : first - 0x90;
  if (first < ARRAY16 || first > 0xdf) return 0;
  const count = first === ARRAY16 || first === MAP16 ? view.getUint16(at) : view.getUint32(at);
  return first === ARRAY16 || first === ARRAY32 ? count : 2 * count;
}

function afterLong(view: DataView, body: Uint8Array, first: number, at: number): number {
  if ((first >= EXT && first <= LAST_EXT) || (first >= FIXED_EXT && first <= LAST_FIXED_EXT)) {
    throw new MalformedError("an extension of msgpack");
  }
  const following = FOLLOWING[first - 0xc0] ?? 0;
  if (following >= 0) return at + following;
  const start = at - following;
  const length =
    following === -1 ? view.getUint8(at) : following === -2 ? view.getUint16(at) : view.getUint32(at);
  if (first >= STR && first <= LAST_STR) return checked(body, start, length);
  return start + length;
}

function checked(body: Uint8Array, start: number, length: number): number {
  try {
    strict.decode(body.subarray(start, start + length));
  } catch {
    throw new MalformedError("a text that is not UTF-8");
  }
  return start + length;
}
