/** Reading what the relay answers to an administrator: nothing of it is trusted, and nothing of it is long. */
import { type Answer, call, field, UNREACHABLE } from "../account/api";

/** Names and notes are shorter; what is longer was not meant to be read. */
export const MAX_SHOWN_CHARS = 500;
const MAX_ENTRIES = 64;
const MAX_ROWS = 5000;
const ID = /^[0-9a-f]{32}$/u;

/** Ask, or act where there is a body, and read the answer; what cannot be read counts as no answer. */
export async function ask<T>(
  path: string,
  body: object | undefined,
  read: (body: unknown) => T | null,
): Promise<Answer<T>> {
  const answer = await call(path, body);
  if (!answer.ok) return answer;
  const value = read(answer.value);
  return value === null ? { ok: false, fault: UNREACHABLE } : { ok: true, value };
}

/** Do something whose answer is empty. */
export async function act(path: string, body: object = {}): Promise<Answer<null>> {
  const answer = await call(path, body);
  return answer.ok ? { ok: true, value: null } : answer;
}

const UNSEEN =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu; // eslint-disable-line no-control-regex -- they are what is shown

/**
 * A text, cut where it is longer than anybody reads. What hides or turns round what stands beside it is written as
 * its number: a name that reads backwards would be read as another.
 */
export function shortText(value: unknown): string {
  if (typeof value !== "string") return "";
  const cut = value.length <= MAX_SHOWN_CHARS ? value : `${value.slice(0, MAX_SHOWN_CHARS)}…`;
  return cut.replace(UNSEEN, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** An account's, session's or token's id; `null` where it is none, for it goes into addresses. */
export function idOf(value: unknown): string | null {
  return typeof value === "string" && ID.test(value) ? value : null;
}

/** A number that is one; else what stands for it. */
export function numberOf(value: unknown, instead = 0): number {
  return typeof value === "number" && Number.isFinite(value) ? value : instead;
}

/** A moment in seconds since 1970, or none. */
export function momentOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** The rows of a list that can be read; `null` where there is no list. */
export function rowsOf<T>(value: unknown, read: (one: unknown) => T | null): readonly T[] | null {
  if (!Array.isArray(value)) return null;
  return value
    .slice(0, MAX_ROWS)
    .map(read)
    .filter((one) => one !== null);
}

/** A name and what it says, of an object whose names are the relay's. */
export type Entry = readonly [name: string, value: string];

/** The entries of an object as texts; a pair each, so that no name can reach into an object of ours. */
export function entriesOf(value: unknown): readonly Entry[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value)
    .slice(0, MAX_ENTRIES)
    .map(([name, one]): Entry => [shortText(name), shortText(typeof one === "string" ? one : String(one))]);
}

/** One of a table's words, or `null`. */
export function wordOf<T extends string>(known: readonly T[], value: unknown): T | null {
  return known.find((word) => word === value) ?? null;
}

export { field };
