/** How a viewer comes in: announced, verified, asked about, let in; and how they go (SPEC C8, P1-P7, G11, G12). */
import type { HostQuestion } from "./api";
import { CryptoError, HandshakeError } from "../../crypto/errors";
import type { CredentialKind } from "../../crypto/flights";
import { equalInConstantTime, utf8 } from "../../crypto/bytes";
import type { ChannelContext } from "../../crypto/schedule";
import { ProtocolError } from "../../protocol/errors";
import {
  CONSENT_DEADLINE_S,
  type ErrorCode,
  type SeatEvent,
  type ViewerGone,
  type ViewerJoining,
} from "../../protocol/generated";
import type { Accepted } from "./actions";
import type { Codes } from "./code";
import type { Control } from "./control";
import type { Desk } from "./desk";
import type { Marks } from "./marks";
import type { Picture } from "./picture";
import { Seat } from "./seat";
import type { Talk } from "./talk";

type Bytes = Uint8Array<ArrayBuffer>;

/** A resume that failed so leaves the seat away, here as on the relay. */
const SEAT_STAYS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "tampered",
  "malformed",
  "unexpected",
  "unsupported_version",
]);

const NO_SECRET: ReadonlySet<CryptoError["kind"]> = new Set<CryptoError["kind"]>([
  "wrong_code",
  "unknown_reference",
]);

/** The rooms behind the door. */
export interface Rooms {
  readonly codes: Codes;
  readonly control: Control;
  readonly picture: Picture;
  readonly talk: Talk;
  readonly marks: Marks;
}

interface Asked extends HostQuestion {
  readonly link: number;
}

export class Door {
  private questions: readonly Asked[] = [];
  private asked = 0;

  constructor(
    private readonly desk: Desk,
    private readonly rooms: Rooms,
  ) {}

  /** What the person is being asked now: the oldest question first. */
  get question(): HostQuestion | null {
    const [first] = this.questions;
    if (first === undefined) return null;
    const { id, name, organisation, role, deadline } = first;
    return { id, name, organisation, role, deadline };
  }

  // --- announced

  joining(message: ViewerJoining): void {
    const known = this.desk.seats.get(message.slot);
    if (known === undefined && message.resumed) {
      this.desk.turnAway(message);
      return;
    }
    this.desk.keep(message.slot);
    if (known !== undefined && isReturn(known, message)) {
      this.cut(known);
      known.attach(message);
      return;
    }
    if (known !== undefined) this.end(known, "left");
    this.desk.seats.set(message.slot, new Seat(message, this.desk.now));
  }

  gone({ link, slot, left }: ViewerGone): void {
    // Who came back, and left, while we were away, had another link there than here.
    const there = left ? this.desk.seats.get(slot) : undefined;
    const seat = this.desk.seatOf(link) ?? (there?.state === "away" ? there : null);
    if (seat === null) return;
    if (left) this.end(seat, "left");
    else this.cut(seat);
  }

  // --- verified

  /** The secret that flight 1 names; `null` where there is none. */
  secret(seat: Seat, kind: CredentialKind, ref: Bytes): Bytes | null {
    seat.cameBy = null;
    switch (kind) {
      case "code":
        return seat.state === "joining" ? utf8(this.rooms.codes.secret(this.desk.now)) : null;
      case "invite": {
        const { invitation } = this.desk;
        if (invitation === null || !equalInConstantTime(invitation.invite, ref)) return null;
        if (seat.state !== "joining") return null;
        seat.invitation = invitation;
        return invitation.secret;
      }
      case "resume": {
        if (!seat.seated) return null;
        const known = [seat.resume, seat.resumeBefore].find(
          (credential) => credential !== null && equalInConstantTime(credential.ref, ref),
        );
        seat.cameBy = known ?? null;
        return known?.secret ?? null;
      }
    }
  }

  /** Where a handshake on this link takes place. @throws ProtocolError one has been there already */
  mayBegin(seat: Seat): ChannelContext {
    const { context } = this.desk;
    if (context === null || seat.state === "verifying" || seat.state === "asking") {
      throw new ProtocolError("a second handshake on one link", "unexpected");
    }
    return context;
  }

  /** Flight 2 is made: the run counts from now on (SPEC P7). */
  offered(seat: Seat, kind: CredentialKind, flight: Uint8Array): void {
    if (seat.state === "live") this.cut(seat);
    seat.follow(kind === "resume" ? "resume_flight1" : "flight1", this.desk.now);
    seat.dropKeys();
    seat.run = kind;
    if (kind === "code") seat.code = this.rooms.codes.charge(this.desk.now);
    this.send(seat, flight);
  }

  /** Flight 3 was right; still the code may be dead meanwhile, or the identity another one (SPEC C8). */
  accepted(seat: Seat, accepted: Accepted): void {
    try {
      this.verified(seat, accepted);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.failed(seat, error);
    }
  }

  private verified(seat: Seat, accepted: Accepted): void {
    const kind = seat.run;
    if (kind === "code" && !this.rooms.codes.isCurrent(seat.code, this.desk.now)) {
      throw new HandshakeError("wrong_code", "the code of this run is no longer valid");
    }
    if (kind === "invite" && seat.invitation !== this.desk.invitation) {
      throw new HandshakeError("wrong_code", "the link of this run leads nowhere any more");
    }
    const { account_id, display_name, organisation } = seat.vouched;
    const same =
      accepted.accountId === account_id &&
      accepted.displayName === display_name &&
      accepted.organisation === organisation;
    if (!same) throw new ProtocolError("the relay vouches for another person than who joins", "tampered");
    this.send(seat, accepted.flight);
    seat.takeKeys(accepted.resume, this.desk.now);
    seat.follow("verified", this.desk.now);
    if (kind === "resume") {
      this.admit(seat, false);
      return;
    }
    if (kind === "code") {
      seat.code = null;
      this.rooms.codes.spend();
      this.desk.tellRelay({ t: "CodeSpent" });
    }
    this.receive(seat);
  }

  /** A presentation's link was handed out by the presenter: that is the yes. A customer is asked. */
  private receive(seat: Seat): void {
    if (this.desk.settings.kind === "presentation") {
      seat.role = "demo_viewer";
      this.enter(seat);
      return;
    }
    const { seated } = this.desk;
    seat.role = seated.some(({ role }) => role === "lead") ? "collaborator" : "lead";
    this.asked += 1;
    this.questions = [
      ...this.questions,
      {
        id: this.asked,
        link: seat.link,
        name: seat.vouched.display_name,
        organisation: seat.vouched.organisation,
        role: seat.role,
        deadline: this.desk.now + 1000 * CONSENT_DEADLINE_S,
      },
    ];
    const { mode } = this.desk;
    this.desk.tell(seat, { t: "ConsentPending", mode, deadline_s: CONSENT_DEADLINE_S });
  }

  private send(seat: Seat, body: Uint8Array): void {
    this.desk.act({ do: "flight", slot: seat.slot, link: seat.link, body });
  }

  /** A run that failed: what the viewer is told, and what it costs. */
  failed(seat: Seat, error: ProtocolError): void {
    let code = error.code;
    const resuming = seat.seated;
    if (resuming && error instanceof CryptoError && NO_SECRET.has(error.kind)) code = "tampered";
    const unknown = !resuming && seat.run === null && code === "resume_invalid" && !seat.vouched.resumed;
    if (unknown) code = "code_wrong";
    if (this.runFailed(seat)) code = "code_dead";
    this.desk.remove(seat, code);
    // Who lacks the secret must not be able to end the seat of the one who has it.
    if (resuming && SEAT_STAYS.has(code)) this.cut(seat);
    else this.end(seat, "refused");
  }

  private runFailed(seat: Seat): boolean {
    const run = seat.code;
    seat.code = null;
    const killed = this.rooms.codes.failed(run);
    if (killed) this.desk.tellRelay({ t: "CodeSpent" });
    return killed;
  }

  // --- asked about

  /** The person has answered; what comes too late, or twice, changes nothing. */
  answered(id: number, yes: boolean): void {
    const question = this.questions.find((one) => one.id === id);
    if (question === undefined) return;
    const late = question.deadline <= this.desk.now;
    this.settle(question, yes && !late, late ? "consent_timeout" : "consent_denied");
  }

  /** Silence is No. */
  tick(): void {
    for (const question of this.questions) {
      if (question.deadline <= this.desk.now) this.settle(question, false, "consent_timeout");
    }
  }

  private settle({ id, link }: Asked, granted: boolean, code: ErrorCode): void {
    this.questions = this.questions.filter((one) => one.id !== id);
    const seat = this.desk.seatOf(link);
    if (seat?.state !== "asking") return;
    const { mode } = this.desk;
    if (granted) {
      this.enter(seat);
      return;
    }
    this.desk.tell(seat, { t: "ConsentResult", granted, mode, code });
    this.desk.tell(seat, { t: "HostGoodbye", code });
    this.desk.remove(seat, code);
    this.end(seat, "refused");
  }

  private enter(seat: Seat): void {
    this.desk.tell(seat, { t: "ConsentResult", granted: true, mode: this.desk.mode });
    seat.follow("consented", this.desk.now);
    this.admit(seat, true);
  }

  /** The seat is live: relay, key, rights, layout, picture, in this order (SPEC P2). */
  private admit(seat: Seat, first: boolean): void {
    const { control, picture, talk, marks } = this.rooms;
    this.desk.tellRelay({ t: "SeatAdmitted", link: seat.link, role: seat.role });
    picture.renewEpoch();
    control.tellModeTo(seat);
    this.desk.tell(seat, { t: "TokenState", holder: null, cause: "mode" });
    control.tellGrants();
    picture.welcome(seat);
    talk.enters(seat, first);
    marks.welcome(seat, first);
  }

  // --- gone

  /** The connection is down and may come back; the others get a new key. */
  cut(seat: Seat): void {
    this.desk.keep(seat.slot);
    if (seat.state === "away") {
      this.forget(seat);
      return;
    }
    const wasLive = seat.state === "live";
    this.close(seat);
    this.rooms.marks.laserOff(seat.slot);
    seat.follow("cut", this.desk.now);
    this.letGo(seat, wasLive);
  }

  /** The seat is gone for good; `event` is why. */
  end(seat: Seat, event: SeatEvent): void {
    const wasLive = seat.state === "live";
    this.close(seat);
    // Through away, as the table has it.
    if (seat.state === "resuming" && event === "refused") seat.follow(event, this.desk.now);
    seat.follow(seat.state === "joining" && event === "refused" ? "expired" : event, this.desk.now);
    this.letGo(seat, wasLive);
  }

  /** The session is over, or another one: nobody hears of the others' going, and nobody is to lead what has ended. */
  endAll(): void {
    this.desk.linked = false;
    const leadLast = [...this.desk.all].sort((a, b) => Number(a.role === "lead") - Number(b.role === "lead"));
    for (const seat of leadLast) this.close(seat);
    for (const seat of leadLast) this.end(seat, "left");
  }

  /** Somebody is sent away: their key is old before they know (SPEC G10). */
  sendAway(seat: Seat, code: ErrorCode): void {
    this.desk.tell(seat, { t: "HostGoodbye", code });
    this.end(seat, "refused");
    this.desk.remove(seat, code);
  }

  private close(seat: Seat): void {
    this.questions = this.questions.filter(({ link }) => link !== seat.link);
    this.runFailed(seat);
    this.forget(seat);
  }

  private forget(seat: Seat): void {
    if (seat.keyed || seat.run !== null) this.desk.act({ do: "forget", link: seat.link });
    seat.dropKeys();
  }

  private letGo(seat: Seat, wasLive: boolean): void {
    if (seat.state === "gone") {
      this.desk.seats.delete(seat.slot);
      this.rooms.marks.gone(seat.slot);
    }
    if (wasLive) this.rooms.picture.renewEpoch();
    if (seat.state === "gone" && seat.role === "lead") this.newLead();
  }

  /** The lead has left for good: whoever is still here leads, and everybody knows. */
  private newLead(): void {
    const [heir] = this.desk.seated;
    if (heir === undefined || this.desk.settings.kind === "presentation") return;
    heir.role = "lead";
    if (heir.state === "live") {
      this.desk.tellRelay({ t: "RoleNotice", link: heir.link, role: "lead" });
      this.rooms.picture.renewEpoch();
      this.rooms.control.tellModeTo(heir);
    }
    this.desk.tellAll({ t: "LeadChanged", slot: heir.slot });
  }
}

function isReturn(known: Seat, back: ViewerJoining): boolean {
  const who = known.vouched;
  const same =
    who.account_id === back.account_id &&
    who.display_name === back.display_name &&
    who.organisation === back.organisation;
  return back.resumed && known.seated && same;
}
