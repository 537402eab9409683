/** The account's own page and the organisation's, filled with made-up people, for the gallery. */

/** What a scene shows: its address, what the relay answers there, and what is asked to be proved anew. */
export interface PageScene {
  readonly path: string;
  readonly mustEnrol?: boolean;
  readonly answers: Readonly<Record<string, unknown>>;
}

const id = (number: number): string => number.toString(16).padStart(32, "0");
const now = Date.now() / 1000;
const day = (back: number): string => new Date(1000 * (now - 86_400 * back)).toISOString().slice(0, 10);

const person = (number: number, name: string, display_name: string, given: object = {}): object => ({
  id: id(number),
  name,
  display_name,
  standing: "technician",
  team: "Duero",
  second_factor: true,
  seen_at_s: now - 5_000 * number,
  ...given,
});

const PEOPLE = [
  person(1, "maria", "María Núñez", { is_admin: true, admin_tools: true }),
  person(2, "jon", "Jon Etxeberria", { standing: "supervisor" }),
  person(3, "ainhoa", "Ainhoa Larrañaga-Goikoetxea", { team: "Bidasoa", admin_tools: true }),
  person(4, "peter", "Peter Schmitt", { standing: "expert", second_factor: false, seen_at_s: null }),
  person(5, "mallory", '<img src=x onerror="alert(1)">', { disabled: true, team: "" }),
];

const SESSIONS = [
  { id: id(11), kind: "support", mode: "full", since_s: 1260, lead: "María Núñez", team: "Duero" },
  { id: id(12), kind: "presentation", mode: "demo", since_s: 125, lead: "Jon Etxeberria", team: "Duero" },
].map((session, at) => ({ ...session, people: PEOPLE.slice(0, at + 2).map(() => ({ name: "Ainhoa" })) }));

const REPORTS = [
  {
    id: id(21),
    session: id(11),
    at_s: now - 4_000,
    by: "customer",
    accused: id(3),
    accused_name: "Ainhoa Larrañaga-Goikoetxea",
    people: { "1": "Ainhoa Larrañaga-Goikoetxea", "2": "Peter Schmitt" },
    lead: "Ainhoa Larrañaga-Goikoetxea",
    mode: "full",
    kind: "support",
    began_at_s: now - 5_200,
    state: "open",
    handled_by: "",
    handled_by_name: "",
    note: "",
  },
  {
    id: id(22),
    session: id(12),
    at_s: now - 400_000,
    by: "viewer",
    accused: "",
    accused_name: "",
    people: {},
    state: "closed",
    handled_by: id(1),
    handled_by_name: "María Núñez",
    note: "He llamado al cliente: un malentendido.",
  },
];

const DAYS = Array.from({ length: 14 }, (_, back) => [
  { account_id: id(1), account_name: "María Núñez", sessions: ((back * 7) % 23) + 1, night_share: 0.04 },
  { account_id: id(2), account_name: "Jon Etxeberria", sessions: ((back * 5) % 9) + 1, night_share: 0.6 },
])
  .flatMap((both, back) => both.map((one) => ({ ...one, day: day(back), reports: back === 4 ? 1 : 0 })))
  .map((one) => ({
    ...one,
    unusual: [
      ...(one.sessions > 20 ? ["many_sessions"] : []),
      ...(one.night_share > 0.5 && one.sessions > 7 ? ["night"] : []),
      ...(one.reports > 0 && one.account_id === id(1) ? ["reported"] : []),
    ],
  }));

const line = (seq: number, action: string, given: object = {}): object => ({
  seq,
  at_s: now - 100 * (20 - seq),
  actor: id(1),
  actor_name: "María Núñez",
  action,
  session: null,
  cause: "",
  details: {},
  personal: { address: "192.0.2.7", browser: "Mozilla/5.0 (X11; Linux x86_64) Firefox/153.0" },
  erased: false,
  ...given,
});

const LINES = [
  line(19, "sign_in.refused", { actor: "", actor_name: "", details: { step: "password" } }),
  line(18, "act.consent_given", { session: id(11), details: { slot: 1 }, personal: { detail: "full" } }),
  line(17, "viewer.admitted", { session: id(11), details: { mode: "full", role: "lead", slot: 1 } }),
  line(16, "policy.changed", { details: { second_factor: "everybody", retention_days: 365, night: "22-6" } }),
  line(15, "token.created", { details: { scopes: "audit.read people.read", days: 90 } }),
  line(14, "session.ended", {
    actor: "customer",
    actor_name: "",
    session: id(12),
    erased: true,
    personal: {},
  }),
];

const TOKENS = [
  {
    id: id(31),
    name: "Copias de seguridad",
    account_name: "María Núñez",
    scopes: ["audit.read", "people.read"],
    created_at_s: now - 90_000,
    expires_at_s: now + 7_000_000,
    used_at_s: now - 700,
  },
];

const RULES = {
  policy: {
    second_factor: "administrators",
    oidc_only: false,
    retention_days: 365,
    activity: { machines_per_day: 20, night: [22, 6] },
  },
  floor: "administrators",
  oidc: false,
  organisation: "Soporte Duero",
};

const SIGN_INS = [
  { id: id(41), browser: "Firefox en Linux", method: "totp", current: true, address: "192.0.2.7" },
  { id: id(42), browser: "Chrome en Android", method: "passkey", current: false, address: "198.51.100.23" },
].map((one) => ({ ...one, created_at_s: now - 80_000, seen_at_s: now - 60 }));

const FACTORS = {
  totp: true,
  recovery_left: 3,
  passkeys: [{ id: "AAAA", name: "Portátil del trabajo", created_at_s: now - 900_000, used_at_s: now - 600 }],
};

const OWN = {
  "/api/config": { sign_in: { oidc: "Cuenta Duero", passkeys: true } },
  "/api/me/passkeys": FACTORS,
  "/api/me/sign-ins": { sign_ins: SIGN_INS },
  "/api/me/tokens": { tokens: TOKENS },
};
const OFFICE = {
  ...OWN,
  "/api/admin/people": { people: PEOPLE },
  "/api/admin/sessions": { sessions: SESSIONS },
  "/api/admin/reports": { reports: REPORTS },
  "/api/admin/activity": { days: DAYS },
  "/api/admin/audit": { lines: LINES, before: 14 },
  "/api/admin/tokens": { tokens: TOKENS },
  "/api/admin/policy": RULES,
};
const EMPTY = {
  ...OWN,
  "/api/admin/people": { people: [] },
  "/api/admin/sessions": { sessions: [] },
  "/api/admin/reports": { reports: [] },
  "/api/admin/activity": { days: [] },
  "/api/admin/audit": { lines: [], before: null },
  "/api/admin/tokens": { tokens: [] },
};
const NO_FACTORS = { totp: false, recovery_left: 0, passkeys: [] };

const TABS = ["people", "sessions", "reports", "activity", "audit", "tokens", "policy"] as const;

export const PAGE_SCENES: Readonly<Record<string, PageScene>> = {
  account: { path: "/account", answers: OWN },
  account_bare: {
    path: "/account",
    answers: { ...OWN, "/api/me/passkeys": NO_FACTORS, "/api/me/tokens": { tokens: [] } },
  },
  account_enrol: {
    path: "/account",
    mustEnrol: true,
    answers: { ...OWN, "/api/me/passkeys": NO_FACTORS },
  },
  ...Object.fromEntries(TABS.map((tab) => [`office_${tab}`, { path: `/admin#${tab}`, answers: OFFICE }])),
  ...Object.fromEntries(
    TABS.slice(0, -1).map((tab) => [`office_${tab}_none`, { path: `/admin#${tab}`, answers: EMPTY }]),
  ),
  office_unreachable: { path: "/admin#people", answers: {} },
};

const REFUSED = { error: { code: "reauth_needed", methods: ["passkey", "totp", "recovery"] } };

/** The relay of a scene: reading is answered from the table, every act wants a proof first. */
export function answerFrom({ answers }: PageScene): typeof fetch {
  return (address, init) => {
    const path = new URL(address instanceof Request ? address.url : address, location.origin).pathname;
    if (init?.method === "POST") return Promise.resolve(Response.json(REFUSED, { status: 401 }));
    const found = answers[path];
    return found === undefined
      ? Promise.reject(new TypeError("no relay in the gallery"))
      : Promise.resolve(Response.json(found));
  };
}
