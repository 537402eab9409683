/**
 * The way to the host and back to it, without I/O: the socket, the seat at the relay, the handshakes (SPEC C, P).
 *
 * What is said over it once it stands is the machine's.
 */
import type { Failure, FailureCode } from "../api";
import type { Credential } from "../../crypto/schedule";
import { ProtocolError } from "../../protocol/errors";
import { type ErrorCode, type Mode, PROTOCOL_VERSION, type RelayToViewer } from "../../protocol/generated";
import type { Action } from "./actions";
import { Backoff } from "./backoff";
import { refused } from "./host_voice";
import { arrivedView, identityAt, type Pass, type Place, placeOf, sameSession } from "./place";
import { Presses } from "./presses";
import { Script } from "./script";
import { CONNECT_DEADLINE_MS, hearingAt, type Stage } from "./stage";
import { comesBack } from "./verdicts";
import { awayView, endedView, failureOf, keptUntil, NOBODY_ASKED, stepsAt } from "./view";

/** What a join needs: a one-time ticket, the secret as a credential, and the mode asked for. */
export interface JoinOrder {
  readonly ticket: string;
  readonly credential: Credential;
  readonly mode: Mode;
}

export abstract class Connection extends Script {
  protected stage: Stage = { at: "idle" };
  protected credential: Credential | null = null;
  protected place: Place | null = null;
  protected wasLive = false;
  protected cutAt: number | null = null;
  protected readonly backoff: Backoff;
  protected readonly presses = new Presses();
  /** On this line the host has answered the secret: without that a token speaks for nobody (SPEC C10). */
  protected proven = false;
  protected leaving = false;
  private pass: Pass | null = null;
  private mode: Mode = "observer";
  private startedAt = 0;

  /** `timeOfDay` (ms) is for what is shown: the machine's own clock falls behind it where the PC slept. */
  constructor(
    random: () => number,
    protected readonly timeOfDay: () => number,
  ) {
    super();
    this.backoff = new Backoff(random);
  }

  get ended(): boolean {
    return this.stage.at === "ended";
  }

  // --- commands

  join(order: JoinOrder, now: number): Action[] {
    if (this.stage.at !== "idle") return [];
    this.pass = { ticket: order.ticket };
    this.credential = order.credential;
    this.mode = order.mode;
    this.startedAt = now;
    this.show({ phase: "connecting" });
    return this.connect(now);
  }

  /** This side leaves for good. Over a cut the relay hears so when the way back is proven: else the seat waits for nobody. */
  leave(): Action[] {
    if (hearingAt(this.stage) !== null) this.tell({ t: "Goodbye" });
    this.leaving = this.wasLive && !this.proven && this.stage.at !== "host_away";
    return this.leaving ? this.taken() : this.end(null, true);
  }

  /** The network may be there again: do not wait for the next try. */
  nudge(now: number): Action[] {
    const { stage } = this;
    return stage.at === "waiting" || stage.at === "host_away" ? this.connect(now) : [];
  }

  // --- the socket

  socketOpened(now: number): Action[] {
    if (this.stage.at !== "connecting" || this.pass === null) return [];
    this.stage = { at: "greeting", since: now };
    this.out.push({ do: "relay", message: { t: "ViewerHello", version: PROTOCOL_VERSION, ...this.pass } });
    return this.taken();
  }

  socketClosed(now: number): Action[] {
    const { at } = this.stage;
    return at === "idle" || at === "waiting" || at === "ended" ? [] : this.cut(now, "unreachable");
  }

  /** Something that came in was refused, or could not be worked with. */
  failed(error: unknown, now: number): Action[] {
    if (this.ended) return [];
    const { code } = failureOf(error);
    if (code === "desync" && this.wasLive) return this.cut(now, code);
    return this.end(failureOf(error), true);
  }

  // --- the relay

  relay(message: RelayToViewer, now: number): Action[] {
    switch (message.t) {
      case "RelayError":
      case "SessionEnded":
        return this.dismissed(message.code, now, message.t === "SessionEnded");
      case "ViewerWelcome":
        return this.welcomed(message, now);
      case "HostGone":
        this.checkWelcomed(message.t);
        return this.hostGone(now, message.restarting_s);
      case "HostBack":
        this.checkWelcomed(message.t);
        return this.hostBack(message.link, now);
    }
  }

  private dismissed(code: ErrorCode, now: number, over: boolean): Action[] {
    if (this.ended) return [];
    return !over && this.wasLive && comesBack(code) ? this.cut(now, code) : this.end({ code }, false);
  }

  private welcomed(message: Extract<RelayToViewer, { t: "ViewerWelcome" }>, now: number): Action[] {
    if (this.stage.at !== "greeting") throw new ProtocolError("ViewerWelcome without a hello");
    const place = placeOf(message);
    if (this.place !== null && !sameSession(this.place, place)) {
      throw new ProtocolError("the relay put this viewer into another session", "tampered");
    }
    this.place = place;
    this.pass = { resume: message.resume };
    this.show(arrivedView(place));
    if (message.host_present !== false) return this.verify(now);
    return this.hostGone(now);
  }

  /** Each socket has its own welcome: what speaks of a host before it speaks of nothing that holds. */
  private checkWelcomed(tag: string): void {
    const { at } = this.stage;
    if (this.place === null || at === "greeting") throw new ProtocolError(`${tag} before the welcome`);
  }

  /** `restartingS` is what the relay says; a welcome says nothing of it, and then what was said before holds. */
  private hostGone(now: number, restartingS?: number): Action[] {
    if (!this.wasLive) return this.end({ code: "host_gone" }, true);
    // Nobody is there to prove anything to: the relay keeps the seat for a minute then.
    if (this.leaving) return this.end(null, true);
    this.out.push({ do: "forget" });
    this.stage = { at: "host_away", since: now };
    this.cutAt ??= now;
    const until = restartingS ? this.timeOfDay() + restartingS * 1000 : null;
    this.shown = awayView(this.shown, restartingS === undefined ? this.shown.restartingUntil : until);
    this.tellLost();
    return this.taken();
  }

  private hostBack(link: number, now: number): Action[] {
    if (this.place === null) throw new ProtocolError("HostBack without a place", "internal");
    if (link === this.place.link) throw new ProtocolError("HostBack with the old link");
    if (!this.wasLive) return this.end({ code: "host_gone" }, true);
    this.place = { ...this.place, link };
    this.out.push({ do: "forget" });
    return this.verify(now);
  }

  /** Start a handshake on the link that holds now. */
  private verify(now: number): Action[] {
    const { place, credential } = this;
    if (place === null || credential === null) throw new ProtocolError("nothing to verify with", "internal");
    this.stage = { at: "verifying", since: now };
    const identity = identityAt(place, this.shown.mode ?? this.mode);
    const { link, slot, context } = place;
    this.out.push({ do: "handshake", order: { link, slot, context, credential, identity } });
    if (this.wasLive) this.show({ phase: "reconnecting" });
    else this.show({ phase: "verifying", steps: stepsAt("encryption") });
    return this.taken();
  }

  // --- inside

  protected connect(now: number): Action[] {
    if (this.stage.at === "host_away") this.out.push({ do: "disconnect" });
    this.proven = false;
    this.stage = { at: "connecting", since: now };
    this.out.push({ do: "connect" });
    return this.taken();
  }

  /** The line is down. Who was live comes back; who was not has nothing to come back to. */
  protected cut(now: number, code: FailureCode): Action[] {
    const fresh = this.stage.at === "connecting" && now - this.startedAt < CONNECT_DEADLINE_MS;
    if (!this.wasLive && !fresh) return this.end({ code }, true);
    this.cutAt ??= now;
    if (
      this.place !== null &&
      now - this.cutAt > this.place.resumeLifeMs &&
      this.timeOfDay() > keptUntil(this.shown)
    ) {
      return this.end({ code: "resume_invalid" }, true);
    }
    this.out.push({ do: "disconnect" });
    this.proven = false;
    this.stage = { at: "waiting", until: now + this.backoff.next() };
    if (this.wasLive) {
      this.show({ ...NOBODY_ASKED, phase: "reconnecting" });
      this.tellLost();
    }
    return this.taken();
  }

  /** There is no line: what was pressed a moment ago may have been lost with it, and is never said by itself again. */
  protected tellLost(): void {
    if (!this.presses.cut()) return;
    const scene = { shown: this.shown, now: this.timeOfDay() };
    this.show(refused(scene, { code: "desync", capability: null, removedBy: null }));
  }

  protected end(error: Failure | null, tellRelay: boolean): Action[] {
    if (this.ended) return this.taken();
    if (tellRelay && this.place !== null) this.out.push({ do: "relay", message: { t: "Leave" } });
    this.out.push({ do: "disconnect" }, { do: "finish" });
    this.stage = { at: "ended" };
    this.credential = null;
    this.pass = null;
    this.shown = endedView(this.shown, error);
    return this.taken();
  }
}
