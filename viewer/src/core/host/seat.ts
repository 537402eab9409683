/** One viewer as the host knows them: link, lifecycle, allowance (SPEC S1, R10). */
import type { Credential } from "../../crypto/schedule";
import { ProtocolError } from "../../protocol/errors";
import {
  type Capability,
  type Member,
  type Quality,
  type Role,
  SEAT_TABLE,
  type SeatEvent,
  type SeatState,
  VIEWER_MESSAGES_AT_ONCE,
  VIEWER_MESSAGES_PER_S,
  type ViewerJoining,
} from "../../protocol/generated";
import type { JoinCode } from "./code";
import type { Invitation } from "./desk";

const ACTS_AT_ONCE = 20;
const ACTS_PER_S = 2;
const LINES_AT_ONCE = 8;
const LINES_PER_S = 1;
const ECHOES_AT_ONCE = 10;
const ECHOES_PER_S = 2;

/** How many of something may still come now: `atOnce` together, `perSecond` for long. */
export class Allowance {
  private left: number;
  private at: number | null = null;

  constructor(
    private readonly atOnce: number,
    private readonly perSecond: number,
  ) {
    this.left = atOnce;
  }

  /** One more; tell whether it is within bounds. */
  spend(now: number): boolean {
    const since = this.at === null ? 0 : Math.max(0, now - this.at);
    this.at = now;
    this.left = Math.min(this.atOnce, this.left + (since * this.perSecond) / 1000) - 1;
    if (this.left < -1) this.left = -1;
    return this.left >= 0;
  }
}

/** Which secret the run that is open goes by. */
export type RunKind = "code" | "invite" | "resume";

export class Seat {
  /** The first link: it tells this stay from every other one (SPEC C11). */
  readonly id: number;
  link: number;
  state: SeatState = "joining";
  role: Role = "collaborator";
  quality: Quality = "auto";
  /** The run that is open, once flight 2 has left. */
  run: RunKind | null = null;
  code: JoinCode | null = null;
  /** The link by which they come. */
  invitation: Invitation | null = null;
  /** Whether there are keys on this link. */
  keyed = false;
  resume: Credential | null = null;
  resumeBefore: Credential | null = null;
  /** The secret that the last run named, where it was one for coming back. */
  cameBy: Credential | null = null;
  heardAt: number;
  modeToldAt = -Infinity;
  acked = 0;
  teamKey: Uint8Array | null = null;
  /** The last line of chat that this viewer was told, and the one before their first. */
  lineTold = 0;
  lineFirst = 0;
  /** What became of the viewer's own lines, by the viewer's number (SPEC T8). */
  readonly saidLines = new Map<number, number>();
  /** When the link before this one was last heard. */
  heardBefore = 0;
  readonly granted = new Set<Capability>();
  readonly refusedAt = new Map<string, number>();
  readonly allowance = new Allowance(VIEWER_MESSAGES_AT_ONCE, VIEWER_MESSAGES_PER_S);
  // What is answered, or passed on to everybody: one viewer must not use up what the relay takes from a host (SPEC C17).
  readonly acts = new Allowance(ACTS_AT_ONCE, ACTS_PER_S);
  readonly lines = new Allowance(LINES_AT_ONCE, LINES_PER_S);
  readonly echoes = new Allowance(ECHOES_AT_ONCE, ECHOES_PER_S);

  constructor(
    public vouched: ViewerJoining,
    public since: number,
  ) {
    this.id = this.link = vouched.link;
    this.heardAt = since;
  }

  get slot(): number {
    return this.vouched.slot;
  }

  /** Let in, also while the connection is cut. */
  get seated(): boolean {
    return this.state === "live" || this.state === "away" || this.state === "resuming";
  }

  /** Go where the lifecycle's table leads. Throws ProtocolError where it has no such pair (SPEC S2). */
  follow(event: SeatEvent, now: number): void {
    const next = SEAT_TABLE[this.state][event];
    if (next === undefined) throw new ProtocolError(`${event} while ${this.state}`, "unexpected");
    this.state = next;
    this.since = now;
  }

  /** A new link for a known viewer. */
  attach(joining: ViewerJoining): void {
    this.vouched = joining;
    this.link = joining.link;
    this.dropKeys();
  }

  dropKeys(): void {
    this.run = null;
    this.keyed = false;
    this.teamKey = null;
  }

  /** The handshake is over; the secret that it came by is kept until the new keys are used (SPEC P6). */
  takeKeys(resume: Credential, now: number): void {
    this.run = null;
    this.keyed = true;
    this.resumeBefore = this.cameBy;
    this.resume = resume;
    this.heardBefore = this.heardAt;
    this.heardAt = now;
  }

  /** This viewer as every viewer sees them. */
  member(): Member {
    const { slot, account_id, display_name, organisation } = this.vouched;
    const whole = { slot, link: this.link, role: this.role, account_id, display_name, organisation };
    return this.teamKey === null ? whole : { ...whole, team_key: this.teamKey };
  }
}
