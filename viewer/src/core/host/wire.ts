/** The host's directions of the wire: what it hears of the relay and of viewers, and what it says to both. */
import { concat, type Bytes } from "../../crypto/bytes";
import { direction, encodeMsgpack } from "../../protocol/codec";
import { LimitError } from "../../protocol/errors";
import {
  type AgentToRelay,
  type HostToViewer,
  MAX_CONTROL_BYTES,
  MessageType,
  RELAY_TO_AGENT_TAGS,
  type RelayToAgent,
} from "../../protocol/generated";
import { header, packHeader } from "../../protocol/header";

export const relayToAgent = direction<RelayToAgent>(RELAY_TO_AGENT_TAGS, MAX_CONTROL_BYTES);

const RELAY_HEADER = packHeader(header(MessageType.RELAY));

/** A whole relay-control message of a host. Throws LimitError beyond its bound. */
export function agentMessage(message: AgentToRelay): Bytes {
  const whole = concat(RELAY_HEADER, encodeMsgpack(message));
  if (whole.length > MAX_CONTROL_BYTES) throw new LimitError(`a control message of ${whole.length} bytes`);
  return whole;
}

/** The body of a message for a viewer. */
export function viewerBody(message: HostToViewer): Bytes {
  return encodeMsgpack(message);
}
