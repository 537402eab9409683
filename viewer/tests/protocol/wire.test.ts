import { describe, expect, test } from "vitest";

import { hex } from "../../src/crypto/bytes";
import {
  type Direction,
  direction,
  encodeMsgpack,
  hostToViewer,
  relayMessage,
  relayToViewer,
  viewerToHost,
  viewerToRelay,
  viewerToViewer,
} from "../../src/protocol/codec";
import { ProtocolError, UnknownTagError } from "../../src/protocol/errors";
import { decodeFrame } from "../../src/protocol/frame";
import {
  AGENT_TO_RELAY_TAGS,
  type AgentToRelay,
  HOST_TO_VIEWER_TAGS,
  MAX_CONTROL_BYTES,
  RELAY_TO_AGENT_TAGS,
  RELAY_TO_VIEWER_TAGS,
  type RelayToAgent,
  VIEWER_TO_HOST_TAGS,
  VIEWER_TO_RELAY_TAGS,
  VIEWER_TO_VIEWER_TAGS,
} from "../../src/protocol/generated";
import { bodyOf, packHeader, parseHeader } from "../../src/protocol/header";
import { unhex, vectors } from "../support/vectors";

interface Case {
  readonly name: string;
  readonly hex: string;
  readonly zeros?: number;
  readonly expect: string;
}
type Read = Readonly<Record<string, unknown>>;

const bytesOf = (given: Case) => unhex(given.hex + "00".repeat(given.zeros ?? 0));
const named = <C extends Case>(cases: readonly C[]) => cases.map((c) => [c.name, c] as const);

function outcome(read: () => unknown): string {
  try {
    read();
    return "ok";
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

describe("header vectors", () => {
  const cases = vectors("wire/headers") as readonly (Case & { readonly read?: Read })[];

  test.each(named(cases))("W: %s", (_, given) => {
    const message = bytesOf(given);
    expect(outcome(() => parseHeader(message))).toBe(given.expect);
    if (given.expect !== "ok") return;
    const read = parseHeader(message);
    expect({
      type: read.type,
      flags: read.flags,
      dst: read.dst,
      frame_id: read.frameId,
      key_id: read.keyId.toString(),
      counter: read.counter.toString(),
    }).toEqual(given.read);
    expect(hex(packHeader(read))).toBe(given.hex);
    expect(bodyOf(message)).toHaveLength(0);
  });
});

const DIRECTIONS: Readonly<Record<string, Direction<{ readonly t: string }>>> = {
  HostToViewer: hostToViewer,
  RelayToViewer: relayToViewer,
  ViewerToHost: viewerToHost,
  ViewerToRelay: viewerToRelay,
  ViewerToViewer: viewerToViewer,
  AgentToRelay: direction<AgentToRelay>(AGENT_TO_RELAY_TAGS, MAX_CONTROL_BYTES),
  RelayToAgent: direction<RelayToAgent>(RELAY_TO_AGENT_TAGS, MAX_CONTROL_BYTES),
};

const ALL_TAGS = [
  ...AGENT_TO_RELAY_TAGS,
  ...RELAY_TO_AGENT_TAGS,
  ...VIEWER_TO_RELAY_TAGS,
  ...RELAY_TO_VIEWER_TAGS,
  ...VIEWER_TO_HOST_TAGS,
  ...HOST_TO_VIEWER_TAGS,
  ...VIEWER_TO_VIEWER_TAGS,
];

/** Bytes as the vectors write them. */
function shown(value: unknown): unknown {
  if (value instanceof Uint8Array) return { hex: hex(value) };
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shown(one)]));
}

describe("message vectors", () => {
  const cases = vectors("wire/messages") as readonly (Case & {
    readonly direction: string;
    readonly read?: Read;
  })[];

  test.each(named(cases))("M: %s", (_, given) => {
    const reader = DIRECTIONS[given.direction];
    if (reader === undefined) throw new Error(`no direction ${given.direction}`);
    expect(outcome(() => reader.decode(bytesOf(given)))).toBe(given.expect);
    if (given.expect !== "ok") return;
    const message = reader.decode(bytesOf(given));
    expect(shown(message)).toEqual(given.read);
    expect(reader.decode(encodeMsgpack(message))).toEqual(message);
  });

  test("every message of every direction has a vector", () => {
    const covered = new Set(cases.filter((c) => c.expect === "ok").map((c) => c.name));
    for (const tag of ALL_TAGS) expect(covered).toContain(tag);
  });
});

describe("hostile message bodies", () => {
  const refused = (value: unknown) => outcome(() => hostToViewer.decode(encodeMsgpack(value)));

  test("M2: an unknown tag has its own error", () => {
    expect(() => hostToViewer.decode(encodeMsgpack({ t: "Nonsense" }))).toThrow(UnknownTagError);
    expect(() => hostToViewer.decode(encodeMsgpack({ t: "toString" }))).toThrow(UnknownTagError);
  });

  test("M3: unknown keys do not travel further", () => {
    const body = encodeMsgpack({ t: "HeartbeatEcho", t_ms: 5, extra: "x", constructor: 1 });
    expect(hostToViewer.decode(body)).toEqual({ t: "HeartbeatEcho", t_ms: 5 });
  });

  test("a number beyond 2^53 is refused, not rounded", () => {
    const body = unhex("82a174a8486f73744261636ba46c696e6bcf0020000000000001");
    expect(outcome(() => relayToViewer.decode(body))).toBe("malformed");
  });

  test.each([
    ["NaN for a time", { t: "HeartbeatEcho", t_ms: NaN }],
    ["infinity for a time", { t: "HeartbeatEcho", t_ms: Infinity }],
    ["a fraction for a count", { t: "ConsentPending", mode: "full", deadline_s: 1.5 }],
    ["a text for bytes", { t: "Epoch", epoch: 1, secret: "x".repeat(32), members: [] }],
    [
      "an unknown capability",
      { t: "ModeState", mode: "full", rights: { "root.shell": { permit: "allow" } } },
    ],
    ["a list for a map", { t: "ModeState", mode: "full", rights: [] }],
    ["null for a code", { t: "HostGoodbye", code: null }],
  ])("%s is malformed", (_, value) => {
    expect(refused(value)).toBe("malformed");
  });

  test.each([
    ["an extension type", "c70105"],
    ["a map that claims 2^32 entries", "dfffffffff"],
    ["a text longer than the body", "dbffffffff"],
    ["a __proto__ key", "81a95f5f70726f746f5f5f80"],
    ["bytes after the message", "81a174a9486f7374476f6f64627965c0"],
    ["ten thousand nested lists", `${"91".repeat(10_000)}c0`],
  ])("%s is malformed", (_, text) => {
    expect(outcome(() => hostToViewer.decode(unhex(text)))).toBe("malformed");
  });

  test("a control message carries the relay's header", () => {
    const message = relayMessage({ t: "Leave" });
    expect(parseHeader(message)).toMatchObject({ type: 0, dst: 255, keyId: 0n, counter: 0n });
    expect(viewerToRelay.decode(bodyOf(message))).toEqual({ t: "Leave" });
  });
});

describe("frame vectors", () => {
  interface FrameRead {
    readonly width: number;
    readonly height: number;
    readonly time_ms: number;
    readonly updates: readonly unknown[];
  }
  const cases = vectors("wire/frames") as readonly (Case & { readonly read?: FrameRead })[];

  test.each(named(cases))("F: %s", (_, given) => {
    const data = bytesOf(given);
    expect(outcome(() => decodeFrame(data))).toBe(given.expect);
    if (given.expect !== "ok") return;
    const frame = decodeFrame(data);
    const updates = frame.updates.map((u) => [
      u.kind,
      u.codec,
      u.stream,
      u.x,
      u.y,
      u.width,
      u.height,
      hex(u.payload),
    ]);
    expect({ width: frame.width, height: frame.height, time_ms: frame.timeMs, updates }).toEqual(given.read);
  });

  test("F: every cut of a good frame is malformed, wherever it lies in its buffer", () => {
    const good = bytesOf(cases[0] ?? { name: "", hex: "", expect: "" });
    for (let end = 0; end < good.length; end += 1) {
      const inside = new Uint8Array(good.length + 5);
      inside.set(good, 5);
      expect(outcome(() => decodeFrame(inside.subarray(5, 5 + end)))).toBe("malformed");
    }
  });
});
