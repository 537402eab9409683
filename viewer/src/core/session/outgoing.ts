/** What the interface wants to say, made fit for the wire: the frame last seen is added, bounds are kept. */
import type { Outgoing } from "../api";
import { ProtocolError } from "../../protocol/errors";
import { MAX_TEXT_INPUT_CHARS, type ViewerToHost } from "../../protocol/generated";
import { shapeNamed } from "../../protocol/schema";

function isPointer(message: Outgoing): message is Extract<Outgoing, { t: `Pointer${string}` }> {
  return message.t === "PointerMove" || message.t === "PointerButton" || message.t === "PointerWheel";
}

/** A long text in pieces that each fit a message. Characters beyond the basic plane stay whole. */
function pieces(text: string): string[] {
  const characters = Array.from(text);
  const count = Math.ceil(characters.length / MAX_TEXT_INPUT_CHARS);
  return Array.from({ length: count }, (_, i) =>
    characters.slice(i * MAX_TEXT_INPUT_CHARS, (i + 1) * MAX_TEXT_INPUT_CHARS).join(""),
  );
}

/** Whether the host would accept it: what it refuses as malformed would end the session. */
function fits(message: ViewerToHost): boolean {
  try {
    shapeNamed(message.t)(message, message.t);
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

/** The messages to be sealed; what no message can carry (a key without a name, say) is left out. */
export function sealable(message: Outgoing, seen: number): ViewerToHost[] {
  if (message.t === "TextInput") {
    return pieces(message.text).map((text) => ({ t: "TextInput", text }));
  }
  const whole: ViewerToHost = isPointer(message) ? { ...message, seen } : message;
  return fits(whole) ? [whole] : [];
}
