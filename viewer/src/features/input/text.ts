/** Composed text on its way to the wire: line breaks and tabs are keys, everything else is characters. */
import type { Outgoing } from "../../core/api";

const KEY_OF: Readonly<Record<string, string>> = { "\n": "Enter", "\t": "Tab" };

/** A key pressed and let go, without modifiers. */
export function tap(name: string): readonly Outgoing[] {
  const key = { t: "KeyPress", code: name, key: name, modifiers: 0 } as const;
  return [
    { ...key, down: true },
    { ...key, down: false },
  ];
}

/**
 * The messages that type a text; other control characters and broken surrogates are left out. The session itself cuts
 * a text that is too long for one message.
 */
export function textMessages(text: string): readonly Outgoing[] {
  return text
    .normalize("NFC")
    .replace(/\r\n?/g, "\n")
    .replace(/\p{Cs}|(?![\n\t])\p{Cc}/gu, "")
    .split(/([\n\t])/)
    .flatMap((part) => {
      const key = KEY_OF[part];
      if (key !== undefined) return tap(key);
      return part === "" ? [] : [{ t: "TextInput", text: part } as const];
    });
}
