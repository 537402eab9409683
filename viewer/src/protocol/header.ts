/**
 * The 24-byte header before every body (SPEC W1-W9). Clear to the relay, authenticated end to end.
 *
 *     0 u8 version | 1 u8 type | 2 u8 flags | 3 u8 destination
 *     4 u32 frame id | 8 u64 key id | 16 u64 counter            all big-endian
 */
import { LimitError, MalformedError } from "./errors";
import {
  DST_ALL,
  DST_HOST,
  DST_RELAY,
  Flags,
  HEADER_BYTES,
  MAX_CONTROL_BYTES,
  MAX_MEDIA_BYTES,
  MAX_PAIRWISE_BYTES,
  MAX_VIEWERS,
  MessageType,
  PROTOCOL_VERSION,
} from "./generated";

/** One header. `keyId` is the link for pairwise and handshake messages, the sender's for team messages, the epoch for media. */
export interface Header {
  readonly type: MessageType;
  readonly flags: number;
  readonly dst: number;
  readonly frameId: number;
  readonly keyId: bigint;
  readonly counter: bigint;
}

const KNOWN_FLAGS = Object.values(Flags).reduce((all: number, bit) => all | bit, 0);
const MAX_BYTES: Readonly<Record<MessageType, number>> = {
  [MessageType.RELAY]: MAX_CONTROL_BYTES,
  [MessageType.MEDIA]: MAX_MEDIA_BYTES,
  [MessageType.PAIRWISE]: MAX_PAIRWISE_BYTES,
  [MessageType.HANDSHAKE]: MAX_CONTROL_BYTES,
  [MessageType.TEAM]: MAX_CONTROL_BYTES,
};

function isMessageType(value: number): value is MessageType {
  return Object.values<number>(MessageType).includes(value);
}

function isSlot(dst: number): boolean {
  return dst >= 1 && dst <= MAX_VIEWERS;
}

function destinationFits(type: MessageType, dst: number): boolean {
  switch (type) {
    case MessageType.RELAY:
      return dst === DST_RELAY;
    case MessageType.MEDIA:
      return dst === DST_ALL;
    case MessageType.PAIRWISE:
    case MessageType.HANDSHAKE:
      return dst === DST_HOST || isSlot(dst);
    case MessageType.TEAM:
      return isSlot(dst);
  }
}

/** The header of a message, with what is not given left at zero and the relay as destination. */
export function header(type: MessageType, given: Partial<Omit<Header, "type">> = {}): Header {
  return { type, flags: 0, dst: DST_RELAY, frameId: 0, keyId: 0n, counter: 0n, ...given };
}

/** The 24 bytes, which are also the additional data of the seal. */
export function packHeader(given: Header): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(HEADER_BYTES));
  view.setUint8(0, PROTOCOL_VERSION);
  view.setUint8(1, given.type);
  view.setUint8(2, given.flags);
  view.setUint8(3, given.dst);
  view.setUint32(4, given.frameId);
  view.setBigUint64(8, given.keyId);
  view.setBigUint64(16, given.counter);
  return new Uint8Array(view.buffer);
}

/**
 * Read and check the header of a whole WebSocket message.
 *
 * @throws MalformedError too short, another version, unknown type or flags, a destination its type cannot have
 * @throws LimitError the message is longer than its type may be
 */
export function parseHeader(message: Uint8Array): Header {
  if (message.length < HEADER_BYTES) {
    throw new MalformedError(
      `a message of ${message.length} bytes has no room for the ${HEADER_BYTES}-byte header`,
    );
  }
  const view = new DataView(message.buffer, message.byteOffset, HEADER_BYTES);
  const [version, type, flags, dst] = [
    view.getUint8(0),
    view.getUint8(1),
    view.getUint8(2),
    view.getUint8(3),
  ];
  if (version !== PROTOCOL_VERSION) {
    const detail = `protocol version ${version}, this side speaks ${PROTOCOL_VERSION}`;
    throw new MalformedError(detail, "unsupported_version");
  }
  if (!isMessageType(type)) throw new MalformedError(`unknown message type ${type}`);
  if ((flags & ~KNOWN_FLAGS) !== 0) throw new MalformedError(`unknown flags ${flags}`);
  if (!destinationFits(type, dst))
    throw new MalformedError(`destination ${dst} does not fit message type ${type}`);
  if (message.length > MAX_BYTES[type]) {
    throw new LimitError(`a message of ${message.length} bytes, at most ${MAX_BYTES[type]} for type ${type}`);
  }
  const [keyId, counter] = [view.getBigUint64(8), view.getBigUint64(16)];
  return { type, flags, dst, frameId: view.getUint32(4), keyId, counter };
}

/** The bytes after the header, without copying. */
export function bodyOf<B extends ArrayBufferLike>(message: Uint8Array<B>): Uint8Array<B> {
  return message.subarray(HEADER_BYTES);
}
