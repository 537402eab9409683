// @vitest-environment happy-dom
import { MantineProvider } from "@mantine/core";
import { act, cleanup, configure, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { type Account, type AccountApi, PERMISSIONS, type Permission } from "../../src/features/account/api";
import { createAccountStore } from "../../src/features/account/store";
import { AdminScreen } from "../../src/ui/admin/AdminScreen";
import { chooseLanguage, startTexts } from "../../src/ui/i18n";
import { FreshProvider } from "../../src/ui/parts/Reauth";
import { RouteProvider } from "../../src/ui/route";
import { ServicesProvider } from "../../src/ui/services";
import { theme } from "../../src/ui/theme";
import { PLAIN_ACCOUNT, PLAIN_API } from "../fakes/account";
import { fakeSession, IDLE } from "../fakes/session";

const ID = "fedcba9876543210fedcba9876543210";
/** What hostile people put into every field that they can reach: markup, directions, and far too much of it. */
const HOSTILE = {
  markup: `<img src=x onerror="globalThis.owned=1"><script>globalThis.owned=1</script>{{name}}$t(office.title)`,
  direction: "\u202eeteled\u2066\u0000\u001b[31m",
  length: "w".repeat(100_000),
} as const;
const PAGES = ["people", "sessions", "reports", "audit", "tokens", "policy"] as const;

type Answers = Record<string, unknown>;

/** What the relay answers, with one text in every place that is somebody's. */
function answers(text: string): Answers {
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
  return {
    "/api/admin/people": { people: [person] },
    "/api/admin/sessions": { sessions: [{ ...session, people: [{ name: text, role: "lead" }] }] },
    "/api/admin/reports": { reports: [report] },
    "/api/admin/audit": { lines: [line], before: 7 },
    "/api/admin/audit/verify": {
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

interface Asked {
  readonly path: string;
  readonly body: unknown;
}

/** A relay that answers as the table says; what it was asked is kept. */
function relay(table: Answers): Asked[] {
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

vi.setConfig({ testTimeout: 30_000 });
configure({ defaultHidden: true, asyncUtilTimeout: 10_000 });
beforeAll(() => startTexts());
beforeEach(() => {
  chooseLanguage("en");
  window.history.replaceState(null, "", "/admin");
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

async function settled(): Promise<void> {
  await act(async () => {
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  });
}

async function open(
  tab: string,
  permissions: readonly Permission[] = PERMISSIONS,
): Promise<{ readonly container: HTMLElement }> {
  const me: Account = {
    ...PLAIN_ACCOUNT,
    name: "maria",
    displayName: "María Núñez",
    organisation: "Soporte Duero",
    language: "es",
    standing: "technician",
    team: "",
    adminTools: false,
    permissions,
  };
  const answer = { ok: true, value: me } as const;
  const api: AccountApi = {
    ...PLAIN_API,
    me: () => Promise.resolve(answer),
    signIn: () => Promise.resolve(answer),
    signInByLink: () => Promise.resolve(answer),
    signOut: () => Promise.resolve({ ok: true, value: null }),
  };
  const account = createAccountStore(api);
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

const press = async (name: string): Promise<void> => {
  fireEvent.click(screen.getByRole("button", { name }));
  await settled();
};

describe("texts of others (X6)", () => {
  describe.each(PAGES)("on the page %s", (page) => {
    it.each(Object.entries(HOSTILE))("do nothing: %s", async (_kind, text) => {
      relay(answers(text));
      const { container } = await open(page);
      if (page === "audit") await press("Check the whole record");
      expect(container.querySelector("img, script, iframe, a[href^='javascript:']")).toBeNull();
      expect(container.querySelectorAll("[onerror], [onclick], [onload]")).toHaveLength(0);
      expect(Reflect.get(globalThis, "owned")).toBeUndefined();
      // Nothing that somebody wrote fills the page, and its direction ends where it does.
      expect(container.innerHTML).not.toContain("w".repeat(600));
      for (const node of container.querySelectorAll(".foreign")) {
        expect(node.tagName).toBe("BDI");
        expect(node.getAttribute("dir")).toBe("auto");
        expect(node.children).toHaveLength(0);
      }
      if (page !== "policy") expect(container.querySelector(".foreign")?.textContent).not.toBe("");
    });

    it("are refused as a whole where the answer is none", async () => {
      relay(Object.fromEntries(Object.keys(answers("")).map((path) => [path, { surprise: [1] }])));
      await open(page);
      expect(screen.getByRole("alert").textContent).toContain("The relay cannot be reached.");
    });
  });
});

describe("the tabs", () => {
  it("are those that this account may see, the address's first", async () => {
    relay(answers("x"));
    await open("reports", ["reports.read", "sessions.read"]);
    const tabs = screen.getAllByRole("tab").map((tab) => tab.textContent);
    expect(tabs).toEqual(["Sessions", "Reports"]);
    expect(screen.getByRole("tab", { selected: true }).textContent).toBe("Reports");
    // Who may only read is offered nothing else.
    expect(screen.queryByRole("textbox")).toBeNull();
  });

  it("are none for who administers nothing, and the page says so", async () => {
    const asked = relay(answers("x"));
    await open("people", []);
    expect(screen.getByRole("status").textContent).toContain("nothing for you to administer");
    expect(asked).toEqual([]);
  });

  it("speak Spanish", async () => {
    relay(answers("x"));
    await open("people");
    act(() => chooseLanguage("es"));
    expect(screen.getByRole("tab", { name: "Personas" })).toBeTruthy();
  });
});

describe("people", () => {
  it("are added, and the link is shown once", async () => {
    const link = `/go#t=${"a".repeat(43)}`;
    const person = (answers("Ana")["/api/admin/people"] as { people: unknown[] }).people[0];
    const asked = relay({ ...answers("Ana"), "POST /api/admin/people": { person, link, expires_in_s: 900 } });
    await open("people");
    await press("Add somebody");
    fireEvent.change(screen.getByLabelText("Name to sign in with"), { target: { value: "luis" } });
    fireEvent.change(screen.getByLabelText("Name that customers read"), { target: { value: "Luis" } });
    fireEvent.click(screen.getByLabelText("Administers this organisation"));
    await press("Save");
    expect(asked.find(({ body }) => body !== null)).toEqual({
      path: "POST /api/admin/people",
      body: {
        name: "luis",
        display_name: "Luis",
        standing: "technician",
        team: "",
        admin_tools: false,
        is_admin: true,
      },
    });
    expect(screen.getByTestId<HTMLInputElement>("one-time-link").value).toBe(
      `${window.location.origin}${link}`,
    );
    expect(screen.getByText(/within 15 minutes/u)).toBeTruthy();
  });

  it("get no link that leads elsewhere", async () => {
    const path = `POST /api/admin/people/${ID}/link`;
    relay({
      ...answers("Ana"),
      [path]: { link: "//elsewhere.example/go#t=aaaaaaaaaaaaaaaaaaaa", expires_in_s: 9 },
    });
    await open("people");
    await press("One-time link: Ana");
    expect(screen.queryByTestId("one-time-link")).toBeNull();
    expect(screen.getByRole("alert")).toBeTruthy();
  });

  it("are signed out everywhere only after a question", async () => {
    const asked = relay({ ...answers("Ana") });
    const people = {
      people: [{ id: ID, name: "ana", display_name: "Ana", seen_at_s: 5, second_factor: false }],
    };
    vi.unstubAllGlobals();
    const again = relay({ "/api/admin/people": people });
    await open("people");
    expect(
      screen.getByRole<HTMLButtonElement>("button", { name: "Remove second factors: Ana" }).disabled,
    ).toBe(true);
    await press("Sign out everywhere: Ana");
    expect(again.filter(({ body }) => body !== null)).toEqual([]);
    fireEvent.click(screen.getByTestId("sure-yes"));
    await settled();
    expect(again.find(({ body }) => body !== null)?.path).toBe(`POST /api/admin/people/${ID}/sign-out`);
    expect(asked).toEqual([]);
  });
});

describe("acts that need a fresh proof", () => {
  it.each(["password", "totp"])("ask for it first: %s", async (method) => {
    const refused = { error: { code: "reauth_needed", methods: [method] } };
    relay({ ...answers("Ana"), [`POST /api/admin/tokens/${ID}/revoke`]: refused });
    await open("tokens");
    await press("Revoke: Ana");
    fireEvent.click(screen.getByTestId("sure-yes"));
    await settled();
    expect(screen.getByTestId("reauth-submit")).toBeDefined();
    expect(document.querySelector("input[type=password]") !== null).toBe(method === "password");
  });
});

describe("reports", () => {
  it("are settled with a note", async () => {
    const asked = relay(answers("Ana"));
    await open("reports");
    const report = within(screen.getByTestId("report"));
    fireEvent.change(report.getByLabelText("Note"), { target: { value: " called back " } });
    fireEvent.click(report.getByRole("button", { name: "It is settled" }));
    await settled();
    expect(asked.find(({ body }) => body !== null)).toEqual({
      path: `POST /api/admin/reports/${ID}`,
      body: { state: "closed", note: "called back" },
    });
  });
});

describe("the record", () => {
  const lines = (path: string): boolean => path.startsWith("/api/admin/audit?");

  it("is narrowed to a family, somebody, and read further back", async () => {
    const asked = relay(answers("sign_in.refused"));
    await open("audit");
    expect(screen.getByText("A sign-in was refused")).toBeTruthy();
    fireEvent.change(screen.getByLabelText("Show"), { target: { value: "sign_in." } });
    await settled();
    await press("Earlier lines");
    expect(asked.filter(({ path }) => lines(path)).map(({ path }) => path.split("?")[1])).toEqual([
      "limit=50",
      "limit=50&action=sign_in.",
      "limit=50&action=sign_in.&before=7",
    ]);
  });

  it("is taken away only with a fresh proof", async () => {
    const clicked = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => undefined);
    const table: Answers = { ...answers("x"), "/api/me": { fresh_for_s: 0, methods: ["password"] } };
    relay(table);
    await open("audit");
    fireEvent.click(screen.getByTestId("export-jsonl"));
    await settled();
    expect(clicked).not.toHaveBeenCalled();
    expect(document.querySelector("input[type=password]")).not.toBeNull();
    clicked.mockRestore();
  });

  it("is downloaded from where the relay exports it", async () => {
    const went: string[] = [];
    const clicked = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (
      this: HTMLAnchorElement,
    ) {
      went.push(new URL(this.href, "https://relay.example").pathname);
    });
    relay({ ...answers("x"), "/api/me": { fresh_for_s: 500, methods: [] } });
    await open("audit");
    fireEvent.click(screen.getByTestId("export-syslog"));
    await settled();
    expect(went).toEqual(["/api/admin/audit/export"]);
    clicked.mockRestore();
  });

  it("says where it does not fit", async () => {
    relay(answers("cut off"));
    await open("audit");
    await press("Check the whole record");
    const told = screen.getByRole("alert").textContent;
    expect(told).toContain("The record is not whole.");
    expect(told).toContain("Line 3: the end is missing");
  });
});

describe("the rules", () => {
  it("are saved as a whole", async () => {
    const table = answers("x");
    const asked = relay({ ...table, "POST /api/admin/policy": table["/api/admin/policy"] });
    await open("policy");
    expect(screen.getByText(/asks in any case: Administrators/u)).toBeTruthy();
    fireEvent.change(screen.getByLabelText("Who needs a second factor"), {
      target: { value: "administrators" },
    });
    fireEvent.change(screen.getByLabelText("Keep the record for so many days"), { target: { value: "365" } });
    await press("Save");
    expect(asked.find(({ body }) => body !== null)?.body).toEqual({
      second_factor: "administrators",
      oidc_only: false,
      retention_days: 365,
      activity: { machines_per_day: 20, night: [22, 6] },
    });
    expect(screen.getByText("Saved.")).toBeTruthy();
  });
});
