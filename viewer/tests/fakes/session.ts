/** A session that does what a test says. Never part of the product: the build starts at index.html alone. */
import type {
  CursorView,
  MarksView,
  Outgoing,
  SessionClient,
  SessionView,
  TerminalListener,
} from "../../src/core/api";
import { IDLE_VIEW } from "../../src/core/session/view";
import {
  type Capability,
  type Member,
  MODE_TABLE,
  type Mode,
  type RightView,
} from "../../src/protocol/generated";

const NO_MARKS: MarksView = { lasers: {}, strokes: [] };

export const IDLE: SessionView = IDLE_VIEW;

export function rightsOf(mode: Mode): Readonly<Partial<Record<Capability, RightView>>> {
  const entries = Object.entries(MODE_TABLE[mode]).map(([capability, permit]) => [
    capability,
    permit === "allow" ? { permit } : { permit, removed_by: permit === "never" ? "mode" : "consent" },
  ]);
  return Object.fromEntries(entries) as Partial<Record<Capability, RightView>>;
}

export function member(slot: number, given: Partial<Member>): Member {
  const base = {
    slot,
    link: slot,
    role: "lead",
    account_id: `a${slot}`,
    display_name: `T${slot}`,
    organisation: "Relevo",
  };
  return { ...base, ...given } as Member;
}

export function live(mode: Mode, given: Partial<SessionView> = {}): SessionView {
  return {
    ...IDLE,
    phase: "live",
    steps: { relay: "done", encryption: "done", consent: "done", picture: "done" },
    mode,
    rights: rightsOf(mode),
    members: [
      member(1, { display_name: "María Núñez", role: "lead", organisation: "Soporte Duero" }),
      member(2, { display_name: "Jon Etxeberria", role: "supervisor", organisation: "Soporte Duero" }),
    ],
    self: { slot: 1, name: "María Núñez" },
    screen: { width: 1280, height: 800, monitors: [] },
    capture: "ok",
    link: { rttMs: 34.4, fps: 24, kbps: 1830, quality: "good", framesDropped: 3 },
    ...given,
  };
}

/** Of a line that is no whisper. */
export const TO_ALL = { whisper: false, lacking: [] } as const;

export interface FakeSession extends SessionClient {
  readonly sent: Outgoing[];
  readonly calls: string[];
  show(view: SessionView): void;
  showCursor(cursor: CursorView): void;
  showMarks(marks: MarksView): void;
  /** Whoever listens to the terminals now. */
  terminals(): TerminalListener | null;
}

export function fakeSession(first: SessionView, draw?: (canvas: HTMLCanvasElement) => void): FakeSession {
  let view = first;
  let cursor: CursorView = { x: 0, y: 0, url: null, hotX: 0, hotY: 0, visible: false };
  let marks = NO_MARKS;
  let terminals: TerminalListener | null = null;
  const listeners = new Set<() => void>();
  const marksListeners = new Set<() => void>();
  const cursorListeners = new Set<() => void>();
  const on = (set: Set<() => void>) => (listener: () => void) => {
    set.add(listener);
    return () => set.delete(listener);
  };
  const sent: Outgoing[] = [];
  const calls: string[] = [];
  return {
    sent,
    calls,
    subscribe: on(listeners),
    getSnapshot: () => view,
    show(next) {
      view = next;
      for (const listener of listeners) listener();
    },
    showCursor(next) {
      cursor = next;
      for (const listener of cursorListeners) listener();
    },
    showMarks(next) {
      marks = next;
      for (const listener of marksListeners) listener();
    },
    terminals: () => terminals,
    join(request) {
      calls.push(`join ${request.code} ${request.mode}`);
      return Promise.resolve();
    },
    joinByInvite({ invite, secret, name }) {
      calls.push(`invite ${invite}.${secret} ${name ?? "-"}`);
      return Promise.resolve();
    },
    joinLive({ session }) {
      calls.push(`live ${session}`);
      return Promise.resolve();
    },
    whisper(text) {
      calls.push(`whisper ${text}`);
      return true;
    },
    marks: { subscribe: on(marksListeners), getSnapshot: () => marks },
    laser: (place) => calls.push(`laser ${place === null ? "off" : `${place.x},${place.y}`}`),
    draw: ({ stroke, points }) => calls.push(`draw ${stroke} ${points.join(",")}`),
    clearMarks: (everybody) => calls.push(`clear ${everybody}`),
    listenTerminals(listener) {
      terminals = listener;
      return () => {
        terminals = null;
      };
    },
    attachCanvas(canvas) {
      draw?.(canvas);
      return () => undefined;
    },
    send: (message) => sent.push(message),
    requestMode: (mode) => calls.push(`mode ${mode}`),
    setQuality: (quality) => calls.push(`quality ${quality}`),
    leave: () => calls.push("leave"),
    cursor: { subscribe: on(cursorListeners), getSnapshot: () => cursor },
  };
}
