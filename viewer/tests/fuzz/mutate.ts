/** The seeded mutator and the targets of the fuzzing, the same as in `tests/fuzz/mutate.py`. */
import { decodeFlight } from "../../src/crypto/flights";
import {
  direction,
  hostToViewer,
  relayToViewer,
  viewerToHost,
  viewerToRelay,
  viewerToViewer,
} from "../../src/protocol/codec";
import { ProtocolError } from "../../src/protocol/errors";
import { decodeFrame } from "../../src/protocol/frame";
import {
  AGENT_TO_RELAY_TAGS,
  type AgentToRelay,
  MAX_CONTROL_BYTES,
  RELAY_TO_AGENT_TAGS,
  type RelayToAgent,
} from "../../src/protocol/generated";
import { parseHeader } from "../../src/protocol/header";
import { unhex, vectors } from "../support/vectors";

type Octets = Uint8Array<ArrayBuffer>;
type Below = (limit: number) => number;

const MAX_BYTES = 4096;
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

const joined = (...parts: readonly (Uint8Array | number[])[]): Octets =>
  new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part))));

function spoilOnce(message: Octets, below: Below): Octets {
  const way = below(8);
  const at = below(message.length);
  const head = message.slice(0, at);
  const tail = message.slice(at + 1);
  switch (way) {
    case 0:
      return head;
    case 1:
      return joined(message, message.slice(at));
    case 2:
      return Uint8Array.from({ length: Math.min(at, 64) }, () => below(256));
    case 3:
      return joined(head, [below(256)], tail);
    case 4:
      return joined(head, [(message[at] ?? 0) ^ (1 << below(8))], tail);
    case 5:
      return joined(head, [below(256)], message.slice(at));
    case 6:
      return joined(head, tail);
    default:
      return joined(head, [TURNS[below(TURNS.length)] ?? 0], tail);
  }
}

function spoil(given: Octets, below: Below): Octets {
  let message = given;
  for (let left = 1 + below(3); left > 0; left -= 1) message = spoilOnce(message, below).slice(0, MAX_BYTES);
  return message;
}

/** What is fuzzed: a reader, and the right messages that are spoilt for it. */
export interface Target {
  readonly name: string;
  readonly read: (body: Octets) => unknown;
  readonly seeds: readonly Octets[];
}

/** Case number n of a target. */
export function caseOf(target: Target, seed: number, number: number): Octets {
  const below = seeded(Number(BigInt.asUintN(32, BigInt(seed) * 1_000_003n + BigInt(number))));
  return spoil(target.seeds[below(target.seeds.length)] ?? new Uint8Array(), below);
}

/** Whether the reader takes it; any failure but a typed one of the wire is a mistake of ours, and thrown. */
export function accepts(target: Target, body: Octets): boolean {
  try {
    target.read(body);
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

/** A sign for each case, in groups of four as a hexadecimal digit: 1 is taken, 0 is refused. */
export function verdicts(target: Target, seed: number, count: number): string {
  let bits = "";
  for (let number = 0; number < count; number += 1)
    bits += accepts(target, caseOf(target, seed, number)) ? "1" : "0";
  bits = bits.padStart(Math.ceil(count / 4) * 4, "0");
  return (bits.match(/.{4}/gu) ?? []).map((four) => Number.parseInt(four, 2).toString(16)).join("");
}

interface Case {
  readonly hex: string;
  readonly zeros?: number;
  readonly direction?: string;
}
interface Handshake {
  readonly cases: readonly { readonly steps: readonly { readonly output?: string }[] }[];
}

const bytesOf = (cases: readonly Case[]): Octets[] =>
  cases.filter((one) => !one.zeros && one.hex !== "").map((one) => unhex(one.hex));

const READERS: Readonly<Record<string, { readonly decode: (body: Octets) => unknown }>> = {
  AgentToRelay: direction<AgentToRelay>(AGENT_TO_RELAY_TAGS, MAX_CONTROL_BYTES),
  RelayToAgent: direction<RelayToAgent>(RELAY_TO_AGENT_TAGS, MAX_CONTROL_BYTES),
  ViewerToRelay: viewerToRelay,
  RelayToViewer: relayToViewer,
  ViewerToHost: viewerToHost,
  HostToViewer: hostToViewer,
  ViewerToViewer: viewerToViewer,
};

/** Every target, its seeds from the vectors that both languages share, in the order of the files. */
export function targets(): Target[] {
  const messages = vectors("wire/messages") as readonly Case[];
  const steps = (vectors("crypto/handshake") as Handshake).cases.flatMap((one) => one.steps);
  const flights = steps.flatMap(({ output }) => (output === undefined ? [] : [unhex(output)]));
  return [
    { name: "header", read: parseHeader, seeds: bytesOf(vectors("wire/headers") as readonly Case[]) },
    { name: "frame", read: decodeFrame, seeds: bytesOf(vectors("wire/frames") as readonly Case[]) },
    ...Object.entries(READERS).map(([name, reader]) => ({
      name,
      read: (body: Octets) => reader.decode(body),
      seeds: bytesOf(messages.filter((one) => one.direction === name)),
    })),
    ...([1, 2, 3, 4] as const).map((number) => ({
      name: `flight ${number}`,
      read: (body: Octets) => decodeFlight(body, number),
      seeds: flights,
    })),
  ];
}
