/** What is asked of the relay that served this page before a socket opens: one-time tickets, and to be let in. */
import type { Failure, FailureCode } from "./api";
import { ERROR_CODES, MAX_TOKEN_CHARS } from "../protocol/generated";

/** The relay's answer as far as it was checked. */
export type Asked<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

type Body = Readonly<Record<string, unknown>>;

const ANSWER_DEADLINE_MS = 15_000;

const CODES: Readonly<Partial<Record<number, FailureCode>>> = {
  401: "signed_out",
  403: "origin_refused",
  422: "code_wrong",
  429: "throttled",
};

/** What the relay calls by its own names (why nobody can come in now, for one). */
const NAMES: Readonly<Partial<Record<string, FailureCode>>> = {
  host_away: "host_gone",
  restarting: "host_gone",
  full: "session_full",
  already_in: "replaced",
  presentation: "not_permitted",
  not_found: "session_ended",
};

/** The code that the relay gave, where it is known; else what the status says. */
function codeOf(status: number, answer: unknown): FailureCode {
  const name = field(field(answer, "error"), "code");
  const said = ERROR_CODES.find((code) => code === name);
  const known = typeof name === "string" ? NAMES[name] : undefined;
  return said ?? known ?? CODES[status] ?? (status >= 502 && status <= 504 ? "unreachable" : "internal");
}

/** A field of something unknown. */
export function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Body)[key] : undefined;
}

/** Ask, and read the answer by `read`, which gives `null` for what is no relay's; `body` makes it a POST. */
export async function ask<T>(
  path: string,
  read: (answer: unknown) => T | null,
  body?: Body,
  deadlineMs = ANSWER_DEADLINE_MS,
): Promise<Asked<T>> {
  const post = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  let response: Response;
  try {
    const signal = AbortSignal.timeout(deadlineMs);
    response = await fetch(path, body === undefined ? { signal } : { ...post, signal });
  } catch {
    return { ok: false, failure: { code: "unreachable" } };
  }
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) {
    const { status } = response;
    const detail = `${body === undefined ? "GET" : "POST"} ${path}: ${status}`;
    return { ok: false, failure: { code: codeOf(status, answer), detail } };
  }
  const value = read(answer);
  if (value !== null) return { ok: true, value };
  return {
    ok: false,
    failure: { code: "unreachable", detail: "something else answered in the relay's place" },
  };
}

/** The ticket in an answer. */
export function ticketIn(answer: unknown): string | null {
  const ticket = field(answer, "ticket");
  const fits = typeof ticket === "string" && ticket.length >= 16 && ticket.length <= MAX_TOKEN_CHARS;
  return fits ? ticket : null;
}

/** A ticket for a code's public digits, or for an invitation (base64url). */
export function fetchTicket(
  what: { readonly routing: string } | { readonly invite: string },
): Promise<Asked<string>> {
  return ask("/api/tickets", ticketIn, what);
}

/** A ticket for somebody without an account, under a name of their own choice. */
export function fetchGuestTicket(invite: string, name: string): Promise<Asked<string>> {
  return ask("/api/guest-tickets", ticketIn, { invite, name });
}
