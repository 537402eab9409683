/** Typed text as the wire takes it: no controls, no characters that turn the direction of reading. */
import { MAX_CHAT_CHARS, MAX_TOLD_REASON_CHARS } from "../../protocol/generated";

const LINE_FEED = 0x0a;
/** Those that change the direction of reading, or cannot be seen. */
const HIDDEN = /[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/u;

function isInert(letter: string): boolean {
  const code = letter.codePointAt(0) ?? 0;
  const control = code < 0x20 || (code >= 0x7f && code <= 0x9f);
  return code === LINE_FEED || (!control && !HIDDEN.test(letter));
}

function inert(text: string): string {
  return Array.from(text).filter(isInert).join("");
}

function cut(text: string, most: number): string {
  return Array.from(text).slice(0, most).join("");
}

/** A message of the chat; empty where nothing is left of it. */
export function chatText(typed: string): string {
  const plain = typed.replace(/\r\n?|[\u2028\u2029]/gu, "\n").replace(/\t/gu, "    ");
  return cut(inert(plain).trim(), MAX_CHAT_CHARS);
}

/** A reason that everybody is told: one line. */
export function reasonText(typed: string): string {
  return cut(inert(typed.replace(/\s+/gu, " ")).trim(), MAX_TOLD_REASON_CHARS);
}

/** The shortest reason that the wire takes. */
export const MIN_REASON_CHARS = 3;
