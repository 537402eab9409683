/** What people without an account see, and those who show their own screen, for the gallery. */
import type { MarksView, SessionView } from "../../src/core/api";
import type { HostView } from "../../src/core/host/api";
import type { GuestLink } from "../../src/features/guest/link";
import type { SessionKind } from "../../src/protocol/generated";
import { IDLE, live, member } from "../fakes/session";

export interface GuestScene {
  readonly link: GuestLink;
  readonly view: SessionView;
}

export interface HostScene {
  readonly kind: SessionKind;
  readonly view: Partial<HostView>;
  readonly marks: MarksView;
}

const INVITATION = { invite: "A".repeat(22), secret: "B".repeat(43) };
const DEMO: GuestLink = { kind: "presentation", invitation: INVITATION };
const SESSION: GuestLink = { kind: "session", invitation: INVITATION };
const soon = (): number => Date.now() + 41_000;

const presented = live("demo", {
  kind: "presentation",
  hostName: "María Núñez",
  members: [
    member(1, { display_name: "Ainhoa Larrañaga-Goikoetxea", role: "demo_viewer", organisation: "" }),
    member(2, { display_name: "Peter Schmitt", role: "demo_viewer", organisation: "" }),
  ],
  self: { slot: 2, name: "Peter Schmitt" },
});

export const GUEST_SCENES: Readonly<Record<string, GuestScene>> = {
  guest_demo: { link: DEMO, view: IDLE },
  guest_session: { link: SESSION, view: IDLE },
  guest_broken: { link: { kind: "presentation", invitation: null }, view: IDLE },
  guest_asking: { link: SESSION, view: { ...IDLE, phase: "asking", consentDeadline: soon() } },
  guest_full: { link: DEMO, view: { ...IDLE, phase: "ended", error: { code: "session_full" } } },
  guest_over: { link: DEMO, view: { ...presented, phase: "ended", error: { code: "session_ended" } } },
  guest_watching: { link: DEMO, view: presented },
};

const NO_MARKS: MarksView = { lasers: {}, strokes: [] };
const DRAWN: MarksView = {
  lasers: { 1: { monitor: 0, x: 0.6, y: 0.4 } },
  strokes: [{ slot: 2, stroke: 1, monitor: 0, points: [0.2, 0.3, 0.4, 0.35, 0.45, 0.6] }],
};
const PEOPLE: HostView["people"] = [
  {
    id: 1,
    slot: 1,
    name: "Ainhoa Larrañaga-Goikoetxea",
    organisation: "",
    role: "demo_viewer",
    present: true,
    marks: false,
  },
  {
    id: 2,
    slot: 2,
    name: "Peter Schmitt",
    organisation: "",
    role: "demo_viewer",
    present: true,
    marks: true,
  },
  { id: 3, slot: 3, name: "Ana", organisation: "", role: "demo_viewer", present: false, marks: false },
];
const LINES: HostView["lines"] = [
  {
    key: "c1",
    slot: 2,
    name: "Peter Schmitt",
    text: "¿Se puede ver la factura otra vez?",
    at: 1,
    whisper: false,
  },
  { key: "c2", slot: 0, name: "María Núñez", text: "Sí, ahora mismo.", at: 2, whisper: false },
];
const LINK = `https://relevo.example/demo#i=${INVITATION.invite}.${INVITATION.secret}`;
const share = (view: Partial<HostView>): HostScene => ({ kind: "support", view, marks: NO_MARKS });
const present = (view: Partial<HostView>): HostScene => ({ kind: "presentation", view, marks: DRAWN });
const shared: Partial<HostView> = { phase: "waiting", kind: "support", sharing: true, code: "482913705146" };
const presenting: Partial<HostView> = {
  phase: "live",
  sharing: true,
  link: LINK,
  people: PEOPLE,
  lines: LINES,
};

export const HOST_SCENES: Readonly<Record<string, HostScene>> = {
  share_start: share({}),
  share_cancelled: share({ phase: "ended", choice: "cancelled" }),
  share_phone: share({ phase: "ended", choice: "unsupported" }),
  share_code: share(shared),
  share_asked: share({
    ...shared,
    question: { id: 1, name: "María Núñez", organisation: "Soporte Duero", role: "lead", deadline: soon() },
  }),
  share_watched: share({
    ...shared,
    phase: "live",
    code: null,
    people: [
      {
        id: 1,
        slot: 1,
        name: "María Núñez",
        organisation: "Soporte Duero",
        role: "lead",
        present: true,
        marks: true,
      },
    ],
  }),
  present_start: present({}),
  present_room: present(presenting),
  present_paused: present({ ...presenting, sharing: false }),
  present_cut: present({ ...presenting, phase: "reconnecting" }),
};
