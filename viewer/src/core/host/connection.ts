/**
 * The host's way to the relay and back to it, without I/O: the line, its welcome, what the relay says (SPEC S, C).
 *
 * Who comes in by it is the door's; what the person does, and the clock, are the machine's.
 */
import { ProtocolError } from "../../protocol/errors";
import {
  type AgentWelcome,
  type ErrorCode,
  PROTOCOL_VERSION,
  type RelayToAgent,
  RESUME_LIFE_S,
} from "../../protocol/generated";
import type { FailureCode } from "../api";
import { Backoff } from "../session/backoff";
import type { HostAction } from "./actions";
import type { HostPhase, HostView } from "./api";
import { Codes } from "./code";
import { Control } from "./control";
import { Desk, type HostSettings } from "./desk";
import { Door } from "./door";
import { Marks } from "./marks";
import { Picture } from "./picture";
import { Talk } from "./talk";

const FATAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "unsupported_version",
  "replaced",
  "origin_refused",
]);
const ENDED: ErrorCode = "session_ended";
const SESSION_OVER: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["resume_invalid", ENDED]);
const CONNECT_TRIES = 3;
/** How long the relay may take to close a line on which it was told that the session is over. */
const END_HEARD_MS = 3000;

type Line =
  | { readonly at: "idle" | "up" | "ended" }
  | { readonly at: "connecting"; readonly since: number }
  | { readonly at: "waiting"; readonly until: number }
  /** The relay was told that it is over, and has not shown yet that it has heard so. */
  | { readonly at: "parting"; readonly until: number };

/** How the person ended it. */
interface Parting {
  readonly reported: boolean;
}

export abstract class HostConnection {
  protected readonly desk: Desk;
  protected readonly codes: Codes;
  protected readonly talk: Talk;
  protected readonly drawn: Marks;
  protected readonly picture: Picture;
  protected readonly control: Control;
  protected readonly door: Door;
  protected line: Line = { at: "idle" };
  protected error: HostView["error"] = null;
  private readonly backoff: Backoff;
  private parting: Parting | null = null;
  private token: string | null = null;
  private cutAt: number | null = null;
  private failures = 0;

  constructor(settings: HostSettings, random: () => number) {
    this.desk = new Desk(settings);
    this.codes = new Codes(settings.draw);
    this.backoff = new Backoff(random);
    this.talk = new Talk(this.desk);
    this.drawn = new Marks(this.desk);
    this.picture = new Picture(this.desk);
    this.control = new Control(this.desk, this.picture, this.talk, this.drawn);
    const { codes, control, picture, talk, drawn: marks } = this;
    this.door = new Door(this.desk, { codes, control, picture, talk, marks });
  }

  get ended(): boolean {
    return this.line.at === "ended";
  }

  protected get phase(): HostPhase {
    switch (this.line.at) {
      case "ended":
      case "parting":
        return "ended";
      case "idle":
        return "idle";
      case "up":
        return this.desk.live.length > 0 ? "live" : "waiting";
      case "connecting":
      case "waiting":
        return this.token === null ? "starting" : "reconnecting";
    }
  }

  // --- the line

  start(now: number): HostAction[] {
    return this.at(now, () => {
      if (this.line.at === "idle") this.connect();
    });
  }

  socketOpened(now: number): HostAction[] {
    const { kind, version, ticket } = this.desk.settings;
    const hello = { t: "AgentHello", version: PROTOCOL_VERSION, agent_version: version, kind } as const;
    const pass = this.token === null ? { ticket } : { token: this.token };
    return this.at(now, () => this.desk.act({ do: "relay", message: { ...hello, ...pass } }));
  }

  /** `reason` is what the relay gave for it, empty where the line was cut. */
  socketClosed(now: number, reason: string): HostAction[] {
    return this.at(now, () => {
      const { at } = this.line;
      if (at === "parting" && reason === ENDED) this.finish(null);
      else if (at === "up" || at === "connecting" || at === "parting") this.cut("unreachable");
    });
  }

  /** The line is down: everybody may come back (SPEC C11). */
  protected cut(code: FailureCode): void {
    this.codes.linkLost();
    this.desk.linked = false;
    for (const seat of this.desk.all) this.door.cut(seat);
    this.desk.act({ do: "disconnect" });
    this.failures += 1;
    this.cutAt ??= this.desk.now;
    const lost = this.token === null && this.failures >= CONNECT_TRIES;
    const late = this.desk.now - this.cutAt > 1000 * RESUME_LIFE_S;
    if (lost || late) this.finish(this.parting === null ? code : null);
    else this.line = { at: "waiting", until: this.desk.now + this.backoff.next() };
  }

  protected connect(): void {
    this.line = { at: "connecting", since: this.desk.now };
    this.desk.act({ do: "connect" });
  }

  /** The network or the person is back: do not wait. */
  nudge(now: number): HostAction[] {
    return this.at(now, () => {
      if (this.line.at === "waiting") this.connect();
    });
  }

  /** Something between relay and us went wrong: the line is cut, and comes back. */
  failed(error: unknown, now: number): HostAction[] {
    this.desk.now = now;
    if (this.ended) return [];
    if (error instanceof ProtocolError) this.cut(error.code);
    else this.finish("internal", error instanceof Error ? error.message : String(error));
    return this.desk.taken();
  }

  // --- the relay

  /** @throws ProtocolError the relay speaks out of turn */
  relay(message: RelayToAgent, now: number): HostAction[] {
    this.desk.now = now;
    if (this.ended || (this.line.at === "parting" && message.t !== "RelayError")) return [];
    const first = message.t === "AgentWelcome";
    if (message.t !== "RelayError" && first === (this.line.at === "up")) {
      throw new ProtocolError("the relay's welcome comes first, and once", "unexpected");
    }
    switch (message.t) {
      case "AgentWelcome":
        this.welcomed(message);
        break;
      case "CodeIssued":
        this.codes.issue(message.routing, message.code_life_s, now);
        break;
      case "ViewerJoining":
        this.door.joining(message);
        break;
      case "ViewerGone":
        this.door.gone(message);
        break;
      case "JoinAsked":
        // Nobody comes in here but by the code that the person read out, or by the link that they gave.
        this.desk.tellRelay({ t: "JoinAnswered", request: message.request, code: "not_permitted" });
        break;
      case "KeyframeWanted":
        this.picture.wantKeyframe();
        break;
      case "Recorded": // of a report, which goes with the end; nobody gets administrator mode (SPEC G12)
      case "StepUp":
        break;
      case "RelayError":
        this.relayFailed(message.code);
    }
    return this.done();
  }

  private welcomed(welcome: AgentWelcome): void {
    const context = { relayOrigin: welcome.origin, sessionId: new Uint8Array(welcome.session_id) };
    if (!welcome.resumed) this.startOver();
    else if (!this.desk.isAt(context)) {
      throw new ProtocolError("the relay resumes another session than ours", "unexpected");
    }
    if (this.ended) return;
    this.token = welcome.token;
    this.desk.context = context;
    this.line = { at: "up" };
    this.desk.linked = true;
    this.failures = 0;
    this.backoff.reset();
    if (this.parting !== null) {
      this.part(this.parting); // a relay that never closes in return is not told for ever: the first cut counts
      return;
    }
    this.cutAt = null;
    const { kind } = this.desk.settings;
    const { routing } = welcome;
    if (kind === "support" && typeof routing === "string") {
      this.codes.issue(routing, welcome.code_life_s ?? 0, this.desk.now);
    }
    this.desk.tellRelay({ t: "ModeNotice", mode: this.desk.mode });
    this.desk.sayAgain();
  }

  /** The person has ended it: the relay hears so now, or as soon as it can be reached again. */
  protected leave(parting: Parting): void {
    this.parting ??= parting;
    if (this.line.at === "up") this.part(this.parting);
    else if (this.token === null) this.finish(null);
  }

  /** Say it; it is said again over the next line, unless the relay closes this one in return (SPEC C30). */
  private part({ reported }: Parting): void {
    this.desk.endSession(reported);
    this.line = { at: "parting", until: this.desk.now + END_HEARD_MS };
    this.door.endAll();
    this.codes.spend();
  }

  /** The relay knows nothing of the session any more. A presentation's ticket was good once: it is over then. */
  private startOver(): void {
    if (this.parting !== null) this.finish(null);
    else if (this.token !== null && this.desk.settings.kind === "presentation") this.finish(ENDED);
    if (this.ended) return;
    this.door.endAll();
    this.desk.forgetRemoved();
    this.codes.spend();
    this.token = null;
  }

  private relayFailed(code: ErrorCode): void {
    if (code === "throttled") this.codes.refused(this.desk.now);
    if (FATAL.has(code) || code === "ticket_invalid") this.finish(code);
    else if (SESSION_OVER.has(code)) this.startOver();
    if (!this.ended) this.cut(code);
  }

  protected finish(code: FailureCode | null, detail?: string): void {
    if (this.ended) return;
    this.line = { at: "ended" };
    this.error = code === null ? null : detail === undefined ? { code } : { code, detail };
    this.door.endAll();
    this.codes.spend();
    this.desk.act({ do: "disconnect" });
    this.desk.act({ do: "finish" });
  }

  protected at(now: number, work: () => void): HostAction[] {
    this.desk.now = now;
    if (!this.ended) work();
    return this.done();
  }

  protected done(): HostAction[] {
    const support = this.desk.settings.kind === "support" && this.line.at === "up";
    if (support && this.codes.wants(this.desk.seats.size === 0, this.desk.now)) {
      this.desk.tellRelay({ t: "CodeRequest" });
    }
    return this.desk.taken();
  }
}
