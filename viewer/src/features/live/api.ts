/** The live sessions that this account may know of (SPEC C20). The relay's answer is checked before use. */
import { type Answer, call, UNREACHABLE } from "../account/api";
import {
  type Mode,
  MODES,
  type Role,
  ROLES,
  SESSION_KINDS,
  type SessionKind,
} from "../../protocol/generated";

/** Somebody who is in. */
export interface LivePerson {
  readonly name: string;
  readonly role: Role;
}

/** Why nobody can come in now; `other` where the relay names a reason that this page does not know. */
export const OBSTACLES = ["host_away", "restarting", "already_in", "full", "presentation", "other"] as const;
export type LiveObstacle = (typeof OBSTACLES)[number];

/** One session. */
export interface LiveSession {
  readonly id: string;
  readonly kind: SessionKind;
  readonly mode: Mode;
  readonly sinceS: number;
  readonly lead: string;
  readonly people: readonly LivePerson[];
  readonly hostPresent: boolean;
  /** Kept for its lead without anybody there (SPEC V7). */
  readonly held: boolean;
  readonly mine: boolean;
  readonly invited: boolean;
  /** `null` where one can ask to come in. */
  readonly whyNot: LiveObstacle | null;
}

type Fields = Readonly<Record<string, unknown>>;

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function listOf<T>(value: unknown, read: (one: Fields) => T | null): readonly T[] {
  if (!Array.isArray(value)) return [];
  return value.map((one) => read(fieldsOf(one))).filter((one) => one !== null);
}

function personOf(given: Fields): LivePerson | null {
  const role = ROLES.find((known) => known === given["role"]);
  const name = text(given["name"]);
  return role === undefined || name === "" ? null : { name, role };
}

function sessionOf(given: Fields): LiveSession | null {
  const id = text(given["id"]);
  const kind = SESSION_KINDS.find((known) => known === given["kind"]);
  const mode = MODES.find((known) => known === given["mode"]);
  const since = given["since_s"];
  if (!/^[0-9a-f]{32}$/u.test(id) || kind === undefined || mode === undefined) return null;
  const whyNot = OBSTACLES.find((known) => known === given["why_not"]) ?? "other";
  return {
    id,
    kind,
    mode,
    sinceS: typeof since === "number" && Number.isFinite(since) ? Math.max(0, since) : 0,
    lead: text(given["lead"]),
    people: listOf(given["people"], personOf),
    hostPresent: given["host_present"] === true,
    held: given["held"] === true,
    mine: given["mine"] === true,
    invited: given["invited"] === true,
    whyNot: given["joinable"] === true ? null : whyNot,
  };
}

/** Ask for the list. */
export async function fetchLive(): Promise<Answer<readonly LiveSession[]>> {
  const answer = await call("/api/live");
  if (!answer.ok) return answer;
  const sessions = fieldsOf(answer.value)["sessions"];
  if (!Array.isArray(sessions)) return { ok: false, fault: UNREACHABLE };
  return { ok: true, value: listOf(sessions, sessionOf) };
}
