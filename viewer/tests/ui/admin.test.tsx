// @vitest-environment happy-dom
import { act, fireEvent, screen, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { chooseLanguage } from "../../src/ui/i18n";
import { type Answers, answers, HOSTILE, ID, open, press, relay, settled } from "./office";
import "./page";

const PAGES = ["people", "sessions", "reports", "activity", "audit", "tokens", "policy"] as const;

beforeEach(() => window.history.replaceState(null, "", "/admin"));

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
    expect(tabs).toEqual(["Sessions", "Reports", "Activity"]);
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

  it("are left and found again by the browser's own way back", async () => {
    relay(answers("x"));
    await open("reports");
    fireEvent.click(screen.getByRole("tab", { name: "Program keys" }));
    await settled();
    expect(window.location.hash).toBe("#tokens");
    act(() => {
      window.history.replaceState(null, "", "#people");
      window.dispatchEvent(new HashChangeEvent("hashchange"));
    });
    expect(screen.getByRole("tab", { selected: true }).textContent).toBe("People");
  });

  it("speak Spanish", async () => {
    relay(answers("x"));
    await open("people");
    act(() => chooseLanguage("es"));
    expect(screen.getByRole("tab", { name: "Personas" })).toBeTruthy();
  });
});

describe("activity", () => {
  const quiet = (name: string, sessions: number, unusual: string[]): object => ({
    day: "2026-11-20",
    account_id: ID.replace("f", String(sessions)),
    account_name: name,
    sessions,
    night_share: 0.25,
    reports: 0,
    unusual,
  });

  it("is told by person and day, what is unusual in words", async () => {
    const days = [quiet("Ana", 4, []), quiet("Luis", 2, ["night"])];
    const asked = relay({ ...answers("x"), "/api/admin/activity": { days } });
    await open("activity", ["reports.read"]);
    const told = screen.getAllByTestId("activity-row").map((row) => row.textContent);
    expect(told[0]).toContain("Ana425%0");
    expect(told[1]).toMatch(/Luis225%0mostly at night$/u);
    fireEvent.click(screen.getByLabelText("Only what is unusual"));
    expect(screen.getAllByTestId("activity-row")).toHaveLength(1);
    fireEvent.change(screen.getByLabelText("Look back"), { target: { value: "90" } });
    await settled();
    expect(asked.map(({ path }) => path)).toEqual([
      "/api/admin/activity?days=14",
      "/api/admin/activity?days=90",
    ]);
  });

  it("leaves out what is no day", async () => {
    const days = [
      { ...quiet("Eva", 1, []), day: "yesterday" },
      { ...quiet("Eva", 1, []), account_id: "../people" },
    ];
    relay({ ...answers("x"), "/api/admin/activity": { days } });
    await open("activity");
    expect(screen.getByText("Nobody was in a session in this time.")).toBeTruthy();
  });
});

describe("people", () => {
  it("are added, and the link is shown once", async () => {
    const link = `/go#t=${"a".repeat(43)}`;
    const given = { person: { name: "luis@otra" }, link, expires_in_s: 900 };
    const asked = relay({ ...answers("Ana"), "POST /api/admin/people": given });
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
    expect(screen.getByTestId("sign-in-name").textContent).toBe("Name to sign in with: luis@otra");
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
  const FIELDS = { password: "reauth-password", totp: "one-time-code", recovery: "recovery-code" } as const;

  async function asked(methods: readonly string[]): Promise<void> {
    const refused = { error: { code: "reauth_needed", methods } };
    relay({ ...answers("Ana"), [`POST /api/admin/tokens/${ID}/revoke`]: refused });
    await open("tokens");
    await press("End the key: Ana");
    fireEvent.click(screen.getByTestId("sure-yes"));
    await settled();
  }

  it.each(["password", "totp", "recovery"] as const)("ask for it first: %s", async (method) => {
    await asked([method]);
    expect(screen.getByTestId("reauth-submit")).toBeDefined();
    const shown = Object.values(FIELDS).filter((field) => screen.queryByTestId(field) !== null);
    expect(shown).toEqual([FIELDS[method]]);
  });

  it("offer the passkey before what is typed, the rest in the relay's order", async () => {
    vi.stubGlobal("isSecureContext", true);
    vi.stubGlobal("PublicKeyCredential", () => undefined);
    await asked(["totp", "passkey", "recovery"]);
    const buttons = within(screen.getByTestId("reauth")).getAllByRole("button");
    expect(buttons.map((button) => button.textContent)).toEqual([
      "Use a passkey",
      "Confirm",
      "I have lost it: use a recovery code",
      "Cancel",
    ]);
    expect(buttons[0]?.hasAttribute("data-autofocus")).toBe(true);
    await press("I have lost it: use a recovery code");
    expect(screen.getByTestId("recovery-code")).toBeTruthy();
  });
});

describe("reports", () => {
  it("tell in words which session it was; its number is among the details", async () => {
    relay(answers("Ana"));
    await open("reports");
    const card = screen.getByTestId("report");
    const told = (name: string): string | null | undefined =>
      within(card).getByText(name).nextElementSibling?.textContent;
    expect(told("Technician")).toBe("Ana");
    expect(told("Session")).toMatch(/^Shared desktop, began .*2026/u);
    const number = within(card).getByText(ID);
    expect(number.closest("details")?.open).toBe(false);
    number.closest("details")?.remove();
    expect(card.textContent).not.toMatch(/[0-9a-f]{8}/u);
  });

  it("say what is no longer kept of a session that is long over", async () => {
    const [report] = (answers("Ana")["/api/admin/reports"] as { reports: object[] }).reports;
    relay({
      "/api/admin/reports": { reports: [{ ...report, lead: "", mode: "", kind: "", began_at_s: 0 }] },
    });
    await open("reports");
    expect(screen.getAllByText("No longer kept")).toHaveLength(2);
  });

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

  it("shows what a check has found wrong beside the line, as text", async () => {
    const table = answers("x");
    const verify = "POST /api/admin/audit/verify";
    const { lines } = table["/api/admin/audit"] as { lines: { seq: number }[] };
    const flaws = [
      { seq: lines[0]?.seq, kind: "changed" },
      { seq: 999, kind: "removed" },
    ];
    const asked = relay({ ...table, [verify]: { ...(table[verify] as object), flaws } });
    await open("audit");
    expect(screen.getByTestId("record-line").textContent).not.toContain("The check says");
    await press("Check the whole record");
    expect(asked).toContainEqual({ path: verify, body: {} });
    const told = screen.getByTestId("record-line").textContent;
    expect(told).toContain("The check says: was changed");
    expect(told).not.toContain("was removed");
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

  it("is told in people's words, and nothing in it can turn round what stands beside it", async () => {
    const table = answers("act.consent_given");
    const { lines } = table["/api/admin/audit"] as { lines: object[] };
    const details = { mode: "full", by: "viewer", accused: "", odd: "x\u202egpj.exe" };
    relay({ ...table, "/api/admin/audit": { lines: [{ ...lines[0], details, personal: { "2": "Eva" } }] } });
    await open("audit");
    act(() => chooseLanguage("es"));
    const told = screen.getByTestId("record-line").textContent;
    for (const text of [
      "Modo: Control total",
      "técnico o invitado",
      "Persona 2: Eva",
      "odd: x\\u202egpj.exe",
    ]) {
      expect(told).toContain(text);
    }
    expect(told).not.toContain("Sobre quién");
  });

  it("shows a line that somebody changed in the database as that, and as text", async () => {
    const table = answers("act.chat");
    const { lines } = table["/api/admin/audit"] as { lines: object[] };
    const details = { unreadable_details: "'<b>x\\u202e'" };
    relay({ ...table, "/api/admin/audit": { lines: [{ ...lines[0], details, changed: true }] } });
    await open("audit");
    const told = (): string => screen.getByTestId("record-line").textContent;
    expect(told()).toContain("Somebody has changed this line in the database.");
    expect(told()).toContain("unreadable_details: '<b>x\\u202e'");
    act(() => chooseLanguage("es"));
    expect(told()).toContain("Alguien ha cambiado esta línea en la base de datos.");
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
