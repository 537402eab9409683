/** The organisation's record, read in pages from the newest on. */
import type { Observable } from "../../core/api";
import { Watched } from "../../core/observable";
import { type AccountFault, type Answer, call, UNREACHABLE } from "../account/api";
import { ask, type Entry, entriesOf, field, idOf, numberOf, rowsOf, shortText } from "./read";

const PAGE_LINES = 50;
/** Soon over: the export is a download of its own and cannot ask again. */
const SOON_OVER_S = 30;

/** One line; `actor` is an account's id or a word, `actorName` how that account is called today. */
export interface RecordLine {
  readonly seq: number;
  readonly atS: number;
  readonly actor: string;
  readonly actorName: string;
  readonly action: string;
  readonly session: string | null;
  readonly cause: string;
  readonly details: readonly Entry[];
  readonly personal: readonly Entry[];
  readonly erased: boolean;
  /** Its row in the database holds what no line can; the relay tells it as text. */
  readonly changed: boolean;
}

/** Which lines are wanted; empty is every. An `action` with a dot at its end is a family. */
export interface RecordFilter {
  readonly action: string;
  readonly actor: string;
  readonly session: string;
}

export const EVERYTHING: RecordFilter = { action: "", actor: "", session: "" };

interface Page {
  readonly lines: readonly RecordLine[];
  readonly before: number | null;
}

/** Whether the record's chain holds. */
export interface Verdict {
  readonly good: boolean;
  readonly lines: number;
  readonly flaws: readonly { readonly seq: number; readonly kind: string }[];
  readonly signedTo: number | null;
  readonly unsigned: number;
}

function lineOf(given: unknown): RecordLine | null {
  const seq = numberOf(field(given, "seq"), -1);
  if (!Number.isSafeInteger(seq) || seq < 1) return null;
  return {
    seq,
    atS: numberOf(field(given, "at_s")),
    actor: shortText(field(given, "actor")),
    actorName: shortText(field(given, "actor_name")),
    action: shortText(field(given, "action")),
    session: idOf(field(given, "session")),
    cause: shortText(field(given, "cause")),
    details: entriesOf(field(given, "details")),
    personal: entriesOf(field(given, "personal")),
    erased: field(given, "erased") === true,
    changed: field(given, "changed") === true,
  };
}

function pageOf(body: unknown): Page | null {
  const lines = rowsOf(field(body, "lines"), lineOf);
  const before = numberOf(field(body, "before"), 0);
  return lines === null ? null : { lines, before: before >= 1 ? before : null };
}

/** One page of the record. */
export function fetchLines(filter: RecordFilter, before: number | null): Promise<Answer<Page>> {
  const wanted = new URLSearchParams({ limit: String(PAGE_LINES) });
  for (const [name, value] of Object.entries(filter) as [keyof RecordFilter, string][]) {
    if (value !== "") wanted.set(name, value);
  }
  if (before !== null) wanted.set("before", String(before));
  return ask(`/api/admin/audit?${wanted.toString()}`, undefined, pageOf);
}

/** Check the whole chain, on the server, whose record says that it was checked. */
export function verifyRecord(): Promise<Answer<Verdict>> {
  return ask("/api/admin/audit/verify", {}, (body) => {
    const good = field(body, "good");
    if (typeof good !== "boolean") return null;
    const flaws = rowsOf(field(body, "flaws"), (one) => ({
      seq: numberOf(field(one, "seq")),
      kind: shortText(field(one, "kind")),
    }));
    const signedTo = numberOf(field(field(body, "head"), "seq"), 0);
    return {
      good,
      lines: numberOf(field(body, "lines")),
      flaws: flaws ?? [],
      signedTo: signedTo > 0 ? signedTo : null,
      unsigned: numberOf(field(body, "unsigned")),
    };
  });
}

/** Whether this sign-in has proved itself lately; else what the relay says where it asks for that. */
export async function stillFresh(): Promise<Answer<null>> {
  const me = await call("/api/me");
  if (!me.ok) return me;
  if (numberOf(field(me.value, "fresh_for_s")) > SOON_OVER_S) return { ok: true, value: null };
  const methods = rowsOf(field(me.value, "methods"), (one) => shortText(one) || null) ?? [];
  return { ok: false, fault: { ...UNREACHABLE, code: "reauth_needed", methods } };
}

export const EXPORT_FORMATS = ["jsonl", "syslog"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Where the record can be downloaded from. */
export const exportAddress = (format: ExportFormat): string => `/api/admin/audit/export?format=${format}`;

export interface RecordView {
  readonly filter: RecordFilter;
  /** `null` before the first answer. */
  readonly lines: readonly RecordLine[] | null;
  /** Where the next page begins; `null` at the record's beginning. */
  readonly before: number | null;
  readonly busy: boolean;
  readonly fault: AccountFault | null;
}

export interface RecordBook extends Observable<RecordView> {
  /** Read from the newest on. */
  look(filter: RecordFilter): Promise<void>;
  /** Read the page that follows. */
  more(): Promise<void>;
}

/** A book that has not been opened; `fetchPage` is a parameter, so that a test can be the relay. */
export function createRecordBook(fetchPage: typeof fetchLines = fetchLines): RecordBook {
  const view = new Watched<RecordView>({
    filter: EVERYTHING,
    lines: null,
    before: null,
    busy: false,
    fault: null,
  });
  let turn = 0;

  async function read(
    filter: RecordFilter,
    kept: readonly RecordLine[],
    before: number | null,
  ): Promise<void> {
    const mine = ++turn;
    view.set({ ...view.getSnapshot(), filter, busy: true, fault: null });
    const answer = await fetchPage(filter, before);
    // Whoever asked for something else meanwhile does not want this any more.
    if (mine !== turn) return;
    const now = view.getSnapshot();
    if (!answer.ok) view.set({ ...now, busy: false, fault: answer.fault });
    else {
      // Each page goes further back; a line that does not has been seen.
      const last = kept.at(-1)?.seq ?? Infinity;
      const lines = [...kept, ...answer.value.lines.filter(({ seq }) => seq < last)];
      view.set({ ...now, lines, before: answer.value.before, busy: false });
    }
  }

  return {
    subscribe: view.subscribe,
    getSnapshot: view.getSnapshot,
    look: (filter) => read(filter, [], null),
    async more() {
      const { filter, lines, before, busy } = view.getSnapshot();
      if (before !== null && !busy) await read(filter, lines ?? [], before);
    },
  };
}
