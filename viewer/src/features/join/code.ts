/** The join code as people write it: twelve digits, whatever stands between them. */
import { CODE_DIGITS } from "../../protocol/generated";

/** Routing digits and secret digits together. */
export const CODE_LENGTH = 2 * CODE_DIGITS;

const GROUP = 3;

/** The digits of a typed or pasted text, at most a whole code; full-width and Arabic digits count as well. */
export function digitsOf(typed: string): string {
  const plain = typed
    .normalize("NFKC")
    .replace(/[\u0660-\u0669]/g, (digit) => String(digit.charCodeAt(0) - 0x0660))
    .replace(/[\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) - 0x06f0));
  return plain.replace(/[^0-9]/g, "").slice(0, CODE_LENGTH);
}

/** Digits in groups of three, as they are read out: `482 913 705 146`. */
export function grouped(digits: string): string {
  return digits.match(new RegExp(`.{1,${GROUP}}`, "g"))?.join(" ") ?? "";
}

/** Tell whether all digits are there. */
export function isWhole(digits: string): boolean {
  return digits.length === CODE_LENGTH;
}

/** Where the caret belongs in the grouped text, so that so many digits stand before it. */
export function caretAfter(digitsBefore: number): number {
  return digitsBefore === 0 ? 0 : digitsBefore + Math.floor((digitsBefore - 1) / GROUP);
}
