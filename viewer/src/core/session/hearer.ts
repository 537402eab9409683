/** Somebody who was here when something was whispered: whether they have it, and when to say it again (SPEC T9). */
import type { Member } from "../../protocol/generated";
import { MAX_TRIES, REPEAT_AFTER_MS } from "./pace";

/** Nobody's seat is kept for longer without a hold (SPEC C10). */
const MAX_ABSENCE_MS = 600_000;

export class Hearer {
  readonly name: string;
  readonly slot: number;
  private readonly account: string;
  private has: "waits" | "heard" | "lost" = "waits";
  /** The link of theirs on which it was said last, and when; `null` if on this side's own link it was not. */
  private said: { readonly link: number; readonly at: number } | null = null;
  private tries = 0;
  private absentSince: number | null = null;

  constructor({ slot, account_id, display_name }: Member) {
    this.slot = slot;
    this.account = account_id;
    this.name = display_name;
  }

  get state(): "waits" | "heard" | "lost" {
    return this.has;
  }

  is({ slot, account_id }: Member): boolean {
    return slot === this.slot && account_id === this.account;
  }

  /** They said so; late is still heard. */
  heard(): void {
    this.has = "heard";
  }

  /** This side's own link is another one. */
  cut(): void {
    this.said = this.absentSince = null;
    this.tries = 0;
  }

  /** Tell whether it is to be said to them now, over the link they have among the listeners. */
  isDue(listeners: readonly Member[], now: number): boolean {
    const link = this.linkAmong(listeners);
    if (link === null) this.absentSince ??= now;
    else this.absentSince = null;
    if (this.has !== "waits") return false;
    if (this.absentSince !== null) {
      if (now - this.absentSince > MAX_ABSENCE_MS) this.has = "lost";
      return false;
    }
    if (this.said?.link !== link) return true;
    if (now - this.said.at < REPEAT_AFTER_MS) return false;
    if (this.tries < MAX_TRIES) return true;
    this.has = "lost";
    return false;
  }

  /** It is being said; over another link of theirs it is the first time again. */
  say(listeners: readonly Member[], now: number): void {
    const link = this.linkAmong(listeners) ?? 0;
    this.tries = this.said?.link === link ? this.tries + 1 : 1;
    this.said = { link, at: now };
  }

  private linkAmong(listeners: readonly Member[]): number | null {
    return listeners.find((one) => this.is(one))?.link ?? null;
  }
}
