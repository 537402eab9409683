/** Targets of the wire: the header, the frame container, the messages of each direction, the flights. */
import { decodeFlight } from "../../src/crypto/flights";
import {
  direction,
  hostToViewer,
  relayToViewer,
  viewerToHost,
  viewerToRelay,
  viewerToViewer,
} from "../../src/protocol/codec";
import { decodeFrame } from "../../src/protocol/frame";
import {
  AGENT_TO_RELAY_TAGS,
  type AgentToRelay,
  MAX_CONTROL_BYTES,
  RELAY_TO_AGENT_TAGS,
  type RelayToAgent,
} from "../../src/protocol/generated";
import { parseHeader } from "../../src/protocol/header";
import { unhex } from "../support/vectors";
import { vectors } from "./files";
import { type Octets, reader, type Target } from "./mutate";

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

/** Reads a message, or throws. */
export type Read = (body: Octets) => unknown;

/** What reads the messages of a direction, or a flight of the handshake. */
export interface WireReader {
  readonly name: string;
  readonly read: Read;
  /** The vectors for it, right and wrong ones. */
  readonly seeds: readonly Octets[];
}

const DIRECTIONS: Readonly<Record<string, { readonly decode: Read }>> = {
  AgentToRelay: direction<AgentToRelay>(AGENT_TO_RELAY_TAGS, MAX_CONTROL_BYTES),
  RelayToAgent: direction<RelayToAgent>(RELAY_TO_AGENT_TAGS, MAX_CONTROL_BYTES),
  ViewerToRelay: viewerToRelay,
  RelayToViewer: relayToViewer,
  ViewerToHost: viewerToHost,
  HostToViewer: hostToViewer,
  ViewerToViewer: viewerToViewer,
};

/** Seven directions and four flights. */
export function wireReaders(): WireReader[] {
  const messages = vectors("wire/messages") as readonly Case[];
  const steps = (vectors("crypto/handshake") as Handshake).cases.flatMap((one) => one.steps);
  const flights = steps.flatMap(({ output }) => (output === undefined ? [] : [unhex(output)]));
  return [
    ...Object.entries(DIRECTIONS).map(([name, one]) => ({
      name,
      read: (body: Octets) => one.decode(body),
      seeds: bytesOf(messages.filter((message) => message.direction === name)),
    })),
    ...([1, 2, 3, 4] as const).map((number) => ({
      name: `flight ${number}`,
      read: (body: Octets) => decodeFlight(body, number),
      seeds: flights,
    })),
  ];
}

/** Their seeds are the vectors, in the order of the files. */
export function wireTargets(): Target[] {
  return [
    reader("header", parseHeader, bytesOf(vectors("wire/headers") as readonly Case[])),
    reader("frame", decodeFrame, bytesOf(vectors("wire/frames") as readonly Case[])),
    ...wireReaders().map(({ name, read, seeds }) => reader(name, read, seeds)),
  ];
}
