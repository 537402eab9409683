/** The office in a test: a relay that answers as a table says, and the page at one of its tabs. */
import { MantineProvider } from "@mantine/core";
import { act, fireEvent, render, screen } from "@testing-library/react";
import { vi } from "vitest";

import { PERMISSIONS, type Permission } from "../../src/features/account/api";
import { createAccountStore } from "../../src/features/account/store";
import { AdminScreen } from "../../src/ui/admin/AdminScreen";
import { FreshProvider } from "../../src/ui/parts/Reauth";
import { RouteProvider } from "../../src/ui/route";
import { ServicesProvider } from "../../src/ui/services";
import { theme } from "../../src/ui/theme";
import { accountApi, signedIn } from "../fakes/account";
import { fakeSession, IDLE } from "../fakes/session";

export const ID = "fedcba9876543210fedcba9876543210";
/** What hostile people put into every field that they can reach: markup, directions, and far too much of it. */
export const HOSTILE = {
  markup: `<img src=x onerror="globalThis.owned=1"><script>globalThis.owned=1</script>{{name}}$t(office.title)`,
  direction: "\u202eeteled\u2066\u0000\u001b[31m",
  length: "w".repeat(100_000),
} as const;

export type Answers = Record<string, unknown>;

/** What the relay answers, with one text in every place that is somebody's. */
export function answers(text: string): Answers {
  const person = {
    id: ID,
    name: text,
    display_name: text,
    language: "es",
    standing: text === "" ? "technician" : "expert",
    team: text,
    admin_tools: true,
    is_admin: true,
    disabled: true,
    second_factor: true,
    created_at_s: 1,
    seen_at_s: 1e300,
  };
  const session = { id: ID, kind: "support", mode: "full", since_s: 125, lead: text, team: text };
  const line = {
    seq: 7,
    at_s: 1_790_000_000.5,
    actor: text,
    actor_name: text,
    action: text,
    session: ID,
    cause: text,
    details: { [text]: text, __proto__: text },
    personal: { address: text },
    erased: true,
    chain: "00",
  };
  const report = {
    id: ID,
    session: ID,
    at_s: 1_790_000_000,
    by: text,
    accused: ID,
    accused_name: text,
    people: { "1": text },
    lead: text,
    mode: "shared",
    kind: "support",
    began_at_s: 1_789_998_000,
    state: "open",
    handled_by: ID,
    handled_by_name: text,
    note: text,
  };
  const token = {
    id: ID,
    name: text,
    account_name: text,
    scopes: [text],
    expires_at_s: 1e300,
    used_at_s: null,
  };
  const activity = { machines_per_day: 20, night: [22, 6] };
  const policy = { second_factor: "everybody", oidc_only: false, retention_days: 0, activity };
  const day = {
    day: new Date().toISOString().slice(0, 10),
    account_id: ID,
    account_name: text,
    sessions: 31,
    night_share: 0.6,
    reports: 1,
    unusual: ["many_sessions", text],
  };
  return {
    "/api/admin/activity": { days: [day] },
    "/api/admin/people": { people: [person] },
    "/api/admin/sessions": { sessions: [{ ...session, people: [{ name: text, role: "lead" }] }] },
    "/api/admin/reports": { reports: [report] },
    "/api/admin/audit": { lines: [line], before: 7 },
    "POST /api/admin/audit/verify": {
      good: false,
      lines: 9,
      flaws: [{ seq: 3, kind: text }],
      head: null,
      unsigned: 9,
    },
    "/api/admin/tokens": { tokens: [token] },
    "/api/admin/policy": { policy, floor: "administrators", oidc: false, organisation: text },
  };
}

export interface Asked {
  readonly path: string;
  readonly body: unknown;
}

/** A relay that answers as the table says; what it was asked is kept. */
export function relay(table: Answers): Asked[] {
  const asked: Asked[] = [];
  vi.stubGlobal("fetch", (address: string, init?: RequestInit) => {
    const path = address.split("?")[0] ?? "";
    const sent = typeof init?.body === "string" ? (JSON.parse(init.body) as unknown) : null;
    asked.push({ path: sent === null ? address : `POST ${path}`, body: sent });
    const found = table[sent === null ? path : `POST ${path}`];
    if (found === undefined) return Promise.resolve(new Response(null, { status: 204 }));
    const status = typeof found === "object" && found !== null && "error" in found ? 401 : 200;
    return Promise.resolve(new Response(JSON.stringify(found), { status }));
  });
  return asked;
}

export async function settled(): Promise<void> {
  await act(async () => {
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  });
}

export async function open(
  tab: string,
  permissions: readonly Permission[] = PERMISSIONS,
): Promise<{ readonly container: HTMLElement }> {
  const account = createAccountStore(accountApi(signedIn({ permissions })));
  await account.check();
  window.history.replaceState(null, "", `/admin#${tab}`);
  const page = render(
    <MantineProvider theme={theme} env="test">
      <ServicesProvider services={{ account, session: fakeSession(IDLE) }}>
        <RouteProvider>
          <FreshProvider>
            <AdminScreen />
          </FreshProvider>
        </RouteProvider>
      </ServicesProvider>
    </MantineProvider>,
  );
  await settled();
  return page;
}

export const press = async (name: string): Promise<void> => {
  fireEvent.click(screen.getByRole("button", { name }));
  await settled();
};
