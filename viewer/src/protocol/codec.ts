/**
 * Message bodies: msgpack maps whose key `t` is the message's name (SPEC M1-M5).
 *
 * The direction decides which names exist: a message from the wrong side does not even parse.
 */
import { Decoder, Encoder } from "@msgpack/msgpack";

import { LimitError, MalformedError, UnknownTagError } from "./errors";
import {
  HOST_TO_VIEWER_TAGS,
  type HostToViewer,
  MAX_CONTROL_BYTES,
  MAX_PAIRWISE_BYTES,
  RELAY_TO_VIEWER_TAGS,
  type RelayToViewer,
  VIEWER_TO_HOST_TAGS,
  type ViewerToHost,
  VIEWER_TO_RELAY_TAGS,
  type ViewerToRelay,
  VIEWER_TO_VIEWER_TAGS,
  type ViewerToViewer,
} from "./generated";
import { header, packHeader } from "./header";
import { shapeNamed } from "./schema";
import { Float, isMap } from "./shape";
import { checkTexts } from "./utf8";

// 64-bit integers come as BigInt, so that none is rounded before its bounds were checked.
const encoder = new Encoder({ ignoreUndefined: true });
const decoder = exact(new Decoder({ useBigInt64: true, maxExtLength: 0, mapKeyConverter: nameOf }));

function nameOf(key: unknown): string {
  if (typeof key !== "string") throw new MalformedError("a key that is no text");
  return key;
}

/**
 * The library's decoder where it gives away what the wire tells apart (its methods have no other place for this).
 *
 * JavaScript has one kind of number, the wire has two: a float stays told apart until its shape is known. And a
 * U+FEFF that begins a long text is a part of it, which the library takes for a mark and drops.
 */
function exact(plain: Decoder): Decoder {
  for (const name of ["readF32", "readF64"]) {
    const read = Reflect.get(plain, name) as () => number;
    Reflect.set(plain, name, () => new Float(read.call(plain)));
  }
  const read = Reflect.get(plain, "decodeUtf8String") as (bytes: number, before: number) => string;
  Reflect.set(plain, "decodeUtf8String", (bytes: number, before: number) => {
    const text = read.call(plain, bytes, before);
    const { bytes: body, pos } = plain as unknown as { readonly bytes: Uint8Array; readonly pos: number };
    return beginsMarked(body, pos - bytes) ? marked.decode(body.subarray(pos - bytes, pos)) : text;
  });
  return plain;
}

const marked = new TextDecoder("utf-8", { ignoreBOM: true });

function beginsMarked(body: Uint8Array, at: number): boolean {
  return body[at] === 0xef && body[at + 1] === 0xbb && body[at + 2] === 0xbf;
}

/** Decode any msgpack body of bounded size, with every failure as one typed error. */
export function decodeMsgpack(body: Uint8Array, maxBytes: number): unknown {
  if (body.length > maxBytes) throw new LimitError(`a body of ${body.length} bytes, at most ${maxBytes}`);
  return decoded(body);
}

function decoded(body: Uint8Array): unknown {
  try {
    checkTexts(body);
    return decoder.decode(body);
  } catch (error) {
    if (error instanceof MalformedError) throw error;
    throw new MalformedError(`not msgpack: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Encode a value as msgpack, whole numbers in their shortest form, keys in the order they stand. */
export function encodeMsgpack(value: unknown): Uint8Array<ArrayBuffer> {
  return encoder.encode(value);
}

/** Reads the messages of one direction. */
export interface Direction<M extends { readonly t: string }> {
  /**
   * @throws MalformedError bytes that do not parse, or a field outside its bounds
   * @throws UnknownTagError a tag that this direction does not have
   * @throws LimitError a body longer than this direction allows
   */
  readonly decode: (body: Uint8Array) => M;
}

/** The reader of a direction from its generated tags. */
export function direction<M extends { readonly t: string }>(
  tags: readonly M["t"][],
  maxBytes: number,
): Direction<M> {
  const known: ReadonlySet<string> = new Set(tags);
  const decode = (body: Uint8Array): M => {
    const value = decodeMsgpack(body, maxBytes);
    if (!isMap(value) || typeof value["t"] !== "string") throw new MalformedError("a body without a tag");
    const tag = value["t"];
    if (!known.has(tag)) throw new UnknownTagError(tag);
    // The schema was generated from the same class as M: this is where the two meet.
    return { t: tag, ...shapeNamed(tag)(value, tag) } as M;
  };
  return { decode };
}

export const hostToViewer = direction<HostToViewer>(HOST_TO_VIEWER_TAGS, MAX_PAIRWISE_BYTES);
export const relayToViewer = direction<RelayToViewer>(RELAY_TO_VIEWER_TAGS, MAX_CONTROL_BYTES);
export const viewerToHost = direction<ViewerToHost>(VIEWER_TO_HOST_TAGS, MAX_PAIRWISE_BYTES);
export const viewerToRelay = direction<ViewerToRelay>(VIEWER_TO_RELAY_TAGS, MAX_CONTROL_BYTES);
export const viewerToViewer = direction<ViewerToViewer>(VIEWER_TO_VIEWER_TAGS, MAX_CONTROL_BYTES);

/** The msgpack body of a message. */
export function encodeMessage(
  message: ViewerToHost | ViewerToRelay | ViewerToViewer,
): Uint8Array<ArrayBuffer> {
  return encodeMsgpack(message);
}

const RELAY_HEADER = packHeader(header(0));

/** A whole relay-control WebSocket message, header and body. */
export function relayMessage(message: ViewerToRelay): Uint8Array<ArrayBuffer> {
  const body = encodeMessage(message);
  const whole = new Uint8Array(RELAY_HEADER.length + body.length);
  whole.set(RELAY_HEADER);
  whole.set(body, RELAY_HEADER.length);
  if (whole.length > MAX_CONTROL_BYTES) throw new LimitError(`a control message of ${body.length} bytes`);
  return whole;
}
