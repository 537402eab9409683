/** A join link, `/go#t=TOKEN&code=482913705146&mode=full` or `/go#t=TOKEN&page=present`: what it asks for stands behind `#` and never travels. */
import { MAX_TOKEN_CHARS, type Mode } from "../../protocol/generated";
import { digitsOf, isWhole } from "./code";

/** What a link asks for; without a token the person signs in first, without a code they enter one. */
export interface JoinLink {
  readonly token: string | null;
  readonly code: string | null;
  readonly mode: Mode;
}

/** The modes that can be asked for at the door; a demonstration has a page of its own, or is asked for from inside (SPEC G13). */
export const JOINABLE_MODES = [
  "observer",
  "shared",
  "full",
  "administrator",
] as const satisfies readonly Mode[];
export type JoinableMode = (typeof JOINABLE_MODES)[number];

const MIN_TOKEN_CHARS = 16;

function joinable(mode: string | null): JoinableMode {
  return JOINABLE_MODES.find((known) => known === mode) ?? "observer";
}

/** Read a link's fragment; anything that is not well-formed counts as absent. */
export function parseLink(hash: string): JoinLink | null {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const token = fields.get("t");
  const digits = digitsOf(fields.get("code") ?? "");
  const usable = token !== null && token.length >= MIN_TOKEN_CHARS && token.length <= MAX_TOKEN_CHARS;
  const link = { token: usable ? token : null, code: isWhole(digits) ? digits : null };
  if (link.token === null && link.code === null) return null;
  return { ...link, mode: joinable(fields.get("mode")) };
}

/** Take the link out of the address bar and the history, before anything else happens. */
export function takeLink(location: Location, history: History): JoinLink | null {
  if (location.pathname !== "/go") return null;
  const link = parseLink(location.hash);
  // A link may lead to the presenter's page; no other place can be named.
  const presents = new URLSearchParams(location.hash.replace(/^#/, "")).get("page") === "present";
  history.replaceState(null, "", presents ? "/present" : "/");
  return link;
}
