/** Sessions with several people in them, for the gallery. */
import type { LineView, MarksView, SessionView } from "../../src/core/api";
import type { Capability, Process, RightView, Service } from "../../src/protocol/generated";
import { live, member, rightsOf, TO_ALL } from "../fakes/session";

const TEAM = [
  member(1, { display_name: "María Núñez", role: "lead", organisation: "Soporte Duero" }),
  member(2, { display_name: "Jon Etxeberria", role: "supervisor", organisation: "Soporte Duero" }),
  member(3, {
    display_name: "Ainhoa Larrañaga-Goikoetxea",
    role: "collaborator",
    organisation: "Soporte Duero",
  }),
  member(4, { display_name: "Peter Schmitt", role: "external", organisation: "" }),
];

const at = Date.now() - 600_000;
const said = (n: number, slot: number, name: string, text: string, whisper = false): LineView => ({
  key: `${whisper ? "w" : "c"}${n}`,
  slot,
  name,
  text,
  at: at + n * 40_000,
  whisper,
});
const LINES: readonly LineView[] = [
  said(1, 1, "María Núñez", "Buenos días, Carmen. Voy a mirar por qué no se abre la factura."),
  said(2, 0, "Carmen Ruiz", "Gracias. ¿Tengo que hacer algo?"),
  said(3, 1, "María Núñez", "Nada, siga con lo suyo. Le aviso antes de tocar el ratón."),
  said(4, 1, "María Núñez", "Ya está: era el complemento.\nLo he desactivado."),
  said(5, 2, "Jon Etxeberria", "Mira el registro del complemento, es el mismo caso que ayer.", true),
  said(6, 1, "María Núñez", "Lo veo. ¿Aviso a desarrollo?", true),
];

const team = (given: Partial<SessionView> = {}): SessionView =>
  live("shared", {
    members: TEAM,
    token: { holder: 1, cause: "taken", returnsAt: null, nextSlot: null },
    lines: LINES,
    grants: { 3: ["input.pointer", "input.text", "input.keys"] },
    screen: {
      width: 1280,
      height: 800,
      monitors: [
        { id: 1, x: 0, y: 0, width: 640, height: 800, primary: true },
        { id: 2, x: 640, y: 0, width: 640, height: 800, primary: false },
      ],
    },
    ...given,
  });

const ADMIN_RIGHTS: Partial<Record<Capability, RightView>> = {
  ...rightsOf("administrator"),
  "terminal.admin": { permit: "elevated", removed_by: "consent" },
};

const names = [
  "soffice.bin",
  "firefox-esr",
  "Xorg",
  "gnome-shell",
  "cupsd",
  "systemd",
  "sshd",
  "relevo-agent",
];
const PROCESSES: readonly Process[] = Array.from({ length: 120 }, (_, at) => ({
  pid: 400 + at * 37,
  started_ms: 1_700_000_000_000 + at,
  name: `${names[at % names.length] ?? "sh"}${at > 8 ? `-${at}` : ""}`,
  user: at % 3 === 0 ? "root" : "carmen",
  cpu_percent: at === 0 ? 97.3 : 60 / (at + 2),
  memory_bytes: 900_000_000 / (at + 1),
}));
const SERVICES: readonly Service[] = [
  "cups",
  "NetworkManager",
  "ssh",
  "relevo-agent",
  "avahi-daemon",
  "cron",
].map((name, at) => ({
  name: `${name}.service`,
  description: `${name}: a service of this system with a longer description that has to be cut`,
  running: at !== 4,
  changeable: name !== "relevo-agent" && name !== "NetworkManager",
}));

const admin = (given: Partial<SessionView> = {}): SessionView =>
  live("administrator", {
    members: TEAM,
    rights: ADMIN_RIGHTS,
    token: { holder: 1, cause: "mode", returnsAt: null, nextSlot: null },
    administrator: {
      grantEndsAt: Date.now() + 13_000_000,
      holdEndsAt: Date.now() + 28_000_000,
      restartAt: null,
    },
    machine: {
      info: {
        t: "SystemInfo",
        host_name: "carmen-pc",
        system: "Debian GNU/Linux 13 (trixie), 6.12",
        processor: "Intel Core i5-8250U",
        cores: 8,
        memory_bytes: 16_600_000_000,
        disk_free_bytes: 212_000_000_000,
        up_s: 433_000,
        user: "carmen",
      },
      processes: { t: "ProcessList", processes: PROCESSES, left_out: 31 },
      services: { t: "ServiceList", services: SERVICES },
      done: { t: "ActDone", act: "process_end", done: true, detail: "soffice.bin (400)", at: Date.now() },
    },
    ...given,
  });

const self = (slot: number): Pick<SessionView, "self"> => ({
  self: { slot, name: TEAM[slot - 1]?.display_name ?? "" },
});

export const TEAM_SCENES: Readonly<Record<string, SessionView>> = {
  team: team(),
  team_local: team({
    token: { holder: 0, cause: "local_input", returnsAt: Date.now() + 100_000, nextSlot: 1 },
    refusal: {
      code: "not_permitted",
      capability: "input.pointer",
      removedBy: "token",
      at: Date.now() + 2000,
    },
  }),
  team_supervisor: team({
    ...self(2),
    token: { holder: 3, cause: "taken", returnsAt: null, nextSlot: null },
  }),
  team_micro: team({
    ...self(2),
    token: { holder: 2, cause: "micro_handover", returnsAt: Date.now() + 47_000, nextSlot: 1 },
  }),
  team_asking: team({ pendingCapability: "terminal.user", consentDeadline: Date.now() + 41_000 }),
  team_lead: team({
    leadChange: { slot: 2, name: "Jon Etxeberria", reason: "María has another call to take", at: Date.now() },
  }),
  team_invited: team({
    invites: [
      {
        invite: "AAAAAAAAAAAAAAAAAAAAAA",
        link: "https://relevo.example/join#i=AAAAAAAAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",
        role: "external",
        expiresAt: Date.now() + 3_400_000,
      },
    ],
  }),
  admin: admin(),
  admin_restart: admin({
    administrator: { grantEndsAt: Date.now() + 1_000_000, holdEndsAt: null, restartAt: Date.now() + 22_000 },
  }),
  restarting: admin({ phase: "host_away", restartingUntil: Date.now() + 1_750_000 }),
  paused: team({ capture: "paused" }),
  team_cut: team({
    phase: "reconnecting",
    unsaid: [
      { key: "o7", text: "¿Me oye?", at, failed: true, ...TO_ALL },
      { key: "o8", text: "Se ha cortado; sigo en cuanto vuelva.", at, failed: false, ...TO_ALL },
      { key: "u9", text: "¿Le pido permiso?", at, failed: true, whisper: true, lacking: ["Jon Etxeberria"] },
    ],
  }),
  presentation: live("demo", {
    kind: "presentation",
    hostName: "María Núñez",
    members: TEAM.slice(0, 3).map((one) => ({ ...one, role: "demo_viewer" as const, organisation: "" })),
    ...self(2),
  }),
  demo_other: live("demo", { members: TEAM, ...self(3) }),
};

export const MARKS: MarksView = {
  lasers: { 2: { monitor: 0, x: 0.61, y: 0.42 }, 1: { monitor: 0, x: 0.3, y: 0.7 } },
  strokes: [
    {
      slot: 3,
      stroke: 1,
      monitor: 0,
      points: [0.2, 0.2, 0.25, 0.22, 0.31, 0.28, 0.3, 0.35, 0.22, 0.36, 0.19, 0.3, 0.2, 0.2],
    },
    { slot: 0, stroke: 1, monitor: 2, points: [0.2, 0.6, 0.5, 0.65, 0.8, 0.6] },
  ],
};
