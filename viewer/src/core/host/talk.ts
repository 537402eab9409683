/** Chat by way of the host: numbered, passed on to everybody once, kept for who comes back (SPEC T1, T7, T8). */
import type { LineView } from "../api";
import {
  type ChatLine,
  HEARTBEAT_DEADLINE_S,
  MAX_CHAT_CHARS,
  MAX_CHAT_LINES_KEPT,
} from "../../protocol/generated";
import { shapeNamed } from "../../protocol/schema";
import type { Desk } from "./desk";
import type { Seat } from "./seat";

// What one viewer who comes back is told at once: far below what the relay holds for a receiver.
const CATCH_UP_CHARS = 16_000;
const NUMBERS_KEPT = 256;
const CONTROL =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/gu; // eslint-disable-line no-control-regex -- they are what is taken out

function viewOf({ line, slot, name, text, at_ms }: ChatLine): LineView {
  return { key: `c${line}`, slot, name, text, at: at_ms, whisper: false };
}

/** A line, and when it was said on the host's own clock. */
interface Kept {
  readonly line: ChatLine;
  readonly saidAt: number;
}

export class Talk {
  private readonly kept: Kept[] = [];
  private count = 0;
  private shown: readonly LineView[] = [];

  constructor(private readonly desk: Desk) {}

  get lines(): readonly LineView[] {
    return this.shown;
  }

  /** Whether the viewer said this line before; what became of it is told to them alone. */
  repeats(seat: Seat, sent: number): boolean {
    const number = seat.saidLines.get(sent);
    if (number === undefined) return false;
    const kept = this.kept.find(({ line }) => line.line === number);
    if (kept !== undefined && seat.echoes.spend(this.desk.now)) this.tell(seat, kept.line);
    return true;
  }

  /** A viewer says something; everybody has it, the author too. */
  heard(seat: Seat, text: string, sent: number): void {
    if (text.trim() === "") return;
    if (sent > 0) {
      seat.saidLines.set(sent, this.count + 1);
      const [oldest] = seat.saidLines.keys();
      if (seat.saidLines.size > NUMBERS_KEPT && oldest !== undefined) seat.saidLines.delete(oldest);
    }
    this.add(seat.slot, seat.vouched.display_name, text);
  }

  /** The person at this screen says something; what no message can carry is made to fit. */
  say(text: string): void {
    const fitting = Array.from(text.replace(CONTROL, "").trim()).slice(0, MAX_CHAT_CHARS).join("");
    if (fitting !== "") this.add(0, this.desk.settings.name, fitting);
  }

  /**
   * Whoever comes in first hears what is said from now on; who comes back, what was missed, and what may have been
   * lost when the line was cut.
   */
  enters(seat: Seat, first: boolean): void {
    if (first) seat.lineFirst = seat.lineTold = this.count;
    const sure = seat.heardBefore - 1000 * HEARTBEAT_DEADLINE_S;
    const missed: ChatLine[] = [];
    let chars = 0;
    for (const { line, saidAt } of [...this.kept].reverse()) {
      chars += line.text.length + line.name.length;
      if (line.line <= seat.lineFirst || chars > CATCH_UP_CHARS) break;
      if (line.line > seat.lineTold || saidAt > sure) missed.unshift(line);
    }
    for (const line of missed) this.tell(seat, line);
    seat.lineTold = this.count;
  }

  /** The author's own number goes to the author alone. */
  private tell(seat: Seat, line: ChatLine): void {
    const own = line.slot === seat.slot && line.line > seat.lineFirst;
    const sent = own ? [...seat.saidLines].find(([, number]) => number === line.line)?.[0] : undefined;
    this.desk.tell(seat, sent === undefined ? line : { ...line, sent });
  }

  private add(slot: number, name: string, text: string): void {
    const line: ChatLine = {
      t: "ChatLine",
      line: this.count + 1,
      slot,
      name,
      text,
      at_ms: this.desk.settings.wallMs(),
    };
    shapeNamed("ChatLine")(line, "ChatLine");
    this.count += 1;
    this.kept.push({ line, saidAt: this.desk.now });
    if (this.kept.length > MAX_CHAT_LINES_KEPT) this.kept.shift();
    this.shown = [...this.shown, viewOf(line)].slice(-MAX_CHAT_LINES_KEPT);
    for (const seat of this.desk.live) {
      this.tell(seat, line);
      seat.lineTold = this.count;
    }
  }
}
