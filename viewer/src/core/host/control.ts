/** What a viewer who is in may do: every message passes the gate, then goes on (SPEC R2-R10). */
import { ProtocolError } from "../../protocol/errors";
import type { Capability, Mode, ViewerToHost } from "../../protocol/generated";
import type { Desk } from "./desk";
import { type Refusal, refusalOf, rightsOf } from "./gate";
import type { Marks } from "./marks";
import type { Picture } from "./picture";
import type { Seat } from "./seat";
import type { Talk } from "./talk";

const REFUSAL_GAP_MS = 1000;
const MODE_AGAIN_MS = 500;
const DRAWING: readonly Capability[] = ["point.laser", "point.annotate"];

/** What a refused mode would have brought, as the refusal names it. */
const GAINS: Readonly<Record<Mode, Capability>> = {
  observer: "screen.view",
  shared: "input.pointer",
  full: "input.pointer",
  administrator: "elevate",
  demo: "screen.present",
};

/** What belongs to a host that has more than a screen: refused as the platform's lack. */
const NOT_HERE: Refusal = { code: "not_permitted", capability: null, removedBy: "platform" };

function tooFast(capability: Capability | null): Refusal {
  return { code: "throttled", capability, removedBy: null };
}

type Handlers = {
  readonly [T in ViewerToHost["t"]]?: (seat: Seat, message: Extract<ViewerToHost, { t: T }>) => void;
};

export class Control {
  /** What a screen without a PC behind it understands; whatever is not here is refused. */
  private readonly handlers: Handlers = {
    Heartbeat: (seat, { t_ms }) => {
      if (seat.echoes.spend(this.desk.now)) this.desk.tell(seat, { t: "HeartbeatEcho", t_ms });
    },
    FrameAck: (seat, ack) => this.picture.ack(seat, ack),
    KeyframeRequest: () => this.picture.wantKeyframe(),
    QualityChoice: (seat, { quality }) =>
      this.inBounds(seat, null, () => {
        seat.quality = quality;
        this.picture.chooseQuality();
      }),
    TeamKey: (seat, message) => this.teamKey(seat, message.public),
    ModeRequest: (seat, { mode }) => this.inBounds(seat, null, () => this.modeRequested(seat, mode)),
    ChatSend: (seat, { text, sent = 0 }) => {
      if (this.talk.repeats(seat, sent)) return;
      if (seat.lines.spend(this.desk.now)) this.talk.heard(seat, text, sent);
      else this.refuse(seat, tooFast("chat"));
    },
    Laser: (seat, place) => this.marks.laser(seat, place),
    LaserOff: (seat) => this.marks.laserOff(seat.slot),
    Stroke: (seat, piece) => this.marks.stroke(seat, piece),
    ClearMarks: (seat, { everybody }) =>
      this.inBounds(seat, "point.annotate", () => this.clearMarks(seat, everybody === true)),
    // What every supported browser decodes is all that this host sends (SPEC D5).
    Decoders: () => undefined,
    // Nobody holds a key, a button or the token here.
    ReleaseAll: () => undefined,
    ControlRelease: () => undefined,
  };

  constructor(
    private readonly desk: Desk,
    private readonly picture: Picture,
    private readonly talk: Talk,
    private readonly marks: Marks,
  ) {}

  /**
   * Judge one opened message; true if the viewer takes leave.
   *
   * @throws ProtocolError `throttled` where too many come
   */
  heard(seat: Seat, message: ViewerToHost): boolean {
    if (!seat.allowance.spend(this.desk.now)) {
      throw new ProtocolError("more messages than anybody can mean", "throttled");
    }
    seat.heardAt = this.desk.now;
    const refusal = refusalOf(message.t, this.desk.mode, seat);
    if (refusal === null) return this.obey(seat, message);
    this.refuse(seat, refusal);
    return false;
  }

  private obey(seat: Seat, message: ViewerToHost): boolean {
    if (message.t === "Goodbye") return true;
    // The table gives each name its own handler: the type of the message follows from it.
    const handle = this.handlers[message.t] as ((seat: Seat, message: ViewerToHost) => void) | undefined;
    if (handle === undefined) this.refuse(seat, NOT_HERE);
    else handle(seat, message);
    return false;
  }

  /** What costs everybody something is done now and then only; beyond that the viewer is told so. */
  private inBounds(seat: Seat, capability: Capability | null, act: () => void): void {
    if (seat.acts.spend(this.desk.now)) act();
    else this.refuse(seat, tooFast(capability));
  }

  private clearMarks(seat: Seat, everybody: boolean): void {
    const all = everybody && (seat.role === "lead" || seat.role === "supervisor");
    if (everybody && !all) this.refuse(seat, { ...NOT_HERE, removedBy: "role" });
    else this.marks.clear(all ? null : seat.slot);
  }

  /** One key for each link. A demo viewer never whispers, so theirs may wait for the next epoch (SPEC T2, T4). */
  private teamKey(seat: Seat, key: Uint8Array): void {
    if (seat.teamKey !== null) return;
    seat.teamKey = key;
    if (seat.role !== "demo_viewer") this.picture.renewEpoch();
  }

  private modeRequested(seat: Seat, mode: Mode): void {
    if (mode === this.desk.mode) {
      if (this.desk.now - seat.modeToldAt >= MODE_AGAIN_MS) this.tellModeTo(seat);
      return;
    }
    const lead = seat.role === "lead";
    this.desk.tell(seat, { t: "ConsentResult", granted: false, mode, code: "not_permitted" });
    const removedBy = lead ? "platform" : "role";
    this.refuse(seat, { code: "not_permitted", capability: GAINS[mode], removedBy });
  }

  /** The person at this screen lets somebody point and draw, or no longer. */
  allowMarks(seat: Seat, allowed: boolean): void {
    for (const capability of DRAWING) {
      if (allowed) seat.granted.add(capability);
      else seat.granted.delete(capability);
    }
    if (!allowed) this.marks.gone(seat.slot);
    if (seat.state === "live") this.tellModeTo(seat);
    this.tellGrants();
  }

  tellModeTo(seat: Seat): void {
    seat.modeToldAt = this.desk.now;
    this.desk.tell(seat, { t: "ModeState", mode: this.desk.mode, rights: rightsOf(this.desk.mode, seat) });
  }

  tellGrants(): void {
    const grants = this.desk.seated.map(({ slot, granted }) => ({ slot, granted: [...granted] }));
    this.desk.tellAll({ t: "GrantsState", grants });
  }

  /** Told at most once a second for the same reason (SPEC R6). */
  private refuse(seat: Seat, { code, capability, removedBy }: Refusal): void {
    if (code === "unexpected") return;
    const reason = `${code} ${capability ?? ""} ${removedBy ?? ""}`;
    if (this.desk.now - (seat.refusedAt.get(reason) ?? -Infinity) < REFUSAL_GAP_MS) return;
    seat.refusedAt.set(reason, this.desk.now);
    this.desk.tell(seat, { t: "InputRefused", code, capability, removed_by: removedBy });
  }
}
