/** What the interface wants to say, made fit for the wire: the frame last seen is added, bounds are kept. */
import type { Outgoing } from "../api";
import { ProtocolError } from "../../protocol/errors";
import {
  MAX_CHAT_CHARS,
  MAX_STROKE_POINTS,
  MAX_TERMINAL_BYTES,
  MAX_TEXT_INPUT_CHARS,
  MAX_TOLD_REASON_CHARS,
  SCHEMAS,
  type ViewerToHost,
  type ViewerToViewer,
} from "../../protocol/generated";
import { shapeNamed } from "../../protocol/schema";

function isPointer(message: Outgoing): message is Extract<Outgoing, { t: `Pointer${string}` }> {
  return message.t === "PointerMove" || message.t === "PointerButton" || message.t === "PointerWheel";
}

/** Anything that can be cut, in pieces of at most this size, in order. */
function cut<T extends { readonly length: number; slice(from: number, to: number): T }>(
  whole: T,
  size: number,
): T[] {
  return Array.from({ length: Math.ceil(whole.length / size) }, (_, i) =>
    whole.slice(i * size, (i + 1) * size),
  );
}

const INERT_LINES = new RegExp(SCHEMAS["ChatSend"]?.["text"]?.pattern ?? "^$", "u");

/** What may be said to people (SPEC M5): line ends and tabs as the wire has them, the rest that is not inert left out. */
export function sayable(text: string): string {
  const plain = text.replace(/\r\n?/gu, "\n").replaceAll("\t", "    ").trim();
  const inert = Array.from(plain).filter((character) => INERT_LINES.test(character));
  return inert.slice(0, MAX_CHAT_CHARS).join("");
}

/** A reason is one line. */
function told(reason: string): string {
  return Array.from(sayable(reason).replace(/\s+/gu, " ")).slice(0, MAX_TOLD_REASON_CHARS).join("");
}

/** Whether the host would accept it: what it refuses as malformed would end the session. */
export function fits(message: ViewerToHost | ViewerToViewer): boolean {
  try {
    shapeNamed(message.t)(message, message.t);
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

function shaped(message: Outgoing, seen: number): ViewerToHost[] {
  if (isPointer(message)) return [{ ...message, seen }];
  if (message.t === "TextInput") {
    // By characters: those beyond the basic plane stay whole.
    const parts = cut(Array.from(message.text), MAX_TEXT_INPUT_CHARS);
    return parts.map((part) => ({ ...message, text: part.join("") }));
  }
  if (message.t === "ChatSend") return [{ ...message, text: sayable(message.text) }];
  if (message.t === "TakeOver") return [{ ...message, reason: told(message.reason) }];
  if (message.t === "Stroke") {
    // The host joins the pieces by their number; an odd number of coordinates is malformed (SPEC A5).
    if (message.points.length % 2 !== 0) return [];
    return cut([...message.points], 2 * MAX_STROKE_POINTS).map((points) => ({ ...message, points }));
  }
  if (message.t === "TerminalInput") {
    return cut(message.data, MAX_TERMINAL_BYTES).map((data) => ({ ...message, data }));
  }
  return [message];
}

/** The messages to be sealed; what no message can carry (a key without a name, say) is left out. */
export function sealable(message: Outgoing, seen: number): ViewerToHost[] {
  return shaped(message, seen).filter(fits);
}
