/** How much each technician did in a day, as the relay counts it from the record (a session is a machine). */
import type { Answer } from "../account/api";
import { ask, field, idOf, numberOf, rowsOf, shortText, wordOf } from "./read";

/** What makes a day unusual: more machines than the rules say, mostly at night, or somebody reported it. */
export const UNUSUAL = ["many_sessions", "night", "reported"] as const;
export type Unusual = (typeof UNUSUAL)[number];

/** How far back one can look, in days. */
export const SPANS = [7, 14, 30, 90] as const;
export type Span = (typeof SPANS)[number];

/** One technician's day (UTC). */
export interface PersonDay {
  /** `YYYY-MM-DD`. */
  readonly day: string;
  readonly account: string;
  readonly name: string;
  readonly machines: number;
  /** 0 to 1: how much of it was at night, by the rules' hours. */
  readonly nightShare: number;
  readonly reports: number;
  readonly unusual: readonly Unusual[];
}

/** One day of everybody together. */
export interface DaySum {
  readonly day: string;
  readonly machines: number;
  readonly unusual: boolean;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/u;
const DAY_MS = 86_400_000;

function dayOf(given: unknown): PersonDay | null {
  const day = field(given, "day");
  const account = idOf(field(given, "account_id"));
  if (account === null || typeof day !== "string" || !DAY.test(day) || Number.isNaN(Date.parse(day)))
    return null;
  return {
    day,
    account,
    name: shortText(field(given, "account_name")) || account,
    machines: Math.max(0, Math.round(numberOf(field(given, "sessions")))),
    nightShare: Math.min(1, Math.max(0, numberOf(field(given, "night_share")))),
    reports: Math.max(0, Math.round(numberOf(field(given, "reports")))),
    unusual: rowsOf(field(given, "unusual"), (one) => wordOf(UNUSUAL, one)) ?? [],
  };
}

/** The newest day first, within a day whoever did most. */
export function fetchActivity(days: Span): Promise<Answer<readonly PersonDay[]>> {
  return ask(`/api/admin/activity?days=${days}`, undefined, (body) => rowsOf(field(body, "days"), dayOf));
}

/** Every day of the span that ends at `nowMs`, oldest first: a day without anything is one too. */
export function daySums(days: readonly PersonDay[], span: Span, nowMs: number): readonly DaySum[] {
  return Array.from({ length: span }, (_, back) => {
    const day = new Date(nowMs - (span - 1 - back) * DAY_MS).toISOString().slice(0, 10);
    const own = days.filter((one) => one.day === day);
    return {
      day,
      machines: own.reduce((sum, { machines }) => sum + machines, 0),
      unusual: own.some(({ unusual }) => unusual.length > 0),
    };
  });
}
