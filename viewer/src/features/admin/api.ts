/** The relay's HTTP interface for administrators and supervisors. Answers are checked before use; times are seconds since 1970. */
import { MODES, type Mode, SESSION_KINDS, type SessionKind } from "../../protocol/generated";
import type { Answer } from "../account/api";
import {
  act,
  ask,
  type Entry,
  entriesOf,
  field,
  idOf,
  momentOf,
  numberOf,
  rowsOf,
  shortText,
  wordOf,
} from "./read";

export const PLACES = ["technician", "expert", "supervisor"] as const;
export type Place = (typeof PLACES)[number];

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly standing: Place;
  readonly team: string;
  readonly adminTools: boolean;
  readonly isAdmin: boolean;
  readonly disabled: boolean;
  readonly secondFactor: boolean;
  readonly seenAtS: number | null;
}

/** What can be said of an account; its name stays. */
export interface PersonDraft {
  readonly displayName: string;
  readonly standing: Place;
  readonly team: string;
  readonly adminTools: boolean;
  readonly isAdmin: boolean;
}

/** A one-time link, whole; nobody can ask for it again. */
export interface OneTimeLink {
  readonly address: string;
  readonly expiresInS: number;
  /** What a new person signs in with, which may end in `@` and the organisation; empty for somebody known. */
  readonly signInName: string;
}

export interface AdminSession {
  readonly id: string;
  readonly kind: SessionKind;
  readonly mode: Mode;
  readonly sinceS: number;
  readonly lead: string;
  readonly team: string;
  readonly people: readonly string[];
}

export const REPORT_STATES = ["open", "kept", "closed"] as const;
export type ReportState = (typeof REPORT_STATES)[number];

export interface Report {
  readonly id: string;
  readonly session: string;
  readonly atS: number;
  readonly by: "customer" | "viewer";
  /** Empty where everybody in the session is meant. */
  readonly accused: string;
  readonly people: readonly string[];
  /** Who led the session; empty where that is not known any more. */
  readonly lead: string;
  /** What the session was; `null` where it is kept no longer. */
  readonly of: { readonly kind: SessionKind; readonly mode: Mode; readonly beganAtS: number } | null;
  readonly state: ReportState;
  readonly handledBy: string;
  readonly note: string;
}

/** An API token, as its organisation's administrators see it. */
export interface OrganisationToken {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly scopes: readonly string[];
  readonly expiresAtS: number;
  readonly usedAtS: number | null;
}

export const SECOND_FACTOR_RULES = ["optional", "administrators", "everybody"] as const;
export type SecondFactorRule = (typeof SECOND_FACTOR_RULES)[number];

export interface Policy {
  readonly secondFactor: SecondFactorRule;
  readonly oidcOnly: boolean;
  /** 0 keeps the record for ever. */
  readonly retentionDays: number;
  readonly machinesPerDay: number;
  /** Hours in UTC, from and to. */
  readonly night: readonly [number, number];
}

/** The policy, what the server asks in any case, and whether it has a sign-in service. */
export interface PolicyView {
  readonly policy: Policy;
  readonly floor: SecondFactorRule;
  readonly oidc: boolean;
}

const LINK = /^\/go#t=[\w-]{16,200}$/u;

function personOf(given: unknown): Person | null {
  const id = idOf(field(given, "id"));
  if (id === null) return null;
  const name = shortText(field(given, "name"));
  return {
    id,
    name,
    displayName: shortText(field(given, "display_name")) || name,
    standing: wordOf(PLACES, field(given, "standing")) ?? "technician",
    team: shortText(field(given, "team")),
    adminTools: field(given, "admin_tools") === true,
    isAdmin: field(given, "is_admin") === true,
    disabled: field(given, "disabled") === true,
    secondFactor: field(given, "second_factor") === true,
    seenAtS: momentOf(field(given, "seen_at_s")),
  };
}

function linkOf(body: unknown): OneTimeLink | null {
  const path = field(body, "link");
  // It is shown to be sent to somebody: nothing but a link of this server may be in it.
  if (typeof path !== "string" || !LINK.test(path)) return null;
  return {
    address: `${window.location.origin}${path}`,
    expiresInS: numberOf(field(body, "expires_in_s")),
    signInName: shortText(field(field(body, "person"), "name")),
  };
}

function sessionOf(given: unknown): AdminSession | null {
  const id = idOf(field(given, "id"));
  const kind = wordOf(SESSION_KINDS, field(given, "kind"));
  const mode = wordOf(MODES, field(given, "mode"));
  if (id === null || kind === null || mode === null) return null;
  return {
    id,
    kind,
    mode,
    sinceS: Math.max(0, numberOf(field(given, "since_s"))),
    lead: shortText(field(given, "lead")),
    team: shortText(field(given, "team")),
    people: rowsOf(field(given, "people"), (one) => shortText(field(one, "name")) || null) ?? [],
  };
}

function reportedOf(given: unknown): Report["of"] {
  const kind = wordOf(SESSION_KINDS, field(given, "kind"));
  const mode = wordOf(MODES, field(given, "mode"));
  if (kind === null || mode === null) return null;
  return { kind, mode, beganAtS: numberOf(field(given, "began_at_s")) };
}

function reportOf(given: unknown): Report | null {
  const id = idOf(field(given, "id"));
  const session = idOf(field(given, "session"));
  const state = wordOf(REPORT_STATES, field(given, "state"));
  if (id === null || session === null || state === null) return null;
  const accused = shortText(field(given, "accused"));
  const handledBy = shortText(field(given, "handled_by"));
  return {
    id,
    session,
    atS: numberOf(field(given, "at_s")),
    by: field(given, "by") === "customer" ? "customer" : "viewer",
    accused: shortText(field(given, "accused_name")) || accused,
    people: entriesOf(field(given, "people")).map(([, name]: Entry) => name),
    lead: shortText(field(given, "lead")),
    of: reportedOf(given),
    state,
    handledBy: shortText(field(given, "handled_by_name")) || handledBy,
    note: shortText(field(given, "note")),
  };
}

function tokenOf(given: unknown): OrganisationToken | null {
  const id = idOf(field(given, "id"));
  if (id === null) return null;
  return {
    id,
    name: shortText(field(given, "name")),
    owner: shortText(field(given, "account_name")) || shortText(field(given, "account_id")),
    scopes: rowsOf(field(given, "scopes"), (one) => shortText(one) || null) ?? [],
    expiresAtS: numberOf(field(given, "expires_at_s")),
    usedAtS: momentOf(field(given, "used_at_s")),
  };
}

function policyOf(body: unknown): PolicyView | null {
  const given = field(body, "policy");
  const secondFactor = wordOf(SECOND_FACTOR_RULES, field(given, "second_factor"));
  if (secondFactor === null) return null;
  const activity = field(given, "activity");
  const night = rowsOf(field(activity, "night"), momentOf) ?? [];
  return {
    policy: {
      secondFactor,
      oidcOnly: field(given, "oidc_only") === true,
      retentionDays: numberOf(field(given, "retention_days")),
      machinesPerDay: numberOf(field(activity, "machines_per_day"), 20),
      night: [night[0] ?? 22, night[1] ?? 6],
    },
    floor: wordOf(SECOND_FACTOR_RULES, field(body, "floor")) ?? "optional",
    oidc: field(body, "oidc") === true,
  };
}

function bodyOf(draft: PersonDraft): object {
  return {
    display_name: draft.displayName,
    standing: draft.standing,
    team: draft.team,
    admin_tools: draft.adminTools,
    is_admin: draft.isAdmin,
  };
}

const PEOPLE = "/api/admin/people";

export const fetchPeople = (): Promise<Answer<readonly Person[]>> =>
  ask(PEOPLE, undefined, (body) => rowsOf(field(body, "people"), personOf));

/** Add somebody, who comes in by the link and chooses a password then. */
export const createPerson = (name: string, draft: PersonDraft): Promise<Answer<OneTimeLink>> =>
  ask(PEOPLE, { name, ...bodyOf(draft) }, linkOf);

export const savePerson = (id: string, draft: PersonDraft): Promise<Answer<Person>> =>
  ask(`${PEOPLE}/${id}`, bodyOf(draft), (body) => personOf(field(body, "person")));

export const linkForPerson = (id: string): Promise<Answer<OneTimeLink>> =>
  ask(`${PEOPLE}/${id}/link`, {}, linkOf);

/** What can be done to an account beside changing it. */
export const PERSON_ACTS = ["disable", "enable", "reset-factors", "sign-out"] as const;
export type PersonAct = (typeof PERSON_ACTS)[number];

export const actOnPerson = (id: string, what: PersonAct): Promise<Answer<null>> =>
  act(`${PEOPLE}/${id}/${what}`);

export const fetchSessions = (): Promise<Answer<readonly AdminSession[]>> =>
  ask("/api/admin/sessions", undefined, (body) => rowsOf(field(body, "sessions"), sessionOf));

export const endSession = (id: string): Promise<Answer<null>> => act(`/api/admin/sessions/${id}/end`);

export const fetchReports = (): Promise<Answer<readonly Report[]>> =>
  ask("/api/admin/reports", undefined, (body) => rowsOf(field(body, "reports"), reportOf));

export const handleReport = (id: string, state: ReportState, note: string): Promise<Answer<null>> =>
  act(`/api/admin/reports/${id}`, { state, note });

export const fetchTokens = (): Promise<Answer<readonly OrganisationToken[]>> =>
  ask("/api/admin/tokens", undefined, (body) => rowsOf(field(body, "tokens"), tokenOf));

export const revokeToken = (id: string): Promise<Answer<null>> => act(`/api/admin/tokens/${id}/revoke`);

export const fetchPolicy = (): Promise<Answer<PolicyView>> => ask("/api/admin/policy", undefined, policyOf);

export function setPolicy(policy: Policy): Promise<Answer<PolicyView>> {
  const { secondFactor, oidcOnly, retentionDays, machinesPerDay, night } = policy;
  const activity = { machines_per_day: machinesPerDay, night };
  const rules = { second_factor: secondFactor, oidc_only: oidcOnly, retention_days: retentionDays };
  return ask("/api/admin/policy", { ...rules, activity }, policyOf);
}
