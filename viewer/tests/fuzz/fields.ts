/** A target of messages whose fields are changed one by one: `tests/fuzz/fields.py` says what it is for. */
import { ProtocolError } from "../../src/protocol/errors";
import { json } from "./files";
import { at, type Below, joined, type Octets, oneOf, type Target } from "./mutate";
import { unhex } from "../support/vectors";
import { type Read, wireReaders } from "./wire";

interface Values {
  readonly sizes: readonly number[];
  readonly letters: readonly string[];
  readonly raw: readonly string[];
  readonly words: readonly string[];
}

const VALUES = json("tests/fuzz/values.json") as Values;
const SIZES = VALUES.sizes;
const LETTERS = VALUES.letters.map((code) => String.fromCodePoint(Number.parseInt(code, 16)));
const RAW = VALUES.raw.map(unhex);
const WORDS = VALUES.words;

interface Seed {
  readonly reader: number;
  readonly items: readonly Octets[];
}

/** One target of all directions and flights; its seeds are the messages that both sides take. */
export function fieldTargets(): Target[] {
  const readers = wireReaders();
  const seeds = readers.flatMap(({ read, seeds: bodies }, number) =>
    bodies
      .filter((body) => isTaken(read, body))
      .map((body) => ({ reader: number, ...parted(body) }))
      .filter(({ isMap }) => isMap),
  );
  const read = (body: Octets): string =>
    isTaken(at(readers, (body[0] ?? 0) % readers.length).read, body.slice(1)) ? "1" : "0";
  return [{ name: "fields", make: (below) => changed(seeds, below), read }];
}

function isTaken(read: Read, body: Octets): boolean {
  try {
    read(body);
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

function changed(seeds: readonly Seed[], below: Below): Octets {
  const seed = oneOf(seeds, below);
  const items = [...seed.items];
  for (let left = 1 + below(2); left > 0; left -= 1) change(items, below);
  return joined([seed.reader], mapOf(items));
}

/** Change one of the fields, which are key, value, key, value. */
function change(items: Octets[], below: Below): void {
  const way = below(10);
  const place = 2 * below(Math.floor(items.length / 2));
  if (way === 1 || way === 2) {
    items.push(Uint8Array.of(0xa2, 0x7a, 0x61 + items.length / 2), value(below));
    return;
  }
  if (items.length === 0) return;
  if (way === 0) items.splice(place, 2);
  else if (way === 3) {
    const other = 2 * below(Math.floor(items.length / 2)) + 1;
    [items[place + 1], items[other]] = [at(items, other), at(items, place + 1)];
  } else items[place + 1] = way < 7 ? inside(at(items, place + 1), below) : value(below);
}

/** Another value, or in a list or a map: another one in it. */
function inside(given: Octets, below: Below): Octets {
  const { isMap, items } = parted(given);
  if (items.length === 0) return value(below);
  const place = below(items.length);
  items[place] = inside(at(items, place), below);
  return isMap ? mapOf(items) : arrayOf(items);
}

function value(below: Below): Octets {
  const way = below(4);
  if (way === 0) {
    const letter = oneOf(LETTERS, below);
    return textOf(new Uint8Array(Buffer.from(letter.repeat(oneOf(SIZES, below)))));
  }
  if (way === 1) {
    const size = oneOf(SIZES, below);
    return joined([0xc5, size >> 8, size & 255], new Uint8Array(size));
  }
  if (way === 2) return textOf(new Uint8Array(Buffer.from(oneOf(WORDS, below))));
  return oneOf(RAW, below);
}

const textOf = (data: Octets): Octets =>
  data.length < 32
    ? joined([0xa0 + data.length], data)
    : joined([0xda, data.length >> 8, data.length & 255], data);

const mapOf = (items: readonly Octets[]): Octets =>
  joined([0xde, (items.length / 2) >> 8, (items.length / 2) & 255], ...items);

const arrayOf = (items: readonly Octets[]): Octets =>
  joined([0xdc, items.length >> 8, items.length & 255], ...items);

const two = (body: Octets, place: number): number => ((body[place] ?? 0) << 8) | (body[place + 1] ?? 0);

/** Whether it is a map, and the pieces of a map or a list; nothing of anything else. */
function parted(body: Octets): { readonly isMap: boolean; readonly items: Octets[] } {
  const first = body[0] ?? 0;
  let [place, count, isMap] = [0, 0, false];
  if (first >= 0x80 && first <= 0x9f) [place, count, isMap] = [1, first & 15, first < 0x90];
  else if (first === 0xdc || first === 0xde) [place, count, isMap] = [3, two(body, 1), first === 0xde];
  const items: Octets[] = [];
  for (let left = isMap ? 2 * count : count; left > 0; left -= 1) {
    const end = endOf(body, place);
    items.push(body.slice(place, end));
    place = end;
  }
  return { isMap, items };
}

const FIXED: Readonly<Record<number, number>> = {
  ...{ 0xc7: 3, 0xd4: 3, 0xd5: 4, 0xd6: 6, 0xd7: 10, 0xd8: 18, 0xdd: 5, 0xdf: 5 },
  ...{ 0xc0: 1, 0xc1: 1, 0xc2: 1, 0xc3: 1, 0xca: 5, 0xcb: 9, 0xcc: 2, 0xcd: 3, 0xce: 5, 0xcf: 9 },
  ...{ 0xd0: 2, 0xd1: 3, 0xd2: 5, 0xd3: 9 },
};
const COUNTED: Readonly<Record<number, number>> = {
  ...{ 0xc4: 1, 0xc5: 2, 0xc6: 4, 0xd9: 1, 0xda: 2, 0xdb: 4 },
};

/** Where the value that begins here ends; only what right messages and the values above hold. */
function endOf(body: Octets, place: number): number {
  const first = body[place] ?? 0;
  if (first < 0x80 || first >= 0xe0) return place + 1;
  if (first >= 0xa0 && first <= 0xbf) return place + 1 + (first & 31);
  const fixed = FIXED[first];
  if (fixed !== undefined) return place + fixed;
  const counted = COUNTED[first];
  if (counted !== undefined) return place + 1 + counted + Buffer.from(body).readUIntBE(place + 1, counted);
  const isWide = first >= 0xdc;
  const isMap = first < 0x90 || first === 0xde;
  const count = (isWide ? two(body, place + 1) : first & 15) * (isMap ? 2 : 1);
  let end = place + (isWide ? 3 : 1);
  for (let left = count; left > 0; left -= 1) end = endOf(body, end);
  return end;
}
