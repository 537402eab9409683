/**
 * What the interface sees of a session: one immutable view, a few commands, a canvas.
 *
 * The worker with socket, keys and decoders stands behind it; nothing here knows a framework. Snapshots are
 * replaced, never changed, so that `useSyncExternalStore` may compare them by identity.
 */
import type {
  ActDone,
  Capability,
  CaptureCondition,
  ErrorCode,
  Factor,
  Member,
  Mode,
  Monitor,
  PictureLimit,
  ProcessList,
  Quality,
  RightView,
  Role,
  ServiceList,
  SessionKind,
  SystemInfo,
  TokenCause,
  ViewerToHost,
} from "../protocol/generated";

/** Where a session stands. `idle` before the first join, `ended` after the last word of either side. */
export type Phase =
  "idle" | "ticket" | "connecting" | "verifying" | "asking" | "live" | "reconnecting" | "host_away" | "ended";

/** The join checklist: relay reached, code and encryption checked, customer asked, first picture drawn. */
export type StepName = "relay" | "encryption" | "consent" | "picture";
export type StepState = "waiting" | "active" | "done" | "failed";
export type JoinSteps = Readonly<Record<StepName, StepState>>;

/** Codes of the wire, and two that the wire cannot know: not signed in, and no relay to be reached at all. */
export type FailureCode = ErrorCode | "signed_out" | "unreachable";

/** Why the session ended or never began. `null` in the view means that this side left. */
export interface Failure {
  readonly code: FailureCode;
  /** One technical line, never the only explanation. */
  readonly detail?: string;
}

/** Something asked for was not done. `at` (ms, `Date.now()`) tells one refusal from the next. */
export interface RefusalView {
  readonly code: ErrorCode;
  /** `null` where a mode was refused rather than an input. */
  readonly capability: Capability | null;
  readonly removedBy: Factor | null;
  readonly at: number;
}

/** How the line does, for a glance. */
export interface LinkView {
  readonly rttMs: number | null;
  readonly fps: number;
  readonly kbps: number;
  readonly quality: "good" | "fair" | "poor";
  readonly framesDropped: number;
}

/** What limits the picture (SPEC D6); `lineBytesS` is 0 while unknown. */
export interface LimitView {
  readonly limit: PictureLimit;
  readonly lineBytesS: number;
  readonly hostMs: number;
  readonly viewerMs: number;
}

/** Size of the remote screen in pixels, and its monitors. */
export interface ScreenView {
  readonly width: number;
  readonly height: number;
  readonly monitors: readonly Monitor[];
}

/** Who drives. `returnsAt` (ms, `Date.now()`): when the token goes by itself to `nextSlot`. */
export interface TokenView {
  readonly holder: number | null;
  readonly cause: TokenCause;
  readonly returnsAt: number | null;
  readonly nextSlot: number | null;
}

/** One line of chat, or a whisper. `slot` 0 is the person at the host. `at` is ms since 1970. */
export interface LineView {
  readonly key: string;
  readonly slot: number;
  readonly name: string;
  readonly text: string;
  readonly at: number;
  readonly whisper: boolean;
}

/**
 * A line or whisper of one's own that nobody has yet; `failed`: it was not delivered, a whisper not to those whose names
 * are in `lacking`. `at` is ms since 1970.
 */
export interface UnsaidView {
  readonly key: string;
  readonly text: string;
  readonly at: number;
  readonly failed: boolean;
  readonly whisper: boolean;
  readonly lacking: readonly string[];
}

/** An invitation that this side asked for; `link` is the whole address. */
export interface InviteView {
  readonly invite: string;
  readonly link: string;
  readonly role: Role;
  readonly expiresAt: number;
}

/** Somebody else leads; `reason` when a supervisor took over. */
export interface LeadChangeView {
  readonly slot: number;
  readonly name: string;
  readonly reason: string | null;
  readonly at: number;
}

/** Administrator mode: deadlines are ms, `Date.now()`. `restartAt` ends a countdown that can be called off. */
export interface AdministratorView {
  readonly grantEndsAt: number | null;
  readonly holdEndsAt: number | null;
  readonly restartAt: number | null;
}

/** What the host told about its machine, newest answers. */
export interface MachineView {
  readonly info: SystemInfo | null;
  readonly processes: ProcessList | null;
  readonly services: ServiceList | null;
  readonly done: (ActDone & { readonly at: number }) | null;
}

/** A laser on the screen. */
export interface LaserView {
  readonly monitor: number;
  readonly x: number;
  readonly y: number;
}

/** A drawn line: flat pairs of fractions. */
export interface StrokeView {
  readonly slot: number;
  readonly stroke: number;
  readonly monitor: number;
  readonly points: readonly number[];
}

/** Everybody's marks, one's own included. */
export interface MarksView {
  readonly lasers: Readonly<Partial<Record<number, LaserView>>>;
  readonly strokes: readonly StrokeView[];
}

/** What a terminal says to whoever shows it. */
export interface TerminalListener {
  readonly opened: (terminal: number, elevated: boolean) => void;
  readonly output: (terminal: number, data: Uint8Array) => void;
  readonly closed: (terminal: number, status: number) => void;
}

/** Everything that the interface draws. */
export interface SessionView {
  readonly phase: Phase;
  readonly steps: JoinSteps;
  /** The mode that holds; `null` before consent. */
  readonly mode: Mode | null;
  readonly rights: Readonly<Partial<Record<Capability, RightView>>>;
  readonly members: readonly Member[];
  readonly self: { readonly slot: number; readonly name: string } | null;
  readonly screen: ScreenView | null;
  readonly capture: CaptureCondition | null;
  /** When the customer's silence becomes No (ms, `Date.now()`); `null` while nobody is asked. */
  readonly consentDeadline: number | null;
  /** What this side prefers: it stays from one session to the next. */
  readonly quality: Quality;
  /** The mode that the customer is being asked for. */
  readonly pendingMode: Mode | null;
  readonly link: LinkView;
  /** `null` until the host has said it, and in a session without a picture. */
  readonly limit: LimitView | null;
  readonly error: Failure | null;
  readonly refusal: RefusalView | null;
  readonly kind: SessionKind;
  /** In a presentation who presents. */
  readonly hostName: string | null;
  readonly token: TokenView | null;
  /** What the lead granted to each slot beyond its role. */
  readonly grants: Readonly<Partial<Record<number, readonly Capability[]>>>;
  /** Chat and whispers in the order they came, at most 500. */
  readonly lines: readonly LineView[];
  /** One's own that are not among them yet, or that somebody did not get, oldest first. */
  readonly unsaid: readonly UnsaidView[];
  readonly invites: readonly InviteView[];
  /** The capability that the customer is being asked for. */
  readonly pendingCapability: Capability | null;
  readonly leadChange: LeadChangeView | null;
  readonly administrator: AdministratorView;
  readonly machine: MachineView;
  /** While `host_away`: the customer's PC restarts, and has until then (ms, `Date.now()`). */
  readonly restartingUntil: number | null;
  /** The session's id in hex, as the relay's HTTP interface names it; absent before the welcome. */
  readonly sessionId?: string;
  /** What the host said it can do (its identity, SPEC K4); absent before the handshake. */
  readonly hostModes?: readonly Mode[];
}

/** A session without the figures of its line, which differ every second. */
export type CalmView = Omit<SessionView, "link">;

/** The remote cursor, in remote pixels; `url` is an image, `null` before the first shape. */
export interface CursorView {
  readonly x: number;
  readonly y: number;
  readonly url: string | null;
  readonly hotX: number;
  readonly hotY: number;
  readonly visible: boolean;
}

/** A value that changes, in the shape `useSyncExternalStore` wants. */
export interface Observable<T> {
  subscribe(listener: () => void): () => void;
  getSnapshot(): T;
}

type WithoutSeen<M> = M extends { readonly seen: number } ? Omit<M, "seen"> : M;

/** A message of the viewer as the interface writes it: the client itself adds the last drawn frame (`seen`). */
export type Outgoing = WithoutSeen<ViewerToHost>;

/** One session after another, from one browser tab. */
export interface SessionClient extends Observable<SessionView> {
  /** Start a session from `idle` or `ended`; resolves when it is live or has failed, and never rejects. */
  join(request: { readonly code: string; readonly mode: Mode }): Promise<void>;
  /** Come in by a link's two halves (base64url); `name` is set by guests, who have no account. */
  joinByInvite(request: {
    readonly invite: string;
    readonly secret: string;
    readonly name: string | null;
  }): Promise<void>;
  /** Come into a live session of the team, or back into a held one, by its id (hex); SPEC C20. */
  joinLive(request: { readonly session: string }): Promise<void>;
  /** Draw on this canvas: its `width` and `height` become the remote screen's. The answer detaches it. */
  attachCanvas(canvas: HTMLCanvasElement): () => void;
  /** Seal and send; discarded unless the session is live. Chat is kept until the host has it (SPEC T8). */
  send(message: Outgoing): void;
  /** `demo` belongs to the mode demo: the presentation's two halves. */
  requestMode(mode: Mode, demo?: { readonly invite: string; readonly secret: string }): void;
  /** Say something to the team only, kept until each has heard it (SPEC T9); false where nobody could hear it. */
  whisper(text: string): boolean;
  readonly marks: Observable<MarksView>;
  /** Point at a place, or (`null`) stop; shown at once here as well. */
  laser(place: LaserView | null): void;
  /** A piece of a line; the first piece of a new `stroke` begins it. */
  draw(piece: Omit<StrokeView, "slot">): void;
  clearMarks(everybody: boolean): void;
  /** Terminals are opened and typed into by `send`; what they say comes here. The answer unsubscribes. */
  listenTerminals(listener: TerminalListener): () => void;
  setQuality(quality: Quality): void;
  /** Leave for good: `ended` with `error: null`. */
  leave(): void;
  readonly cursor: Observable<CursorView>;
}

/** What `createSessionClient` in `core/client.ts` is. */
export type CreateSessionClient = () => SessionClient;
