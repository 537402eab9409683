/** What the relay knows of the organisation: colleagues, invitations, reserved numbers. Answers are checked before use. */
import { type Answer, call } from "../account/api";
import { UNREACHABLE } from "../account/api";
import { type Role, STANDINGS, type Standing } from "../../protocol/generated";

/** Somebody of the same organisation who may be invited. */
export interface Colleague {
  readonly id: string;
  readonly displayName: string;
  readonly standing: Standing;
  readonly team: string;
}

/** A number that is kept for one customer. `expiresAt` is ms, `Date.now()`. */
export interface Reservation {
  readonly routing: string;
  readonly expiresAt: number;
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function colleagueOf(entry: unknown): Colleague | null {
  const id = text(field(entry, "id"));
  const standing = STANDINGS.find((known) => known === field(entry, "standing"));
  if (id === "" || standing === undefined) return null;
  const displayName = text(field(entry, "display_name")) || id;
  return { id, displayName, standing, team: text(field(entry, "team")) };
}

/** Everybody else of the organisation. */
export async function fetchColleagues(): Promise<Answer<readonly Colleague[]>> {
  const answer = await call("/api/colleagues");
  if (!answer.ok) return answer;
  const list = field(answer.value, "colleagues");
  if (!Array.isArray(list)) return { ok: false, fault: UNREACHABLE };
  return { ok: true, value: list.map(colleagueOf).filter((one) => one !== null) };
}

/** Show the session to a colleague in their own list; the host is asked for the invitation itself by the session. */
export async function inviteColleague(session: string, accountId: string, role: Role): Promise<Answer<null>> {
  const answer = await call(`/api/live/${encodeURIComponent(session)}/invitations`, {
    account_id: accountId,
    role,
  });
  return answer.ok ? { ok: true, value: null } : answer;
}

/** Keep a number for a customer whose Relevo is started with it (SPEC C16). */
export async function reserveNumber(): Promise<Answer<Reservation>> {
  const answer = await call("/api/routing-numbers", {});
  if (!answer.ok) return answer;
  const routing = text(field(answer.value, "routing"));
  const seconds = Number(field(answer.value, "expires_in_s"));
  if (!/^\d{6}$/.test(routing) || !(seconds > 0)) return { ok: false, fault: UNREACHABLE };
  return { ok: true, value: { routing, expiresAt: Date.now() + seconds * 1000 } };
}
