/** What all rooms of the host's session share: who is here, in which mode, and the actions that have come up. */
import type { ChannelContext } from "../../crypto/schedule";
import type {
  AgentToRelay,
  CaptureState,
  ErrorCode,
  HostToViewer,
  Mode,
  ScreenLayout,
  SessionKind,
} from "../../protocol/generated";
import type { HostAction } from "./actions";
import type { Draw } from "./code";
import type { Seat } from "./seat";

/** A presentation's link: the invitation's id (16 bytes) and secret (32 bytes). */
export interface Invitation {
  readonly invite: Uint8Array<ArrayBuffer>;
  readonly secret: Uint8Array<ArrayBuffer>;
}

/** What a session is started with. `name` is the presenter's, empty for a customer. */
export interface HostSettings {
  readonly kind: SessionKind;
  readonly ticket: string | null;
  readonly name: string;
  readonly version: string;
  readonly invitation: Invitation | null;
  readonly draw: Draw;
  /** The time of day, ms since 1970, for chat. */
  readonly wallMs: () => number;
}

export class Desk {
  readonly seats = new Map<number, Seat>();
  readonly mode: Mode;
  context: ChannelContext | null = null;
  layout: ScreenLayout | null = null;
  condition: CaptureState = { t: "CaptureState", condition: "ok" };
  now = 0;
  private out: HostAction[] = [];

  constructor(readonly settings: HostSettings) {
    this.mode = settings.kind === "presentation" ? "demo" : "observer";
  }

  /** Tell whether the session still takes place where it began. */
  isAt({ relayOrigin, sessionId }: ChannelContext): boolean {
    const { context } = this;
    if (context?.relayOrigin !== relayOrigin) return false;
    return sessionId.every((byte, i) => byte === context.sessionId[i]);
  }

  act(action: HostAction): void {
    this.out.push(action);
  }

  tellRelay(message: AgentToRelay): void {
    this.act({ do: "relay", message });
  }

  /** The relay ends the session; before that it keeps a report of everybody in it, where the customer makes one (SPEC N8). */
  endSession(reported: boolean): void {
    if (reported) this.tellRelay({ t: "RecordNotice", act: "reported", slot: 0 });
    this.tellRelay({ t: "EndSession" });
  }

  /** Tell one viewer; without keys there is nobody to tell. */
  tell(seat: Seat, message: HostToViewer): void {
    if (seat.keyed) this.act({ do: "tell", slot: seat.slot, link: seat.link, message });
  }

  tellAll(message: HostToViewer, except: Seat | null = null): void {
    for (const seat of this.live) if (seat !== except) this.tell(seat, message);
  }

  /** Have the relay close this viewer's socket. */
  remove(seat: Seat, code: ErrorCode): void {
    this.tellRelay({ t: "RemoveViewer", link: seat.link, code });
  }

  seatOf(link: number): Seat | null {
    for (const seat of this.seats.values()) if (seat.link === link) return seat;
    return null;
  }

  get all(): readonly Seat[] {
    return [...this.seats.values()].sort((a, b) => a.slot - b.slot);
  }

  /** Those who see the screen now. */
  get live(): readonly Seat[] {
    return this.all.filter(({ state }) => state === "live");
  }

  get seated(): readonly Seat[] {
    return this.all.filter(({ seated }) => seated);
  }

  taken(): HostAction[] {
    const { out } = this;
    this.out = [];
    return out;
  }
}
