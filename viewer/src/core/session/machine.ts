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
import type { Outgoing, SessionView } from "../api";
import type { Credential } from "../../crypto/schedule";
import { ProtocolError } from "../../protocol/errors";
import { type HostToViewer, MODES, type Quality } from "../../protocol/generated";
import type { Action } from "./actions";
import { Connection } from "./connection";
import type { FrameFacts } from "./frames";
import { Held } from "./held";
import { checkMoment } from "./heard";
import {
  answered,
  HostVoice,
  isShowing,
  refused,
  revoked,
  said,
  type Scene,
  type Showing,
} from "./host_voice";
import { sealable } from "./outgoing";
import { OwnLines } from "./own_lines";
import { isPassing } from "./passing";
import { Picture } from "./picture";
import { isPress } from "./presses";
import { Pulse } from "./pulse";
import { connectsAgain, hearingAt, overdue } from "./stage";
import type { Overheard } from "./team";
import { NOBODY_ASKED, stepsAt } from "./view";
import { whispered, Whispers } from "./whispers";

/** What a finished handshake tells: the next run's credential, and the modes that the host knows. */
export interface Verified {
  readonly resume: Credential;
  readonly modes: readonly string[];
}

export class SessionMachine extends Connection {
  private readonly picture = new Picture();
  private readonly pulse = new Pulse();
  private readonly held = new Held();
  private readonly voice = new HostVoice();
  private readonly whispers = new Whispers();
  private readonly own = new OwnLines();
  private unsaidShown = [this.own.view, this.whispers.view] as const;

  // --- commands

  /** Input, seal and send it; while not live it is discarded, never kept (SPEC S3): who pressed for it is told. */
  input(message: Outgoing): Action[] {
    if (isPress(message)) this.presses.sent();
    if (this.stage.at !== "live") {
      if (this.wasLive && !this.ended) this.tellLost();
      return [];
    }
    for (const whole of sealable(message, this.picture.seen)) {
      this.held.said(whole);
      this.tell(whole);
    }
    if (message.t === "InviteRevoke") this.show(revoked(this.shown, message.invite));
    return this.taken();
  }

  /** Say something to everybody; while the line is down it waits for the host to be back (SPEC T8). */
  say(text: string, now: number): Action[] {
    if (!this.wasLive || this.ended) return [];
    if (!this.own.say(text, this.timeOfDay())) {
      this.show(refused(this.scene, { code: "throttled", capability: "chat", removedBy: null }));
    }
    this.sayDue(now);
    return this.taken();
  }

  /** Say something to the team only; while somebody of it is away it waits for them (SPEC T3, T9). */
  whisper(text: string, now: number): Action[] {
    const { self, members } = this.shown;
    if (!this.wasLive || this.ended || self === null) return [];
    const done = this.whispers.say(text, members, self.slot, this.timeOfDay());
    if (done === "no_room") {
      this.show(refused(this.scene, { code: "throttled", capability: "chat", removedBy: null }));
    } else if (done === "nobody") {
      this.show(refused(this.scene, { code: "not_permitted", capability: null, removedBy: "role" }));
    }
    this.sayDue(now);
    return this.taken();
  }

  private sayDue(now: number): void {
    const { members, self } = this.shown;
    if (this.stage.at === "live" && self !== null) {
      for (const message of this.own.due(now)) this.tell(message);
      for (const { whisper, slots } of this.whispers.due(members, self.slot, now)) {
        this.out.push({ do: "whisper", message: whisper, slots });
      }
    }
    this.show(this.unsaid());
  }

  /** What this side said and not everybody has, where that has changed. */
  private unsaid(): Partial<SessionView> {
    const parts = [this.own.view, this.whispers.view] as const;
    const [own, whispers] = this.unsaidShown;
    if (own === parts[0] && whispers === parts[1]) return {};
    this.unsaidShown = parts;
    return { unsaid: parts.flat() };
  }

  /** A member whispered, or has heard a whisper; it opened, so it is theirs. */
  overheard({ from, message }: Overheard): Action[] {
    const { self } = this.shown;
    if (this.stage.at !== "live" || self === null) return [];
    if (message.t === "WhisperHeard") {
      const line = this.whispers.heard(from, message.at_ms, self);
      this.show({ ...(line === null ? {} : said(this.shown, line)), ...this.unsaid() });
      return [];
    }
    const author = { slot: from.slot, name: from.display_name };
    this.show(said(this.shown, whispered(author, message)));
    // Also where it is shown already: the answer may have been lost.
    return [{ do: "whisper", message: { t: "WhisperHeard", at_ms: message.at_ms }, slots: [from.slot] }];
  }

  setQuality(quality: Quality): Action[] {
    this.show({ quality });
    return this.input({ t: "QualityChoice", quality });
  }

  // --- the host

  /** The handshake is over and both sides hold the same secret; `resume` is what the next one takes (SPEC P6). */
  verified({ resume, modes }: Verified, now: number): Action[] {
    if (this.stage.at !== "verifying") return [];
    this.proven = true;
    if (this.leaving) return this.end(null, true);
    this.credential = resume;
    this.pulse.start(now);
    this.held.forget();
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
      this.show({ ...this.voice.patch(message, this.scene), ...this.answeredLines(message) });
      return [];
    }
    switch (message.t) {
      case "HeartbeatEcho":
        this.picture.gauge.roundTrip(Math.max(0, now - message.t_ms));
        this.presses.echoed(message.t_ms);
        return [];
      case "HostGoodbye":
        return this.end({ code: message.code }, false);
      case "ConsentResult":
        return this.consented(message);
      case "Epoch":
        return this.newEpoch(message, now);
    }
  }

  /** What the host says to one's own lines: taken, or refused. */
  private answeredLines(message: Showing): Partial<SessionView> {
    if (message.t === "ChatLine") this.own.came(message, this.place?.slot ?? 0);
    const lasting = message.t === "InputRefused" && message.code !== "throttled";
    if (lasting && message.capability === "chat") this.own.refused();
    return this.unsaid();
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
    // What the host answered meanwhile comes right behind: only what is missing then is said again, by the clock.
    this.own.cut();
    this.whispers.cut();
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

  /** What was drawn is gone: only a keyframe that leaves nothing out brings it back (SPEC F9). */
  blank(): Action[] {
    if (this.stage.at === "live") this.tell({ t: "KeyframeRequest", whole: true });
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
    if (this.pulse.beats(now, this.held.any || this.presses.open)) {
      this.tell({ t: "Heartbeat", t_ms: now, rtt_ms: this.picture.gauge.rttMs });
      this.presses.beat(now);
    }
    if (this.stage.at !== "live") return;
    if (this.picture.gate.asksForKeyframe(now)) this.tell({ t: "KeyframeRequest" });
    this.sayDue(now);
    this.show(this.picture.figures(this.shown.link, now));
  }
}
