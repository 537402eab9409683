/**
 * A host in the browser: a presenter who shows their screen, or a customer who cannot install anything (SPEC G12).
 *
 * Same shape as the viewer's client: one immutable view, a few commands.
 */
import type { Failure, LineView, MarksView, Observable } from "../api";
import type { Role, SessionKind } from "../../protocol/generated";

/** `waiting`: connected, nobody there. `live`: somebody sees the screen. */
export type HostPhase = "idle" | "starting" | "waiting" | "live" | "reconnecting" | "ended";

export interface HostPerson {
  /** Tells this stay from every other one: a slot is given on. */
  readonly id: number;
  readonly slot: number;
  readonly name: string;
  readonly organisation: string;
  readonly role: Role;
  readonly present: boolean;
  /** May point and draw. */
  readonly marks: boolean;
}

/** The customer is asked about somebody at the door; silence until `deadline` (ms, `Date.now()`) is No. */
export interface HostQuestion {
  readonly id: number;
  readonly name: string;
  readonly organisation: string;
  readonly role: Role;
  readonly deadline: number;
}

export interface HostView {
  readonly phase: HostPhase;
  readonly kind: SessionKind;
  /** A customer's code, twelve digits. */
  readonly code: string | null;
  /** A presentation's link, and its two halves (base64url). */
  readonly link: string | null;
  readonly invite: string | null;
  readonly secret: string | null;
  readonly people: readonly HostPerson[];
  readonly question: HostQuestion | null;
  readonly lines: readonly LineView[];
  /** Why no screen was chosen, when the person was asked last: they closed the question, or this browser has none. */
  readonly choice: "cancelled" | "unsupported" | null;
  /** Whether the picture goes out; false after the person stopped it in the browser's own bar. */
  readonly sharing: boolean;
  readonly error: Failure | null;
}

export interface HostClient extends Observable<HostView> {
  /** Choose a screen and present it; must be called from a click. Needs an account. */
  present(): Promise<void>;
  /** Choose a screen and share it with a technician, who looks only; must be called from a click. */
  share(): Promise<void>;
  answer(question: number, yes: boolean): void;
  /** Send somebody away; a presentation has another link from then on. */
  remove(person: number): void;
  allowMarks(person: number, allowed: boolean): void;
  say(text: string): void;
  clearMarks(): void;
  readonly marks: Observable<MarksView>;
  /** What is shown, for a small preview. */
  readonly stream: Observable<MediaStream | null>;
  /** End it for everybody; `reported`: and tell the organisation that something was wrong (SPEC N8). */
  stop(reported?: boolean): void;
}

/** What `createHostClient` in `core/host/client.ts` is. */
export type CreateHostClient = () => HostClient;
