/** The view before anything happened, and how the join checklist moves. */
import type { CursorView, Failure, JoinSteps, SessionView, StepName, StepState } from "../api";
import { ProtocolError } from "../../protocol/errors";

const ORDER: readonly StepName[] = ["relay", "encryption", "consent", "picture"];

/** The view of a tab that has not joined anything. */
export const IDLE_VIEW: SessionView = {
  phase: "idle",
  steps: { relay: "waiting", encryption: "waiting", consent: "waiting", picture: "waiting" },
  mode: null,
  rights: {},
  members: [],
  self: null,
  screen: null,
  capture: null,
  consentDeadline: null,
  quality: "auto",
  pendingMode: null,
  link: { rttMs: null, fps: 0, kbps: 0, quality: "good", framesDropped: 0 },
  limit: null,
  error: null,
  refusal: null,
  kind: "support",
  hostName: null,
  token: null,
  grants: {},
  lines: [],
  unsaid: [],
  invites: [],
  pendingCapability: null,
  leadChange: null,
  administrator: { grantEndsAt: null, holdEndsAt: null, restartAt: null },
  machine: { info: null, processes: null, services: null, done: null },
  restartingUntil: null,
};

/** What no longer holds when the line is down: nobody is being asked any more. */
export const NOBODY_ASKED = { consentDeadline: null, pendingMode: null, pendingCapability: null } as const;

/** The cursor before its first shape. */
export const NO_CURSOR: CursorView = { x: 0, y: 0, url: null, hotX: 0, hotY: 0, visible: false };

/** The checklist when this step is being worked on: those before it are done, those after it wait. */
export function stepsAt(current: StepName): JoinSteps {
  const at = ORDER.indexOf(current);
  const state = (i: number): StepState => (i < at ? "done" : i === at ? "active" : "waiting");
  return { relay: state(0), encryption: state(1), consent: state(2), picture: state(3) };
}

/** The checklist when everything is done. */
export const ALL_DONE: JoinSteps = { relay: "done", encryption: "done", consent: "done", picture: "done" };

function failedSteps(steps: JoinSteps): JoinSteps {
  const failed = (state: StepState): StepState => (state === "active" ? "failed" : state);
  return {
    relay: failed(steps.relay),
    encryption: failed(steps.encryption),
    consent: failed(steps.consent),
    picture: failed(steps.picture),
  };
}

/** The last view of a session; `error` is `null` where this side left. */
export function endedView(view: SessionView, error: Failure | null): SessionView {
  return {
    ...view,
    phase: "ended",
    steps: error === null ? view.steps : failedSteps(view.steps),
    ...NOBODY_ASKED,
    restartingUntil: null,
    error,
  };
}

/** The view while the host is away; a countdown to its restart is over then. */
export function awayView(view: SessionView, restartingUntil: number | null): SessionView {
  const administrator = { ...view.administrator, restartAt: null };
  return { ...view, ...NOBODY_ASKED, phase: "host_away", administrator, restartingUntil };
}

/** Until when a restart or a hold keeps the seat, ms of the day: longer than a cut does (SPEC C21). */
export function keptUntil({ restartingUntil, administrator }: SessionView): number {
  return Math.max(restartingUntil ?? 0, administrator.holdEndsAt ?? 0);
}

/** The first view of a new session, while the ticket is being fetched. */
export function startView(): SessionView {
  return { ...IDLE_VIEW, phase: "ticket", steps: stepsAt("relay") };
}

// A detail may quote what came in; one line of it is enough for anybody.
const MAX_DETAIL_CHARS = 200;

function clipped(detail: string): string {
  return detail.length > MAX_DETAIL_CHARS ? `${detail.slice(0, MAX_DETAIL_CHARS)}…` : detail;
}

/** What an error means to a person; whatever is not of the wire is a fault of this program. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ProtocolError) return { code: error.code, detail: clipped(error.message) };
  const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: "internal", detail: clipped(detail) };
}
