/** Composed text on its way to the wire: line breaks and tabs are keys, everything else is characters. */
import type { Outgoing } from "../../core/api";
import { MAX_TEXT_INPUT_CHARS } from "../../protocol/generated";

const KEY_OF: Readonly<Record<string, string>> = { "\n": "Enter", "\t": "Tab" };

/** A key pressed and let go, without modifiers. */
export function tap(name: string): readonly Outgoing[] {
  const key = { t: "KeyPress", code: name, key: name, modifiers: 0 } as const;
  return [
    { ...key, down: true },
    { ...key, down: false },
  ];
}

function chunks(text: string): readonly Outgoing[] {
  const characters = Array.from(text);
  const messages: Outgoing[] = [];
  for (let start = 0; start < characters.length; start += MAX_TEXT_INPUT_CHARS) {
    messages.push({ t: "TextInput", text: characters.slice(start, start + MAX_TEXT_INPUT_CHARS).join("") });
  }
  return messages;
}

/** The messages that type a text; other control characters and broken surrogates are left out. */
export function textMessages(text: string): readonly Outgoing[] {
  return text
    .normalize("NFC")
    .replace(/\r\n?/g, "\n")
    .replace(/\p{Cs}|(?![\n\t])\p{Cc}/gu, "")
    .split(/([\n\t])/)
    .flatMap((part) => {
      const key = KEY_OF[part];
      return key === undefined ? chunks(part) : tap(key);
    });
}
