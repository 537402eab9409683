/** What goes into a terminal, in pieces that the wire takes. */
import { MAX_TERMINAL_BYTES, MAX_TERMINAL_SIDE } from "../../protocol/generated";

/** Bytes in pieces of at most `MAX_TERMINAL_BYTES`. */
export function pieces(data: Uint8Array): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += MAX_TERMINAL_BYTES)
    found.push(data.subarray(at, at + MAX_TERMINAL_BYTES));
  return found;
}

/** Typed text as UTF-8. */
export function typed(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Bytes that a terminal reports one a character (old mouse reports). */
export function binary(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0) & 0xff);
}

/** What a person types in a moment, and a terminal answers; more than that only a flood of questions brings about. */
const MAX_WAITING_BYTES = 2 ** 20;
const GATHER_MS = 8;

/** Gathers what goes into a terminal, so that many little answers are a few messages (SPEC R10). */
export class Typing {
  #waiting: Uint8Array[] = [];
  #bytes = 0;

  constructor(private readonly send: (data: Uint8Array) => void) {}

  /** Send this with the next piece; beyond a bound what is no longer waited for is left out. */
  add(data: Uint8Array): void {
    if (this.#bytes + data.length > MAX_WAITING_BYTES) return;
    if (this.#waiting.length === 0) setTimeout(() => this.#flush(), GATHER_MS);
    this.#waiting.push(data);
    this.#bytes += data.length;
  }

  #flush(): void {
    const whole = new Uint8Array(this.#bytes);
    let at = 0;
    for (const data of this.#waiting) {
      whole.set(data, at);
      at += data.length;
    }
    this.#waiting = [];
    this.#bytes = 0;
    for (const piece of pieces(whole)) this.send(piece);
  }
}

/** A side of a terminal within the wire's bounds. */
export function side(count: number): number {
  return Math.min(Math.max(Math.floor(count) || 1, 1), MAX_TERMINAL_SIDE);
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** A size as people read it, in their language. */
export function sizeText(bytes: number, language: string): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1);
  const format = new Intl.NumberFormat(language, {
    style: "unit",
    unit: UNITS[power] ?? "byte",
    unitDisplay: "short",
    maximumFractionDigits: power < 3 ? 0 : 1,
  });
  return format.format(bytes / 1000 ** power);
}
