/** The seeded mutator of the fuzzing, the same as in `tests/fuzz/mutate.py`. */
import { crc32 } from "node:zlib";

import { ProtocolError } from "../../src/protocol/errors";

export type Octets = Uint8Array<ArrayBuffer>;
/** A whole number from 0 to limit - 1; 0 where limit is 0. */
export type Below = (limit: number) => number;

const MAX_BYTES = 4096;
const SEED_STEP = 1_000_003n;
// Octets at which readers of msgpack and of lengths turn.
const TURNS = [
  0, 1, 0x7f, 0x80, 0x8f, 0x90, 0xa0, 0xc0, 0xc1, 0xc3, 0xc4, 0xc7, 0xca, 0xcb, 0xcf, 0xd3, 0xd9, 0xdc, 0xdf,
  0xe0, 0xff,
];

/** Whole numbers below a limit that are the same in every run and in both languages (mulberry32). */
export function seeded(seed: number): Below {
  let state = seed | 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

export function joined(...parts: readonly (Uint8Array | readonly number[])[]): Octets {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function spoilOnce(message: Octets, below: Below): Octets {
  const way = below(9);
  const at = below(message.length);
  const head = message.subarray(0, at);
  const tail = message.subarray(at + 1);
  switch (way) {
    case 0:
      return head;
    case 1:
      return joined(message, message.subarray(at));
    case 2:
      return Uint8Array.from({ length: Math.min(at, 64) }, () => below(256));
    case 3:
      return joined(head, [below(256)], tail);
    case 4:
      return joined(head, [(message[at] ?? 0) ^ (1 << below(8))], tail);
    case 5:
      return joined(head, [below(256)], message.subarray(at));
    case 6:
      return joined(head, tail);
    case 7:
      return joined(head, [TURNS[below(TURNS.length)] ?? 0], tail);
    default: {
      const filler = 255 * below(2);
      return joined(head, [filler, filler, filler, filler], message.subarray(at + 4));
    }
  }
}

/** The message, spoilt one to three times in ways in which lines and liars spoil them. */
export function spoil(given: Octets, below: Below): Octets {
  let message = given;
  for (let left = 1 + below(3); left > 0; left -= 1)
    message = spoilOnce(message, below).subarray(0, MAX_BYTES);
  return message;
}

/** One of a list that is not empty. */
export function oneOf<T>(list: readonly T[], below: Below): T {
  return at(list, below(list.length));
}

/** What stands at a place that is there. */
export function at<T>(list: readonly T[], place: number): T {
  if (place >= list.length) throw new RangeError(`place ${place} of ${list.length}`);
  return list[place] as T;
}

/** Several messages as one case: each behind its length in two bytes. */
export function packed(parts: readonly Octets[]): Octets {
  return joined(...parts.flatMap((part) => [[part.length >> 8, part.length & 255], part]));
}

/** The number in the first two bytes of what may have fewer. */
export function u16(body: Uint8Array): number {
  return body.length < 2 ? (body[0] ?? 0) : ((body[0] ?? 0) << 8) | (body[1] ?? 0);
}

/** What `packed` has put together, and of anything else what its lengths reach. */
export function unpacked(body: Octets): Octets[] {
  const parts: Octets[] = [];
  let place = 0;
  while (place + 2 <= body.length) {
    const end = place + 2 + u16(body.subarray(place));
    parts.push(body.slice(place + 2, end));
    place = end;
  }
  return parts;
}

/** One to six messages of a pool: in turn, spoilt, repeated or out of turn. */
export function conversation(pool: readonly Octets[], below: Below): Octets {
  const parts: Octets[] = [];
  let place = 0;
  for (let left = 1 + below(6); left > 0; left -= 1) {
    const way = below(4);
    if (way === 0) place = below(pool.length);
    const message = at(pool, place % pool.length);
    parts.push(way === 1 ? spoil(message, below) : message);
    place += 1;
  }
  return packed(parts);
}

/** What came of a case, as one hexadecimal sign: 0 nothing was taken, else a digest of all that was read. */
export class Outcome {
  private digest = 0;
  private taken = false;

  /** Something was taken: these numbers (below 2^32) and bytes were read. */
  take(...read: readonly (NodeJS.ArrayBufferView | number)[]): void {
    this.taken = true;
    this.add(Buffer.from("+"));
    for (const one of read) {
      if (typeof one === "number") {
        const four = Buffer.alloc(4);
        four.writeUInt32BE(one);
        this.add(four);
      } else this.add(one);
    }
  }

  /** Something was refused, for a reason that both languages name alike. */
  refuse(kind: string): void {
    this.add(Buffer.from(`-${kind}`));
  }

  /** One of 0 to f. */
  get sign(): string {
    return this.taken ? (1 + (this.digest % 15)).toString(16) : "0";
  }

  private add(data: NodeJS.ArrayBufferView): void {
    // Node begins anew where there is nothing to add.
    if (data.byteLength > 0) this.digest = crc32(data, this.digest);
  }
}

/** What is fuzzed: how its cases are made, and what comes of one. */
export interface Target {
  readonly name: string;
  readonly make: (below: Below) => Octets;
  readonly read: (body: Octets) => string | Promise<string>;
}

/** Case number n of a target. */
export function caseOf(target: Target, seed: number, number: number): Octets {
  return target.make(seeded(Number(BigInt.asUintN(32, BigInt(seed) * SEED_STEP + BigInt(number)))));
}

/** A sign for each of these cases; any failure that is none of the wire is ours, and thrown. */
export async function signs(target: Target, seed: number, first: number, count: number): Promise<string> {
  let found = "";
  for (let number = first; number < first + count; number += 1) {
    const sign = target.read(caseOf(target, seed, number));
    found += typeof sign === "string" ? sign : await sign;
  }
  return found;
}

/** A target that takes a message or refuses it: 1 or 0. */
export function reader(name: string, read: (body: Octets) => unknown, seeds: readonly Octets[]): Target {
  return {
    name,
    make: (below) => spoil(oneOf(seeds, below), below),
    read: (body) => {
      try {
        // Readers give views of what they read: each case is its own.
        read(body.slice());
      } catch (error) {
        if (error instanceof ProtocolError) return "0";
        throw error;
      }
      return "1";
    },
  };
}
