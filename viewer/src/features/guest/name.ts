/** The name that somebody without an account goes by: one line, shown to everybody who is there. */
import { SCHEMAS } from "../../protocol/generated";

export const MAX_GUEST_NAME_CHARS = 60;

const INERT = new RegExp(SCHEMAS["ViewerWelcome"]?.["display_name"]?.pattern ?? "^$", "u");

/** The name as it will be shown; empty where nothing of it can be. */
export function guestName(typed: string): string {
  const plain = Array.from(typed.replace(/\s+/gu, " ")).filter((character) => INERT.test(character));
  return Array.from(plain.join("").trim()).slice(0, MAX_GUEST_NAME_CHARS).join("").trim();
}
