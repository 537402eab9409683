// @vitest-environment happy-dom
import { act, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";

import type { SessionView } from "../../src/core/api";
import type { Answer } from "../../src/features/account/api";
import type { Account } from "../../src/features/account/api";
import { createAccountStore } from "../../src/features/account/store";
import type { JoinLink } from "../../src/features/join/link";
import { CAPTURE_CONDITIONS, ERROR_CODES, ERROR_TEXTS } from "../../src/protocol/generated";
import { App } from "../../src/ui/App";
import { chooseLanguage } from "../../src/ui/i18n";
import { causeOf } from "../../src/ui/session/Overlay";
import { accountApi, NOBODY, signedIn } from "../fakes/account";
import { type FakeSession, fakeSession, IDLE, live } from "../fakes/session";
import "./page";

const ACCOUNT = signedIn();
const WRONG: Answer<Account> = {
  ok: false,
  fault: {
    code: "too_many_attempts",
    message: { en: "Too many.", es: "Demasiados." },
    remedy: null,
    retryAfterS: 42,
  },
};

async function open(
  view: SessionView,
  given: { me?: Answer<Account>; link?: JoinLink } = {},
): Promise<FakeSession> {
  const api = accountApi(given.me ?? ACCOUNT, {
    signIn: (_name, password) => Promise.resolve(password === "right" ? ACCOUNT : WRONG),
    signInByLink: () => Promise.resolve(ACCOUNT),
  });
  const session = fakeSession(IDLE);
  const account = createAccountStore(api);
  render(<App services={{ account, session }} link={given.link ?? null} />);
  await act(() => account.check());
  show(session, view);
  return session;
}

const show = (session: FakeSession, view: SessionView): void => act(() => session.show(view));
const click = (element: HTMLElement): Promise<void> =>
  act(async () => {
    fireEvent.click(element);
    await Promise.resolve();
  });
// Without a layout the menu counts as hidden, so it is found by its text.
const choose = async (text: string): Promise<void> => {
  const found = await screen.findAllByText(text);
  const item = found
    .map((element) => element.closest<HTMLElement>("[role=menuitem]"))
    .find((one) => one !== null);
  if (item === undefined) throw new Error(`no menu item ${text}`);
  await click(item);
};
const type = (label: string, value: string): unknown =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });

describe("sign in", () => {
  it("says beside the fields what is missing", async () => {
    await open(IDLE, { me: NOBODY });
    fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
    expect(screen.getByText("Enter your name.")).toBeTruthy();
    expect(screen.getByText("Enter your password.")).toBeTruthy();
  });

  it("says why it was refused and when to try again, then lets the right password in", async () => {
    await open(IDLE, { me: NOBODY });
    type("Name", "maria");
    type("Password", "wrong");
    await click(screen.getByRole("button", { name: "Sign in" }));
    const notice = screen.getByRole("alert");
    expect(notice.textContent).toContain("Too many.");
    expect(notice.textContent).toContain("42 seconds");
    type("Password", "right");
    await click(screen.getByRole("button", { name: "Sign in" }));
    expect(screen.getByRole("heading", { name: "Join a session" })).toBeTruthy();
  });
});

describe("a sign-in that fails", () => {
  const fault = (code: string): Answer<Account> => ({ ok: false, fault: { ...NOBODY.fault, code } });
  const CASES = [
    ["unreachable", "typed"],
    ["too_many_attempts", "typed"],
    ["wrong_sign_in", ""],
  ] as const;

  it.each(CASES)("by %s leaves the password as %j", async (code, left) => {
    const account = createAccountStore(accountApi(NOBODY, { signIn: () => Promise.resolve(fault(code)) }));
    render(<App services={{ account, session: fakeSession(IDLE) }} link={null} />);
    await act(() => account.check());
    type("Name", "maria");
    type("Password", "typed");
    await click(screen.getByRole("button", { name: "Sign in" }));
    expect(screen.getByRole("alert")).toBeTruthy();
    expect(screen.getByLabelText<HTMLInputElement>("Password").value).toBe(left);
    expect(screen.getByLabelText<HTMLInputElement>("Name").value).toBe("maria");
  });
});

describe("join", () => {
  it("groups a pasted code, joins on the button alone, and asks for the chosen mode", async () => {
    const session = await open(IDLE);
    const field = screen.getByTestId<HTMLInputElement>("code");
    fireEvent.change(field, { target: { value: "482.913\u00a0705-146" } });
    expect(field.value).toBe("482 913 705 146");
    expect(session.calls).toEqual([]);
    fireEvent.click(screen.getByRole("radio", { name: "Full control" }));
    fireEvent.click(screen.getByRole("button", { name: "Join" }));
    expect(session.calls).toEqual(["join 482913705146 full"]);
  });

  it("says how many digits are missing", async () => {
    const session = await open(IDLE);
    fireEvent.change(screen.getByTestId("code"), { target: { value: "482" } });
    fireEvent.click(screen.getByRole("button", { name: "Join" }));
    expect(screen.getByText("9 digits are missing.")).toBeTruthy();
    expect(session.calls).toEqual([]);
  });

  it("greys what cannot be asked for at the door and says why", async () => {
    await open(IDLE);
    const reasons = { Administrator: "no administrator tools", Demonstration: "once you are in the session" };
    for (const [name, reason] of Object.entries(reasons)) {
      const card = screen.getByRole<HTMLButtonElement>("radio", { name });
      expect(card.disabled).toBe(true);
      expect(card.textContent).toContain(reason);
    }
  });

  it("fills in the code of a link, and waits for the person", async () => {
    const session = await open(IDLE, { link: { token: null, code: "482913705146", mode: "full" } });
    expect(screen.getByTestId<HTMLInputElement>("code").value).toBe("482 913 705 146");
    expect(session.calls).toEqual([]);
  });
});

describe("on the way", () => {
  const asking = (): SessionView => ({
    ...IDLE,
    phase: "asking",
    steps: { relay: "done", encryption: "done", consent: "active", picture: "waiting" },
    consentDeadline: Date.now() + 30_000,
  });

  it("shows each step with its state, and the customer's time", async () => {
    await open(asking());
    const items = within(screen.getByRole("list", { name: "Steps to the picture" })).getAllByRole("listitem");
    expect(items.map((item) => item.dataset["state"])).toEqual(["done", "done", "active", "waiting"]);
    expect(screen.getByRole("timer").textContent).toMatch(/^(2\d|30) seconds left/);
  });

  it("can be given up", async () => {
    const session = await open(asking());
    fireEvent.click(screen.getByRole("button", { name: "Cancel" }));
    expect(session.calls).toEqual(["leave"]);
  });

  it.each(ERROR_CODES)("says cause and remedy of %s", async (code) => {
    await open({ ...IDLE, phase: "ended", error: { code } });
    const notice = screen.getByRole("alert").textContent;
    expect(notice).toContain(ERROR_TEXTS[code].cause.en);
    expect(notice).toContain(ERROR_TEXTS[code].remedy.en);
  });

  it("goes from a failure back to an empty code", async () => {
    await open({ ...IDLE, phase: "ended", error: { code: "code_wrong" } });
    fireEvent.click(screen.getByRole("button", { name: "Enter a code" }));
    expect(screen.getByTestId<HTMLInputElement>("code").value).toBe("");
  });

  it("asks for the sign-in again when it has ended", async () => {
    await open({ ...IDLE, phase: "ended", error: { code: "signed_out" } });
    expect(screen.getByRole("heading", { name: "Sign in" })).toBeTruthy();
    expect(screen.getByRole("alert").textContent).toContain("Your sign-in has ended.");
    type("Name", "maria");
    type("Password", "right");
    await click(screen.getByRole("button", { name: "Sign in" }));
    expect(screen.getByRole("heading", { name: "Join a session" })).toBeTruthy();
  });

  it("leaves nobody's consent pending after a sign-out", async () => {
    const session = await open(asking());
    await click(screen.getByRole("button", { name: "Sign out" }));
    expect(session.calls).toEqual(["leave"]);
    expect(screen.getByRole("heading", { name: "Sign in" })).toBeTruthy();
  });
});

describe("desktop", () => {
  it("has the canvas, and greys the special keys with the reason where the mode lacks them", async () => {
    await open(live("observer"));
    expect(screen.getByTestId("screen").tagName).toBe("CANVAS");
    const keys = screen.getByRole("button", { name: "Special keys" });
    expect(keys.getAttribute("aria-disabled")).toBe("true");
    expect(keys.getAttribute("aria-description")).toContain("current mode");
  });

  it("asks for a mode by the menu, and says that it waits", async () => {
    const session = await open(live("observer"));
    await click(screen.getByRole("button", { name: "Mode: Observe" }));
    await choose("Full control");
    expect(session.calls).toEqual(["mode full"]);
    show(session, live("observer", { pendingMode: "full", consentDeadline: Date.now() + 20_000 }));
    expect(screen.getByRole("button", { name: "Waiting for the customer: Full control" })).toBeTruthy();
  });

  it("never asks for a mode that this account may not have", async () => {
    const session = await open(live("observer"));
    await click(screen.getByRole("button", { name: "Mode: Observe" }));
    await choose("Administrator");
    expect(session.calls).toEqual([]);
  });

  it("sends a special combination", async () => {
    const session = await open(live("full"));
    await click(screen.getByRole("button", { name: "Special keys" }));
    await choose("Ctrl + Alt + Del");
    expect(session.sent).toContainEqual({ t: "SpecialKeys", combo: "ctrl_alt_delete" });
  });

  it("ends only after a confirmation", async () => {
    const session = await open(live("full"));
    fireEvent.click(screen.getByRole("button", { name: "End" }));
    expect(session.calls).toEqual([]);
    fireEvent.click(await screen.findByTestId("confirm-yes"));
    expect(session.calls).toEqual(["leave"]);
  });

  it("stays through an interruption, with words over the picture", async () => {
    const session = await open(live("full"));
    const canvas = screen.getByTestId("screen");
    show(session, live("full", { phase: "reconnecting" }));
    expect(screen.getByTestId("screen")).toBe(canvas);
    expect(screen.getByText("Connection interrupted")).toBeTruthy();
    show(session, live("full"));
    expect(screen.queryByText("Connection interrupted")).toBeNull();
  });

  it.each(CAPTURE_CONDITIONS.filter((condition) => condition !== "ok"))("has words for %s", (condition) => {
    expect(causeOf(live("full", { capture: condition }))).toBe(condition);
  });

  it("says why input was refused, each refusal once", async () => {
    const session = await open(live("full"));
    const refusal = { code: "stale_input", capability: "input.pointer", removedBy: null, at: 5 } as const;
    show(session, live("full", { refusal }));
    show(session, live("full", { refusal }));
    expect(await screen.findAllByText("Not carried out")).toHaveLength(1);
    expect(screen.getByText(ERROR_TEXTS.stale_input.cause.en)).toBeTruthy();
  });

  it("keeps on the page what may be lost, until the session ends (S4)", async () => {
    const session = await open(live("full"));
    const refusal = { code: "desync", capability: null, removedBy: null, at: 5 } as const;
    show(session, live("full", { refusal }));
    const told = (await screen.findByText("Perhaps not carried out")).closest<HTMLElement>("[role=alert]");
    expect(told).not.toBeNull();
    expect(within(told ?? document.body).getByRole("button", { name: "Close" })).toBeTruthy();
    show(session, { ...live("full", { refusal }), phase: "ended", mode: null });
    await waitFor(() => expect(screen.queryByText("Perhaps not carried out")).toBeNull());
  });

  it("has the browser ask before the page is closed, for as long as there is a session to lose", async () => {
    const unload = (): boolean => window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
    const session = await open(live("full"));
    expect(unload()).toBe(false);
    show(session, { ...live("full"), phase: "ended", mode: null });
    expect(unload()).toBe(true);
  });

  it("leaves full screen with the session", async () => {
    const exit = vi.fn(() => Promise.resolve());
    Object.assign(document, { exitFullscreen: exit });
    const session = await open(live("full"));
    Object.defineProperty(document, "fullscreenElement", {
      value: document.documentElement,
      configurable: true,
    });
    show(session, { ...live("full"), phase: "ended", mode: null });
    expect(exit).toHaveBeenCalledTimes(1);
    Reflect.deleteProperty(document, "fullscreenElement");
  });

  it("shows the chosen quality to a desktop that is mounted anew, and no round trip of a line that is down", async () => {
    const session = await open(live("full", { quality: "fast" }));
    expect(screen.getByRole<HTMLInputElement>("radio", { name: "Fast" }).checked).toBe(true);
    show(session, live("full", { phase: "reconnecting", quality: "fast" }));
    expect(screen.getByRole("button", { name: "Reconnecting" }).textContent).not.toContain("ms");
  });

  it("draws nothing for a screen without a size", async () => {
    await open(live("full", { screen: { width: 0, height: 0, monitors: [] } }));
    expect(screen.getByTestId("screen").style.width).toBe("");
  });

  it("changes its language at once", async () => {
    await open(live("full"));
    act(() => chooseLanguage("es"));
    expect(screen.getByRole("button", { name: "Terminar" })).toBeTruthy();
    expect(document.documentElement.lang).toBe("es");
  });
});
