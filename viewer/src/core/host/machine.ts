/**
 * The host's session without I/O: one method for each event, each giving the actions that it leads to (SPEC S, C, P).
 *
 * The time comes with every event, in ms of a monotonic clock. The agent's session on a PC is the elder sister; this
 * one shows a screen and grants nothing else.
 */
import type { MarksView } from "../api";
import type { CredentialKind } from "../../crypto/flights";
import { CryptoError } from "../../crypto/errors";
import type { ChannelContext } from "../../crypto/schedule";
import { ProtocolError } from "../../protocol/errors";
import {
  type CaptureCondition,
  HELLO_DEADLINE_S,
  type ScreenLayout,
  type ViewerToHost,
} from "../../protocol/generated";
import type { Accepted, HostAction } from "./actions";
import type { HostView } from "./api";
import { HostConnection } from "./connection";
import { overdue } from "./deadlines";
import type { Seat } from "./seat";
import { viewOf } from "./view";

export class HostMachine extends HostConnection {
  private sharing = true;

  get marks(): MarksView {
    return this.drawn.view;
  }

  get view(): HostView {
    return viewOf({
      desk: this.desk,
      phase: this.phase,
      code: this.line.at === "up" ? this.codes.shown : null,
      question: this.door.question,
      lines: this.talk.lines,
      sharing: this.sharing && !this.ended,
      error: this.error,
    });
  }

  // --- viewers

  seatOf(link: number): Seat | null {
    return this.desk.seatOf(link);
  }

  /** Where a handshake on this link takes place. @throws ProtocolError it may not begin */
  mayBegin(seat: Seat): ChannelContext {
    return this.door.mayBegin(seat);
  }

  secret(seat: Seat, kind: CredentialKind, ref: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | null {
    return this.door.secret(seat, kind, ref);
  }

  offered(seat: Seat, kind: CredentialKind, flight: Uint8Array, now: number): HostAction[] {
    return this.at(now, () => this.door.offered(seat, kind, flight));
  }

  accepted(seat: Seat, accepted: Accepted, now: number): HostAction[] {
    return this.at(now, () => this.door.accepted(seat, accepted));
  }

  flightFailed(seat: Seat, error: ProtocolError, now: number): HostAction[] {
    return this.at(now, () => this.door.failed(seat, error));
  }

  /** An opened message of a viewer. */
  heard(seat: Seat, message: ViewerToHost, now: number): HostAction[] {
    this.desk.now = now;
    seat.resumeBefore = null;
    try {
      if (this.control.heard(seat, message)) this.door.end(seat, "left");
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return this.broke(seat, error, now);
    }
    return this.done();
  }

  /** What a viewer sent did not open, or did not parse: that viewer's line closes, and nobody else's. */
  broke(seat: Seat, error: ProtocolError, now: number): HostAction[] {
    this.desk.now = now;
    this.desk.remove(seat, error.code);
    if (error instanceof CryptoError && error.kind === "desync") this.door.cut(seat);
    else this.door.end(seat, "refused");
    return this.done();
  }

  // --- the person

  answer(question: number, yes: boolean, now: number): HostAction[] {
    return this.at(now, () => this.door.answered(question, yes));
  }

  /** Send somebody away; in a presentation the link that they have leads nowhere from now on (SPEC G10, G12). */
  remove(person: number, now: number): HostAction[] {
    return this.at(now, () => {
      const seat = this.desk.person(person);
      if (seat === null) return;
      this.door.sendAway(seat, "removed");
      this.desk.changeLink();
    });
  }

  allowMarks(person: number, allowed: boolean, now: number): HostAction[] {
    return this.at(now, () => {
      const seat = this.desk.person(person);
      if (seat !== null) this.control.allowMarks(seat, allowed);
    });
  }

  say(text: string, now: number): HostAction[] {
    return this.at(now, () => this.talk.say(text));
  }

  clearMarks(now: number): HostAction[] {
    return this.at(now, () => this.drawn.clear(null));
  }

  stop(now: number, reported = false): HostAction[] {
    this.desk.now = now;
    if (this.ended) return [];
    for (const seat of this.desk.live) this.desk.tell(seat, { t: "HostGoodbye", code: "session_ended" });
    this.leave({ reported });
    return this.desk.taken();
  }

  // --- the capture

  /** The capture goes, or has stopped and why. */
  condition(condition: CaptureCondition, now: number): HostAction[] {
    return this.at(now, () => {
      this.sharing = condition === "ok";
      this.picture.condition({ t: "CaptureState", condition });
      if (this.sharing) this.picture.wantKeyframe();
    });
  }

  layout(layout: ScreenLayout, now: number): HostAction[] {
    return this.at(now, () => this.picture.layout(layout));
  }

  /** The number for the next media message; `null` where it must not be sent. */
  frameNumber(keyframe: boolean): number | null {
    return this.line.at === "up" ? this.picture.number(keyframe) : null;
  }

  // --- the clock

  tick(now: number): HostAction[] {
    this.desk.now = now;
    const { line } = this;
    if (line.at === "waiting" && now >= line.until) this.connect();
    if (line.at === "parting" && now >= line.until) this.cut("unreachable");
    if (line.at === "connecting" && now - line.since > 1000 * HELLO_DEADLINE_S) this.cut("unreachable");
    this.door.tick();
    this.drawn.tick();
    for (const seat of this.desk.all) this.checkDeadline(seat);
    return this.done();
  }

  private checkDeadline(seat: Seat): void {
    const late = overdue(seat, this.desk.now);
    if (late === null) return;
    if (late.code !== null) this.desk.remove(seat, late.code);
    if (late.returns) this.door.cut(seat);
    else this.door.end(seat, "expired");
  }
}
