// @vitest-environment happy-dom
/** Signing in by two steps, one's own account, and what asks once more who is there. */
import { act, fireEvent, render, screen } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import type { SessionView } from "../../src/core/api";
import {
  type Account,
  type AccountApi,
  type AccountFault,
  type Answer,
  UNREACHABLE,
} from "../../src/features/account/api";
import { createAccountStore } from "../../src/features/account/store";
import { App } from "../../src/ui/App";
import { accountApi, MARIA, NOBODY } from "../fakes/account";
import { type FakeSession, fakeSession, IDLE, live } from "../fakes/session";
import "./page";

const ACCOUNT = { ...MARIA, adminTools: true } as const;
const fault = (code: string): AccountFault => ({ ...UNREACHABLE, code });
const SESSION = "00".repeat(16);

type Reply = readonly [status: number, body?: unknown];
let asked: string[] = [];
let replies: Record<string, Reply | Reply[]> = {};

/** The relay of a test: what is asked of it, and what it answers; a list answers one after the other. */
function relay(path: string, init?: { readonly body?: string }): Promise<Response> {
  asked.push(`${path} ${init?.body ?? ""}`.trim());
  const found = replies[path] ?? [404, {}];
  const reply = Array.isArray(found[0]) ? (found as Reply[]).shift() : (found as Reply);
  const [status, body] = reply ?? [404, {}];
  return Promise.resolve(new Response(status === 204 ? null : JSON.stringify(body), { status }));
}

beforeEach(() => {
  asked = [];
  replies = {};
  vi.stubGlobal("fetch", relay);
});

async function open(
  given: { path?: string; me?: Answer<Account>; api?: Partial<AccountApi>; view?: SessionView } = {},
): Promise<FakeSession> {
  window.history.replaceState(null, "", given.path ?? "/");
  const me = given.me ?? { ok: true, value: ACCOUNT };
  const session = fakeSession(IDLE);
  const account = createAccountStore(accountApi(me, given.api));
  render(<App services={{ account, session }} link={null} />);
  await act(async () => account.check());
  const { view } = given;
  if (view !== undefined) act(() => session.show(view));
  return session;
}

/** Let promises of answers, and what follows of them, come to rest. */
const settle = (): Promise<void> =>
  act(async () => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    await new Promise((resolve) => setTimeout(resolve, 0));
  });
const click = async (element: HTMLElement): Promise<void> => {
  fireEvent.click(element);
  await settle();
};
const type = (element: HTMLElement, value: string): unknown =>
  fireEvent.change(element, { target: { value } });

describe("the second step", () => {
  const step = { challenge: "c".repeat(43), methods: ["totp", "recovery"] } as const;

  async function atSecondStep(second: AccountApi["second"]): Promise<void> {
    const signIn = (): Promise<Answer<typeof step>> => Promise.resolve({ ok: true, value: step });
    await open({ me: NOBODY, api: { signIn, second } });
    type(screen.getByLabelText("Name"), "maria");
    type(screen.getByLabelText("Password"), "right");
    const form = screen.getByLabelText("Name").closest("form");
    if (form === null) throw new Error("no form");
    fireEvent.submit(form);
    await settle();
  }

  it("asks for the six digits, says what is wrong with them, and lets the right ones in", async () => {
    const second = vi
      .fn<AccountApi["second"]>()
      .mockResolvedValueOnce({ ok: false, fault: fault("wrong_code") })
      .mockResolvedValue({ ok: true, value: ACCOUNT });
    await atSecondStep(second);
    const field = screen.getByTestId<HTMLInputElement>("one-time-code");
    expect(field.autocomplete).toBe("one-time-code");
    type(field, "12 34");
    await click(screen.getByRole("button", { name: "Continue" }));
    expect(second).not.toHaveBeenCalled();
    expect(screen.getByText("Enter the six digits that the app shows now.")).toBeTruthy();
    type(field, "123 456");
    await click(screen.getByRole("button", { name: "Continue" }));
    expect(second).toHaveBeenLastCalledWith(step.challenge, { totp: "123456" });
    expect(screen.getByRole("alert")).toBeTruthy();
    expect(screen.getByTestId<HTMLInputElement>("one-time-code").value).toBe("");
    type(screen.getByTestId("one-time-code"), "654321");
    await click(screen.getByRole("button", { name: "Continue" }));
    expect(screen.getByRole("heading", { name: "Join a session" })).toBeTruthy();
  });

  it("keeps the code where the relay was not reached", async () => {
    await atSecondStep(vi.fn<AccountApi["second"]>().mockResolvedValue({ ok: false, fault: UNREACHABLE }));
    type(screen.getByTestId("one-time-code"), "123456");
    await click(screen.getByRole("button", { name: "Continue" }));
    expect(screen.getByRole("alert").textContent).toContain("cannot be reached");
    expect(screen.getByTestId<HTMLInputElement>("one-time-code").value).toBe("123456");
  });

  it("Q18: says how many wrong codes were tried before, until that is closed", async () => {
    const signedIn = { ok: true, value: { ...ACCOUNT, wrongCodes: 3 } } as const;
    await atSecondStep(vi.fn<AccountApi["second"]>().mockResolvedValue(signedIn));
    type(screen.getByTestId("one-time-code"), "654321");
    await click(screen.getByRole("button", { name: "Continue" }));
    expect(screen.getByTestId("wrong-codes").textContent).toContain("3 wrong codes were entered");
    await click(screen.getByRole("button", { name: "Close this note" }));
    expect(screen.queryByTestId("wrong-codes")).toBeNull();
  });

  it("takes a recovery code instead, and begins again where the relay says so", async () => {
    const second = vi.fn<AccountApi["second"]>().mockResolvedValue({ ok: false, fault: fault("wrong_step") });
    await atSecondStep(second);
    await click(screen.getByRole("button", { name: "I have lost it: use a recovery code" }));
    type(screen.getByTestId("recovery-code"), "ABCD-EFGH-IJKL-MNOP-QRST-UVWX");
    await click(screen.getByRole("button", { name: "Continue" }));
    expect(second).toHaveBeenLastCalledWith(step.challenge, { recovery: "ABCD-EFGH-IJKL-MNOP-QRST-UVWX" });
    expect(screen.getByLabelText("Password")).toBeTruthy();
  });
});

describe("other ways in", () => {
  it("are offered as the relay says", async () => {
    replies["/api/config"] = [200, { sign_in: { oidc: "<b>Duero</b>", passkeys: false } }];
    await open({ me: NOBODY });
    await settle();
    const way = screen.getByTestId<HTMLAnchorElement>("oidc-sign-in");
    expect(way.textContent).toBe("Sign in with <b>Duero</b>");
    expect(way.getAttribute("href")).toBe("/api/oidc/start?to=%2F");
    expect(screen.queryByTestId("passkey-sign-in")).toBeNull();
  });
});

const FACTORS: Reply = [200, { passkeys: [], totp: false, recovery_left: 0 }];
const SIGN_INS: Reply = [
  200,
  {
    sign_ins: [
      {
        id: "a",
        created_at_s: 1,
        seen_at_s: 2,
        address: "192.0.2.1",
        browser: "Firefox/140 Linux",
        method: "totp",
        current: true,
      },
      {
        id: "b/..",
        created_at_s: 1,
        seen_at_s: 2,
        address: "<i>",
        browser: "<img src=x onerror=alert(1)>",
        method: "<u>",
        current: false,
      },
    ],
  },
];

describe("one's own account", () => {
  it("lists the sign-ins, hostile ones as text, and ends one", async () => {
    replies = { "/api/me/passkeys": FACTORS, "/api/me/sign-ins": SIGN_INS, "/api/config": [200, {}] };
    replies["/api/me/sign-ins/b%2F../revoke"] = [204];
    await open({ path: "/account" });
    await settle();
    const list = screen.getByTestId("sign-ins");
    expect(list.textContent).toContain("Firefox on Linux");
    expect(list.textContent).toContain("From <i>");
    expect(list.querySelector("img, i, u")).toBeNull();
    await click(screen.getByTestId("end-sign-in"));
    expect(asked).toContain("/api/me/sign-ins/b%2F../revoke {}");
    expect(asked.filter((one) => one === "/api/me/sign-ins").length).toBeGreaterThan(1);
  });

  it("keeps what was typed where the relay was not reached, while it asks who is there and for the app", async () => {
    const stale = [401, { error: { code: "reauth_needed", methods: ["password"] } }] as const;
    replies = { "/api/me/passkeys": FACTORS, "/api/me/sign-ins": SIGN_INS, "/api/config": [200, {}] };
    replies["/api/me/totp"] = [stale, [200, { secret: "ABCDEFGH", uri: "otpauth://totp/x?secret=ABCDEFGH" }]];
    // A proxy's page in place of the relay's answer.
    const cut = [502, undefined] as const;
    replies["/api/reauth"] = [cut, [204]];
    replies["/api/me/totp/confirm"] = cut;
    await open({ path: "/account" });
    await settle();
    await click(screen.getByTestId("app-add"));
    type(screen.getByTestId("reauth-password"), "right");
    await click(screen.getByTestId("reauth-submit"));
    expect(screen.getByTestId("reauth").textContent).toContain("cannot be reached");
    expect(screen.getByTestId<HTMLInputElement>("reauth-password").value).toBe("right");
    await click(screen.getByTestId("reauth-submit"));
    type(screen.getByTestId("one-time-code"), "123456");
    await click(screen.getByTestId("totp-confirm"));
    expect(screen.getByTestId<HTMLInputElement>("one-time-code").value).toBe("123456");
  });

  it("asks once more who is there, then does what was asked, and shows the codes this once", async () => {
    const stale = [401, { error: { code: "reauth_needed", methods: ["password"] } }] as const;
    replies = { "/api/me/passkeys": FACTORS, "/api/me/sign-ins": SIGN_INS, "/api/config": [200, {}] };
    replies["/api/me/totp"] = [stale, [200, { secret: "ABCDEFGH", uri: "otpauth://totp/x?secret=ABCDEFGH" }]];
    replies["/api/reauth"] = [[401, { error: { code: "wrong_sign_in" } }], [204]];
    replies["/api/me/totp/confirm"] = [200, { recovery: ["AAAA-BBBB"] }];
    await open({ path: "/account" });
    await settle();
    await click(screen.getByTestId("app-add"));
    type(screen.getByTestId("reauth-password"), "wrong");
    await click(screen.getByTestId("reauth-submit"));
    expect(screen.getByTestId("reauth").querySelector("[role=alert]")).not.toBeNull();
    type(screen.getByTestId("reauth-password"), "right");
    await click(screen.getByTestId("reauth-submit"));
    expect(asked.filter((one) => one.startsWith("/api/reauth"))).toEqual([
      '/api/reauth {"password":"wrong"}',
      '/api/reauth {"password":"right"}',
    ]);
    expect(screen.queryByTestId("reauth-password")).toBeNull();
    expect(screen.getByTestId("totp-secret").textContent).toBe("ABCD EFGH");
    type(screen.getByTestId("one-time-code"), "123456");
    await click(screen.getByTestId("totp-confirm"));
    expect(screen.getByTestId("recovery-codes").textContent).toBe("AAAA-BBBB");
    await click(screen.getByTestId("recovery-codes-kept"));
    expect(screen.queryByTestId("recovery-codes")).toBeNull();
  });

  it("is all there is while the organisation waits for a second factor (Q10)", async () => {
    replies = { "/api/me/passkeys": FACTORS, "/api/config": [200, {}] };
    await open({ path: "/live", me: { ok: true, value: { ...ACCOUNT, mustEnrol: true } } });
    await settle();
    expect(screen.getByTestId("must-enrol")).toBeTruthy();
    expect(screen.queryByTestId("to-account")).toBeNull();
    expect(screen.queryByTestId("sign-ins")).toBeNull();
  });
});

describe("in a session", () => {
  const path = `/api/live/${SESSION}/step-up`;

  it("V10: administrator mode asks for a fresh proof, and without it nothing is asked of the customer", async () => {
    replies[path] = [[401, { error: { code: "reauth_needed", methods: ["totp"] } }], [204]];
    replies["/api/reauth"] = [204];
    const session = await open({ view: live("full", { sessionId: SESSION }) });
    const choose = async (): Promise<void> => {
      await click(screen.getByTestId("mode-menu"));
      await click(await screen.findByTestId("mode-administrator"));
    };
    await choose();
    expect(session.calls).not.toContain("mode administrator");
    type(screen.getByTestId("one-time-code"), "123456");
    await click(screen.getByTestId("reauth-submit"));
    expect(asked.filter((one) => one.startsWith(path))).toHaveLength(2);
    expect(session.calls).toContain("mode administrator");
  });

  it("N8: a report is kept before one leaves", async () => {
    const view = live("observer", { sessionId: SESSION });
    replies[`/api/sessions/${SESSION}/report`] = [[503, { error: { code: "unavailable" } }], [204]];
    const session = await open({ view });
    await click(screen.getByTestId("people"));
    await click(screen.getByTestId("report"));
    await click(screen.getByTestId("report-and-end"));
    expect(session.calls).not.toContain("leave");
    await click(screen.getByTestId("report-and-end"));
    expect(session.calls).toContain("leave");
  });
});
