/** What a key event is: text, a key, or nothing for the other side. */
import { MAX_KEY_NAME_CHARS, Modifiers } from "../../protocol/generated";

/** The parts of a `KeyboardEvent` that matter. */
export interface KeyLike {
  readonly code: string;
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
  readonly isComposing: boolean;
  readonly keyCode: number;
  readonly repeat: boolean;
  getModifierState(name: string): boolean;
}

/** Keys that hold others in another meaning; Shift among them, AltGraph not: it only composes text. */
export const MODIFIER_BITS: Readonly<Record<string, number>> = {
  Shift: Modifiers.SHIFT,
  Control: Modifiers.CONTROL,
  Alt: Modifiers.ALT,
  Meta: Modifiers.META,
};

/**
 * - `text`: composed characters, whatever keys made them
 * - `key`: shortcuts and keys without a character
 * - `compose`: on its way to becoming text; the text field says when it has
 * - `local`: belongs to this machine alone (locks, volume, AltGraph)
 */
export type KeyKind = "text" | "key" | "compose" | "local";

const LOCAL_KEYS = new Set(["CapsLock", "NumLock", "AltGraph", "Fn", "FnLock", "Hyper", "Compose", "Symbol"]);
const LOCAL_FAMILIES = /^(Audio|Media|Microphone|Brightness|Launch|Eject|Power|Standby|WakeUp)/;
const NAMED_KEY = /^[A-Z][A-Za-z0-9]+$/;
/** What an input method leaves of a key event that it has taken for itself. */
const TAKEN_BY_INPUT_METHOD = 229;

function composes(event: KeyLike): boolean {
  if (event.isComposing || event.keyCode === TAKEN_BY_INPUT_METHOD) return true;
  return event.key === "Dead" || event.key === "Process" || event.key === "Unidentified" || event.key === "";
}

function isShortcut(event: KeyLike, isMac: boolean): boolean {
  if (event.getModifierState("AltGraph")) return false;
  // On a Mac, Option composes characters: without it a Spanish keyboard has no @.
  return event.ctrlKey || event.metaKey || (event.altKey && !isMac);
}

/** Decide what a key event is. */
export function kindOf(event: KeyLike, isMac: boolean): KeyKind {
  if (composes(event)) return "compose";
  if (LOCAL_KEYS.has(event.key) || LOCAL_FAMILIES.test(event.key)) return "local";
  if (event.key.length > MAX_KEY_NAME_CHARS || event.code.length > MAX_KEY_NAME_CHARS) return "local";
  if (NAMED_KEY.test(event.key)) return "key";
  return isShortcut(event, isMac) ? "key" : "text";
}

/** The modifiers held, as the wire's bits. */
export function modifiersOf(event: KeyLike): number {
  let bits: number = Modifiers.NONE;
  if (event.shiftKey) bits |= Modifiers.SHIFT;
  if (event.ctrlKey) bits |= Modifiers.CONTROL;
  if (event.altKey) bits |= Modifiers.ALT;
  if (event.metaKey) bits |= Modifiers.META;
  if (event.getModifierState("AltGraph")) bits |= Modifiers.ALT_GRAPH;
  return bits;
}
