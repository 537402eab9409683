/** What all rooms of the host's session share: who is here, in which mode, and the actions that have come up. */
import type { ChannelContext } from "../../crypto/schedule";
import {
  type AgentToRelay,
  type CaptureState,
  type ErrorCode,
  type HostToViewer,
  INVITE_DEMO_LIFE_S,
  type Mode,
  type RemoveViewer,
  type ScreenLayout,
  type SessionKind,
  type ViewerJoining,
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
  readonly draw: Draw;
  readonly drawInvitation: () => Invitation;
  /** The time of day, ms since 1970, for chat. */
  readonly wallMs: () => number;
}

export class Desk {
  readonly seats = new Map<number, Seat>();
  readonly mode: Mode;
  /** The relay has welcomed this line: what is said now, it hears. */
  linked = false;
  /** The link into a presentation as it is now. */
  invitation: Invitation | null;
  context: ChannelContext | null = null;
  layout: ScreenLayout | null = null;
  condition: CaptureState = { t: "CaptureState", condition: "ok" };
  now = 0;
  private out: HostAction[] = [];
  /** Whose seat has ended here, by slot, as the relay was told it: a cut may have swallowed the word. */
  private readonly removed = new Map<number, RemoveViewer>();

  constructor(readonly settings: HostSettings) {
    const presents = settings.kind === "presentation";
    this.mode = presents ? "demo" : "observer";
    this.invitation = presents ? settings.drawInvitation() : null;
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

  /** Without a line nobody hears it: what still holds is said when the relay is back. */
  tellRelay(message: AgentToRelay): void {
    if (this.linked) this.act({ do: "relay", message });
  }

  /** The relay ends the session; before that it keeps a report of everybody in it, where the customer makes one (SPEC N8). */
  endSession(reported: boolean): void {
    // With a number it is in the record once, however often it is told (SPEC C26).
    if (reported) this.tellRelay({ t: "RecordNotice", act: "reported", slot: 0, number: 1 });
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
  remove({ slot, link }: Pick<Seat, "slot" | "link">, code: ErrorCode): void {
    const order = { t: "RemoveViewer", link, code } as const;
    this.removed.set(slot, order);
    this.tellRelay(order);
  }

  /** This seat is somebody's (again): who was removed from it before is past. */
  keep(slot: number): void {
    this.removed.delete(slot);
  }

  /** The session is another one: nobody of this one comes back. */
  forgetRemoved(): void {
    this.removed.clear();
  }

  /** The relay brings back somebody whose seat has ended here: they hear why. */
  turnAway({ slot, link }: ViewerJoining): void {
    this.remove({ slot, link }, this.removed.get(slot)?.code ?? "resume_invalid");
  }

  /** The line is there again: what the relay may not have heard is said once more (SPEC C10, C19). */
  sayAgain(): void {
    for (const order of this.removed.values()) this.tellRelay(order);
    this.openLink();
  }

  /** Another link leads into the presentation, the one before nowhere; who is in stays in (SPEC G12). */
  changeLink(): void {
    if (this.invitation === null) return;
    const { invite } = this.invitation;
    this.invitation = this.settings.drawInvitation();
    this.tellRelay({ t: "InviteClosed", invite });
    this.openLink();
  }

  private openLink(): void {
    if (this.invitation === null) return;
    const { invite } = this.invitation;
    this.tellRelay({ t: "InviteOpened", invite, guests: true, life_s: INVITE_DEMO_LIFE_S });
  }

  seatOf(link: number): Seat | null {
    for (const seat of this.seats.values()) if (seat.link === link) return seat;
    return null;
  }

  /** Whoever is in under this number: nobody else has it, also not who gets their slot after them. */
  person(id: number): Seat | null {
    return this.seated.find((seat) => seat.id === id) ?? null;
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
