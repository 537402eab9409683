/** Every screen with made-up contents, for looking at: /tests/gallery/index.html?screen=desktop&lang=es under `vite`. */
import { createRoot } from "react-dom/client";

import type { SessionView } from "../../src/core/api";
import { type AccountFault, PERMISSIONS } from "../../src/features/account/api";
import { createAccountStore } from "../../src/features/account/store";
import { App } from "../../src/ui/App";
import { chooseLanguage, startTexts } from "../../src/ui/i18n";
import { accountApi, signedIn } from "../fakes/account";
import { FakeHost } from "../fakes/host";
import { fakeSession, IDLE, live, TO_ALL } from "../fakes/session";
import { type GuestScene, GUEST_SCENES, HOST_SCENES, type HostScene } from "./outside";
import { answerFrom, PAGE_SCENES, type PageScene } from "./office";
import { MARKS, TEAM_SCENES } from "./scenes";

const DENIED: AccountFault = {
  code: "wrong_sign_in",
  message: { en: "The name or the password is wrong.", es: "El nombre o la contraseña no son correctos." },
  remedy: {
    en: "Check both and try again; an administrator can set a new password.",
    es: "Revíselos e inténtelo de nuevo; un administrador puede poner una contraseña nueva.",
  },
  retryAfterS: null,
};
const THROTTLED: AccountFault = {
  ...DENIED,
  code: "too_many_attempts",
  message: { en: "There were too many attempts.", es: "Ha habido demasiados intentos." },
  retryAfterS: 42,
};

const steps = (relay: string, encryption: string, consent: string, picture: string): SessionView["steps"] =>
  ({ relay, encryption, consent, picture }) as SessionView["steps"];
const soon = Date.now() + 41_000;

const SESSIONS: Readonly<Record<string, SessionView>> = {
  signin: IDLE,
  signin_denied: IDLE,
  signin_throttled: IDLE,
  signin_second: IDLE,
  join: IDLE,
  verifying: {
    ...IDLE,
    phase: "verifying",
    steps: steps("done", "active", "waiting", "waiting"),
    pendingMode: "full",
  },
  asking: {
    ...IDLE,
    phase: "asking",
    steps: steps("done", "done", "active", "waiting"),
    pendingMode: "full",
    consentDeadline: soon,
  },
  code_wrong: {
    ...IDLE,
    phase: "ended",
    steps: steps("done", "failed", "waiting", "waiting"),
    error: { code: "code_wrong" },
  },
  denied: {
    ...IDLE,
    phase: "ended",
    steps: steps("done", "done", "failed", "waiting"),
    error: { code: "consent_denied" },
  },
  unreachable: {
    ...IDLE,
    phase: "ended",
    steps: steps("failed", "waiting", "waiting", "waiting"),
    error: { code: "unreachable", detail: "WebSocket closed 1006" },
  },
  undelivered: {
    ...live("full"),
    phase: "ended",
    error: { code: "host_gone" },
    unsaid: [{ key: "o1", text: "¿Sigue ahí? Le llamo por teléfono.", at: 1, failed: false, ...TO_ALL }],
  },
  left: { ...live("full"), phase: "ended", mode: null, error: null },
  removed: { ...live("full"), phase: "ended", mode: null, error: { code: "removed" } },
  desktop: live("full"),
  observer: live("observer"),
  stepup: live("observer", { pendingMode: "full", consentDeadline: soon }),
  waiting_picture: live("full", { steps: steps("done", "done", "done", "active"), screen: null }),
  reconnecting: live("full", {
    phase: "reconnecting",
    link: { ...live("full").link, quality: "poor", rttMs: null },
  }),
  host_away: live("full", { phase: "host_away" }),
  locked: live("full", { capture: "locked" }),
  refused: live("full"),
  ...TEAM_SCENES,
  poor: live("full", { link: { rttMs: 612, fps: 3, kbps: 96, quality: "poor", framesDropped: 210 } }),
};

function draw(canvas: HTMLCanvasElement): void {
  canvas.width = 1280;
  canvas.height = 800;
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.fillStyle = "#3b6ea5";
  context.fillRect(0, 0, 1280, 800);
  context.fillStyle = "#f5f5f5";
  context.fillRect(160, 110, 760, 480);
  context.fillStyle = "#2b2b2b";
  context.fillRect(160, 110, 760, 34);
  context.font = "20px sans-serif";
  context.fillText("Factura_2026.ods", 200, 200);
  context.fillStyle = "#fff";
  context.fillText("Informe", 180, 133);
}

async function show(): Promise<void> {
  const query = new URLSearchParams(location.search);
  const screen = query.get("screen") ?? "join";
  const guest: GuestScene | null = GUEST_SCENES[screen] ?? null;
  const hosting: HostScene | null = HOST_SCENES[screen] ?? null;
  const page: PageScene | null = PAGE_SCENES[screen] ?? null;
  const view = guest?.view ?? SESSIONS[screen] ?? IDLE;
  const fault = screen === "signin_throttled" ? THROTTLED : DENIED;
  const here = signedIn({
    team: "Duero",
    adminTools: true,
    permissions: page === null ? [] : PERMISSIONS,
    mustEnrol: page?.mustEnrol === true,
  });
  const signedOut = screen.startsWith("signin") || guest !== null || hosting?.kind === "support";
  const answer = signedOut
    ? ({ ok: false, fault: screen === "signin" ? { ...fault, code: "not_signed_in" } : fault } as const)
    : here;
  const api = accountApi(answer, { signIn: () => Promise.resolve({ ok: false, fault }) });
  if (page !== null) {
    const [path = "/", tab = ""] = page.path.split("#");
    history.replaceState(null, "", `${path}${location.search}#${tab}`);
    window.fetch = answerFrom(page);
  }
  const host = new FakeHost(hosting?.kind ?? "presentation");
  if (hosting !== null) {
    history.replaceState(null, "", `${hosting.kind === "support" ? "/share" : "/present"}${location.search}`);
    host.set({ ...host.getSnapshot(), ...hosting.view });
    host.marks.set(hosting.marks);
  }
  const services = { account: createAccountStore(api), session: fakeSession(IDLE, draw), host };
  // What was sent, for scripted browsers.
  Object.assign(window, {
    relevoSent: services.session.sent,
    relevoFake: services.session,
    relevoSaid: host.said,
  });
  startTexts();
  chooseLanguage(query.get("lang") === "es" ? "es" : "en");
  const root = document.getElementById("root");
  if (root === null) return;
  createRoot(root).render(<App services={services} link={null} guest={guest?.link ?? null} />);
  await services.account.check();
  if (screen === "signin_second")
    services.account.resume({ challenge: "c", methods: ["passkey", "totp", "recovery"] });
  // What had ended before somebody signed in is not shown to them: be signed in first.
  await new Promise((done) => setTimeout(done, 100));
  services.session.show(view);
  if (screen.startsWith("team")) services.session.showMarks(MARKS);
  if (screen === "refused") {
    const refusal = {
      code: "stale_input",
      capability: "input.pointer",
      removedBy: null,
      at: Date.now(),
    } as const;
    setTimeout(() => services.session.show({ ...view, refusal }), 300);
  }
}

const SCREENS = [SESSIONS, GUEST_SCENES, HOST_SCENES, PAGE_SCENES].flatMap((scenes) => Object.keys(scenes));
// For scripted browsers: what there is to look at, and when this one can be.
void show().then(() => Object.assign(window, { relevoScreens: SCREENS, relevoShown: true }));
