/**
 * What the interface sees of a session: one immutable view, a few commands, a canvas.
 *
 * The worker with socket, keys and decoders stands behind it; nothing here knows a framework. Snapshots are
 * replaced, never changed, so that `useSyncExternalStore` may compare them by identity.
 */
import type {
  Capability,
  CaptureCondition,
  ErrorCode,
  Factor,
  Member,
  Mode,
  Monitor,
  Quality,
  RightView,
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

/** Size of the remote screen in pixels, and its monitors. */
export interface ScreenView {
  readonly width: number;
  readonly height: number;
  readonly monitors: readonly Monitor[];
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
  readonly error: Failure | null;
  readonly refusal: RefusalView | null;
}

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
  /** Draw on this canvas: its `width` and `height` become the remote screen's. The answer detaches it. */
  attachCanvas(canvas: HTMLCanvasElement): () => void;
  /** Seal and send; discarded unless the session is live. */
  send(message: Outgoing): void;
  requestMode(mode: Mode): void;
  setQuality(quality: Quality): void;
  /** Leave for good: `ended` with `error: null`. */
  leave(): void;
  readonly cursor: Observable<CursorView>;
}

/** What `createSessionClient` in `core/client.ts` is. */
export type CreateSessionClient = () => SessionClient;
