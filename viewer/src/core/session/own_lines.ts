/** One's own lines of chat until the host has them: numbered, at a person's pace, said again after a cut (SPEC T8). */
import type { UnsaidView } from "../api";
import type { ChatLine, ChatSend } from "../../protocol/generated";
import { fits, sayable } from "./outgoing";
import { MAX_TRIES, MAX_WAITING, Pace, REPEAT_AFTER_MS } from "./pace";

interface Waiting extends ChatSend {
  readonly sent: number;
  readonly at: number;
  /** When it was said last on this link; `null` if it was not. */
  saidAt: number | null;
  tries: number;
  failed: boolean;
}

export class OwnLines {
  private count = 0;
  private lines: Waiting[] = [];
  private shown: readonly UnsaidView[] = [];
  private readonly pace = new Pace();

  /** What the host has not taken, oldest first; another array whenever it changes. */
  get view(): readonly UnsaidView[] {
    return this.shown;
  }

  /** One more line; false where it cannot be kept. `at` is the time of day, ms. */
  say(text: string, at: number): boolean {
    if (this.lines.length >= MAX_WAITING && !this.forgetFailed()) return false;
    const message = { t: "ChatSend", text: sayable(text), sent: this.count + 1 } as const;
    if (!fits(message)) return true;
    this.count += 1;
    this.lines.push({ ...message, at, saidAt: null, tries: 0, failed: false });
    this.changed();
    return true;
  }

  /** What is to be said now, in its order. */
  due(now: number): ChatSend[] {
    const due: ChatSend[] = [];
    for (const line of this.lines) {
      if (line.failed || (line.saidAt !== null && now - line.saidAt < REPEAT_AFTER_MS)) continue;
      if (line.tries >= MAX_TRIES) this.fail(line);
      else if (this.pace.spend(now)) {
        line.saidAt = now;
        line.tries += 1;
        due.push({ t: "ChatSend", text: line.text, sent: line.sent });
      } else break;
    }
    return due;
  }

  /** Another link: what was not answered on the last one is said again. */
  cut(): void {
    for (const line of this.lines) {
      line.saidAt = null;
      line.tries = 0;
    }
  }

  /** The host told a line; a host that knows no numbers is known by the words. */
  came({ sent = 0, slot, text }: ChatLine, own: number): void {
    if (slot !== own) return;
    const at = this.lines.findIndex((line) =>
      sent === 0 ? line.text === text && line.tries > 0 : line.sent === sent,
    );
    if (at < 0) return;
    this.lines.splice(at, 1);
    this.changed();
  }

  /** The host takes none of them. */
  refused(): void {
    for (const line of this.lines) if (line.saidAt !== null && !line.failed) this.fail(line);
  }

  /** Room for one more: the oldest that counts as not delivered is shown no longer. */
  private forgetFailed(): boolean {
    const at = this.lines.findIndex(({ failed }) => failed);
    if (at >= 0) this.lines.splice(at, 1);
    return at >= 0;
  }

  private fail(line: Waiting): void {
    line.failed = true;
    this.changed();
  }

  private changed(): void {
    this.shown = this.lines.map(({ sent, text, at, failed }) => ({
      key: `o${sent}`,
      text,
      at,
      failed,
      whisper: false,
      lacking: [],
    }));
  }
}
