/** Chat by way of the host: numbered, passed on to everybody, kept for who comes back (SPEC T1, T7). */
import type { LineView } from "../api";
import { type ChatLine, MAX_CHAT_CHARS, MAX_CHAT_LINES_KEPT } from "../../protocol/generated";
import { shapeNamed } from "../../protocol/schema";
import type { Desk } from "./desk";
import type { Seat } from "./seat";

// What one viewer who comes back is told at once: far below what the relay holds for a receiver.
const CATCH_UP_CHARS = 16_000;
const CONTROL =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu; // eslint-disable-line no-control-regex -- they are what is taken out

function viewOf({ line, slot, name, text, at_ms }: ChatLine): LineView {
  return { key: `c${line}`, slot, name, text, at: at_ms, whisper: false };
}

export class Talk {
  private readonly kept: ChatLine[] = [];
  private count = 0;
  private shown: readonly LineView[] = [];

  constructor(private readonly desk: Desk) {}

  get lines(): readonly LineView[] {
    return this.shown;
  }

  /** A viewer says something; everybody has it, the author too. */
  heard(seat: Seat, text: string): void {
    if (text.trim() !== "") this.add(seat.slot, seat.vouched.display_name, text);
  }

  /** The person at this screen says something; what no message can carry is made to fit. */
  say(text: string): void {
    const fitting = Array.from(text.replace(CONTROL, "").trim()).slice(0, MAX_CHAT_CHARS).join("");
    if (fitting !== "") this.add(0, this.desk.settings.name, fitting);
  }

  /** Whoever comes in first hears what is said from now on; who comes back, what was missed. */
  enters(seat: Seat, first: boolean): void {
    if (first) seat.lineTold = this.count;
    const missed: ChatLine[] = [];
    let chars = 0;
    for (const line of [...this.kept].reverse()) {
      chars += line.text.length + line.name.length;
      if (line.line <= seat.lineTold || chars > CATCH_UP_CHARS) break;
      missed.unshift(line);
    }
    for (const line of missed) this.desk.tell(seat, line);
    seat.lineTold = this.count;
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
    this.kept.push(line);
    if (this.kept.length > MAX_CHAT_LINES_KEPT) this.kept.shift();
    this.shown = [...this.shown, viewOf(line)].slice(-MAX_CHAT_LINES_KEPT);
    for (const seat of this.desk.live) {
      this.desk.tell(seat, line);
      seat.lineTold = this.count;
    }
  }
}
