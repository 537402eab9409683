/**
 * The session of one tab, without I/O: events and the time go in, actions and a view come out (SPEC C, P, S).
 *
 *     idle -> connecting -> greeting -> verifying -> asking -> live
 *     live -> waiting -> connecting -> greeting -> verifying -> resuming -> live      the line was cut
 *     live -> host_away -> verifying -> resuming -> live                              the customer's line was cut
 *     any  -> ended
 *
 * Whoever calls it does the actions in their order and gives it one event after another. Times are ms of one clock.
 */
import type { Failure, FailureCode, Outgoing } from "../api";
import type { Credential } from "../../crypto/schedule";
import { ProtocolError } from "../../protocol/errors";
import {
  type ErrorCode,
  type HostToViewer,
  type Mode,
  MODES,
  PROTOCOL_VERSION,
  type Quality,
  type RelayToViewer,
  type Whisper,
} from "../../protocol/generated";
import type { Action } from "./actions";
import { Backoff } from "./backoff";
import type { FrameFacts } from "./frames";
import { checkMoment } from "./heard";
import { answered, HostVoice, isShowing, revoked, type Scene } from "./host_voice";
import { sealable } from "./outgoing";
import { isPassing } from "./passing";
import { Picture } from "./picture";
import { arrivedView, identityAt, type Pass, type Place, placeOf, sameSession } from "./place";
import { Pulse } from "./pulse";
import { CONNECT_DEADLINE_MS, connectsAgain, hearingAt, overdue, type Stage } from "./stage";
import { comesBack } from "./verdicts";
import { Script } from "./script";
import type { HeardWhisper } from "./team";
import { awayView, endedView, failureOf, keptUntil, NOBODY_ASKED, stepsAt } from "./view";
import { Whispers } from "./whispers";

/** What a join needs: a one-time ticket, the secret as a credential, and the mode asked for. */
export interface JoinOrder {
  readonly ticket: string;
  readonly credential: Credential;
  readonly mode: Mode;
}

/** What a finished handshake tells: the next run's credential, and the modes that the host knows. */
export interface Verified {
  readonly resume: Credential;
  readonly modes: readonly string[];
}

export class SessionMachine extends Script {
  private stage: Stage = { at: "idle" };
  private pass: Pass | null = null;
  private credential: Credential | null = null;
  private place: Place | null = null;
  private mode: Mode = "observer";
  private wasLive = false;
  private startedAt = 0;
  private cutAt: number | null = null;
  private readonly backoff: Backoff;
  private readonly picture = new Picture();
  private readonly pulse = new Pulse();
  private readonly voice = new HostVoice();
  private readonly whispers = new Whispers();

  /** `timeOfDay` (ms) is for what is shown: the machine's own clock falls behind it where the PC slept. */
  constructor(
    random: () => number,
    private readonly timeOfDay: () => number,
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

  /** Input, seal and send it; while not live it is discarded, never kept (SPEC S3). */
  input(message: Outgoing): Action[] {
    if (this.stage.at !== "live") return [];
    for (const whole of sealable(message, this.picture.seen)) this.tell(whole);
    if (message.t === "InviteRevoke") this.show(revoked(this.shown, message.invite));
    return this.taken();
  }

  /** Say something to the team only (SPEC T3). */
  whisper(text: string): Action[] {
    const whisper = this.whispers.toBeSaid(text, this.timeOfDay());
    return whisper === null || this.stage.at !== "live" ? [] : [{ do: "whisper", whisper }];
  }

  /** A whisper was sealed for so many members. */
  whispered(whisper: Whisper, listeners: number): void {
    this.show(this.whispers.own(whisper, listeners, this.scene));
  }

  /** A member whispered, and it opened. */
  overheard(heard: HeardWhisper): void {
    if (this.stage.at === "live") this.show(this.whispers.heard(heard, this.scene));
  }

  setQuality(quality: Quality): Action[] {
    this.show({ quality });
    return this.input({ t: "QualityChoice", quality });
  }

  /** This side leaves for good. */
  leave(): Action[] {
    if (hearingAt(this.stage) !== null) this.tell({ t: "Goodbye" });
    return this.end(null, true);
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
    this.out.push({ do: "forget" });
    this.stage = { at: "host_away", since: now };
    this.cutAt ??= now;
    const until = restartingS ? this.timeOfDay() + restartingS * 1000 : null;
    this.shown = awayView(this.shown, restartingS === undefined ? this.shown.restartingUntil : until);
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

  // --- the host

  /** The handshake is over and both sides hold the same secret; `resume` is what the next one takes (SPEC P6). */
  verified({ resume, modes }: Verified, now: number): Action[] {
    if (this.stage.at !== "verifying") return [];
    this.credential = resume;
    this.pulse.start(now);
    this.voice.beginAnew();
    this.picture.gate.beginAnew();
    this.show({ hostModes: MODES.filter((mode) => modes.includes(mode)), limit: null });
    if (this.wasLive) {
      this.stage = { at: "resuming", since: now };
      return this.taken();
    }
    this.stage = { at: "asking" };
    this.show({ phase: "asking", steps: stepsAt("consent") });
    return this.taken();
  }

  /** An opened message of the host. Throws ProtocolError for one that may not come now. */
  host(message: HostToViewer, now: number): Action[] {
    checkMoment(message, hearingAt(this.stage));
    this.pulse.heard(now);
    if (isPassing(message)) return [{ do: "pass", message }];
    if (isShowing(message)) {
      this.show(this.voice.patch(message, this.scene));
      return [];
    }
    switch (message.t) {
      case "HeartbeatEcho":
        this.picture.gauge.roundTrip(Math.max(0, now - message.t_ms));
        return [];
      case "HostGoodbye":
        return this.end({ code: message.code }, false);
      case "ConsentResult":
        return this.consented(message);
      case "Epoch":
        return this.newEpoch(message, now);
    }
  }

  private get scene(): Scene {
    return { shown: this.shown, now: this.timeOfDay(), origin: this.place?.context.relayOrigin ?? "" };
  }

  private consented(message: Extract<HostToViewer, { t: "ConsentResult" }>): Action[] {
    if (this.stage.at === "live") {
      this.show(answered(message, this.scene));
      return [];
    }
    const { capability = null, granted, code } = message;
    if (capability !== null) throw new ProtocolError("an answer about a capability at the door");
    this.show(NOBODY_ASKED);
    return granted ? this.enter() : this.end({ code: code ?? "consent_denied" }, false);
  }

  private newEpoch(message: Extract<HostToViewer, { t: "Epoch" }>, now: number): Action[] {
    const { place } = this;
    const members = this.voice.membersOf(message, place?.slot ?? 0, place?.link ?? 0);
    this.out.push({ do: "epoch", epoch: message });
    // The host begins every epoch with a keyframe; frames of the last one can no longer be opened.
    this.picture.gate.restart(now);
    this.show({ members });
    return this.stage.at === "resuming" ? this.enter() : this.taken();
  }

  private enter(): Action[] {
    this.stage = { at: "live" };
    this.wasLive = true;
    this.cutAt = null;
    this.backoff.reset();
    this.show({ phase: "live", steps: stepsAt("picture"), capture: null, restartingUntil: null });
    const { quality, kind } = this.shown;
    // Nobody whispers in a presentation (SPEC T4).
    if (kind === "support") this.out.push({ do: "team_key" });
    if (quality !== "auto") this.tell({ t: "QualityChoice", quality });
    return this.taken();
  }

  // --- the picture

  /** Bytes came in, whatever they are. */
  received(bytes: number, now: number): void {
    this.picture.gauge.received(bytes, now);
  }

  /** An opened frame: may it be drawn? Throws ProtocolError for one that breaks the order (SPEC F2, F9). */
  frame(facts: FrameFacts, now: number): boolean {
    if (this.stage.at !== "live") return false;
    this.pulse.heard(now);
    const change = this.picture.admit(facts, this.shown, now);
    if (change !== null) this.show(change);
    return change !== null;
  }

  /** A frame had to be thrown away: its key is not here, or there are too many. */
  lost(now: number): void {
    if (this.stage.at === "live") this.picture.gate.lose(now);
  }

  /** A frame is on the canvas (SPEC D2). */
  drawn(frameId: number, decodeMs: number, now: number): Action[] {
    this.picture.drawn(frameId, now);
    if (this.stage.at !== "live") return [];
    this.show(this.picture.done(this.shown));
    this.tell({ t: "FrameAck", frame_id: frameId, decode_ms: Math.max(0, decodeMs) });
    return this.taken();
  }

  // --- time

  tick(now: number): Action[] {
    const { stage } = this;
    if (stage.at === "idle" || stage.at === "ended") return [];
    if (connectsAgain(stage, now)) return this.connect(now);
    const late = overdue(stage, now);
    if (late !== null) return this.cut(now, late);
    if (hearingAt(stage) !== null) {
      if (this.pulse.isSilent(now)) return this.cut(now, "deadline");
      this.beat(now);
    }
    return this.taken();
  }

  private beat(now: number): void {
    if (this.pulse.beats(now)) this.tell({ t: "Heartbeat", t_ms: now, rtt_ms: this.picture.gauge.rttMs });
    if (this.stage.at !== "live") return;
    if (this.picture.gate.asksForKeyframe(now)) this.tell({ t: "KeyframeRequest" });
    this.show(this.picture.figures(this.shown.link, now));
  }

  // --- inside

  private connect(now: number): Action[] {
    if (this.stage.at === "host_away") this.out.push({ do: "disconnect" });
    this.stage = { at: "connecting", since: now };
    this.out.push({ do: "connect" });
    return this.taken();
  }

  /** The line is down. Who was live comes back; who was not has nothing to come back to. */
  private cut(now: number, code: FailureCode): Action[] {
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
    this.stage = { at: "waiting", until: now + this.backoff.next() };
    if (this.wasLive) this.show({ ...NOBODY_ASKED, phase: "reconnecting" });
    return this.taken();
  }

  private end(error: Failure | null, tellRelay: boolean): Action[] {
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
