/**
 * Whispers on both their ways: one's own until each who was to hear them has said so, others' once they are opened
 * (SPEC T3-T5, T9).
 */
import type { LineView, UnsaidView } from "../api";
import type { Member, Whisper } from "../../protocol/generated";
import { Hearer } from "./hearer";
import { fits, sayable } from "./outgoing";
import { MAX_WAITING, Pace } from "./pace";
import { hearersOf, listenersOf } from "./team";

interface Own extends Whisper {
  readonly hearers: readonly Hearer[];
}

/** A whisper to be sealed now, and for which slots. */
export interface DueWhisper {
  readonly whisper: Whisper;
  readonly slots: readonly number[];
}

/** Who says a whisper, as it is shown. */
interface Author {
  readonly slot: number;
  readonly name: string;
}

/** A whisper as a line: one that comes again is known by its key. */
export function whispered({ slot, name }: Author, { text, at_ms }: Whisper): LineView {
  return { key: `w${slot}-${at_ms}`, slot, name, text, at: at_ms, whisper: true };
}

export class Whispers {
  private waiting: readonly Own[] = [];
  private shown: readonly UnsaidView[] = [];
  private lastAt = 0;
  private readonly pace = new Pace();

  /** What nobody has heard yet, or somebody did not get; another array whenever it changes. */
  get view(): readonly UnsaidView[] {
    return this.shown;
  }

  /** One more, for those of the members who may hear this slot; tells why it is not kept. `at` is the time of day, ms. */
  say(text: string, members: readonly Member[], slot: number, at: number): "kept" | "no_room" | "nobody" {
    const hearers = hearersOf(members, slot);
    if (hearers.length === 0) return "nobody";
    if (this.waiting.length >= MAX_WAITING && !this.forgetSettled()) return "no_room";
    const whisper = { t: "Whisper", text: sayable(text), at_ms: Math.max(at, this.lastAt + 1) } as const;
    if (!fits(whisper)) return "kept";
    this.lastAt = whisper.at_ms;
    this.waiting = [...this.waiting, { ...whisper, hearers: hearers.map((one) => new Hearer(one)) }];
    this.changed();
    return "kept";
  }

  /** What is to be said now, in its order, to whom of these members. */
  due(members: readonly Member[], slot: number, now: number): DueWhisper[] {
    if (this.waiting.length === 0) return [];
    const listeners = listenersOf(members, slot);
    const due: DueWhisper[] = [];
    for (const { text, at_ms, hearers } of this.waiting) {
      const lacking = hearers.filter((one) => one.isDue(listeners, now));
      if (lacking.length === 0) continue;
      if (!this.pace.spend(now)) break;
      for (const hearer of lacking) hearer.say(listeners, now);
      due.push({ whisper: { t: "Whisper", text, at_ms }, slots: lacking.map((one) => one.slot) });
    }
    this.changed();
    return due;
  }

  /** Another link: what was not answered on the last one is said again. */
  cut(): void {
    for (const { hearers } of this.waiting) for (const hearer of hearers) hearer.cut();
  }

  /** A member has heard one of this side's; the line as everybody has it, or `null` for one that is not waited for. */
  heard(from: Member, at_ms: number, self: Author): LineView | null {
    const own = this.waiting.find((one) => one.at_ms === at_ms);
    const hearer = own?.hearers.find((one) => one.is(from));
    if (own === undefined || hearer === undefined) return null;
    hearer.heard();
    if (own.hearers.every(({ state }) => state === "heard")) {
      this.waiting = this.waiting.filter((one) => one !== own);
    }
    this.changed();
    return whispered(self, own);
  }

  /** Room for one more: the oldest that nobody is waited for any more is shown no longer. */
  private forgetSettled(): boolean {
    const settled = this.waiting.find(({ hearers }) => hearers.every(({ state }) => state !== "waits"));
    this.waiting = this.waiting.filter((one) => one !== settled);
    return settled !== undefined;
  }

  private changed(): void {
    const shown = this.waiting.flatMap(unsaid);
    const [before, after] = [this.shown, shown].map((all) => JSON.stringify(all));
    if (before !== after) this.shown = shown;
  }
}

/** Nothing once somebody has heard it, unless somebody else never did. */
function unsaid({ at_ms, text, hearers }: Own): UnsaidView[] {
  const lost = hearers.filter(({ state }) => state === "lost");
  if (lost.length === 0 && hearers.some(({ state }) => state === "heard")) return [];
  const [failed, lacking] = [lost.length > 0, lost.map(({ name }) => name)];
  return [{ key: `u${at_ms}`, text, at: at_ms, failed, whisper: true, lacking }];
}
