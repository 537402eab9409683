// @vitest-environment happy-dom
import { act, fireEvent, render, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";

import type { SessionView } from "../../src/core/api";
import type { Account, Answer } from "../../src/features/account/api";
import { createAccountStore } from "../../src/features/account/store";
import type { GuestLink } from "../../src/features/guest/link";
import { App } from "../../src/ui/App";
import { accountApi, NOBODY, signedIn } from "../fakes/account";
import { type FakeSession, fakeSession, IDLE } from "../fakes/session";
import "./page";

const ACCOUNT = signedIn({ standing: "supervisor", team: "A" });
const INVITATION = { invite: "inv", secret: "sec" };
const USED = { relay: "done", encryption: "done", consent: "done", picture: "done" } as const;

async function open(guest: GuestLink | null, me: Answer<Account> = NOBODY): Promise<FakeSession> {
  const api = accountApi(me, {
    signIn: () => Promise.resolve(ACCOUNT),
    signInByLink: () => Promise.resolve(ACCOUNT),
  });
  const session = fakeSession(IDLE);
  const account = createAccountStore(api);
  render(<App services={{ account, session }} link={null} guest={guest} />);
  await act(() => account.check());
  return session;
}

const show = (session: FakeSession, view: Partial<SessionView>): void =>
  act(() => session.show({ ...IDLE, ...view }));
const press = (name: string): Promise<void> =>
  act(async () => {
    fireEvent.click(screen.getByRole("button", { name }));
    await Promise.resolve();
  });
const enter = (name: string): boolean =>
  fireEvent.change(screen.getByTestId("guest-name"), { target: { value: name } });

describe("a guest with a link", () => {
  const presentation: GuestLink = { kind: "presentation", invitation: INVITATION };

  it("gives a name, and nothing else is asked", async () => {
    const session = await open(presentation);
    await press("Join");
    expect(screen.getByText("Enter the name by which the others know you.")).toBeTruthy();
    expect(session.calls).toEqual([]);
    enter("  Ana\u202e  María ");
    await press("Join");
    expect(session.calls).toEqual(["invite inv.sec Ana María"]);
  });

  it("sees what happens until the picture, and who presents", async () => {
    const session = await open(presentation);
    show(session, { phase: "verifying", hostName: "Núria Peña", kind: "presentation" });
    expect(screen.getByText("Núria Peña presents.")).toBeTruthy();
    expect(screen.getByRole("status").textContent).toContain("Setting up the encryption");
    await press("Cancel");
    expect(session.calls).toEqual(["leave"]);
  });

  it("C23: the sixth reads why, and may try again under the same name", async () => {
    const session = await open(presentation);
    enter("Ana");
    await press("Join");
    show(session, { phase: "ended", error: { code: "session_full" } });
    const notice = screen.getByRole("alert").textContent;
    expect(notice).toContain("All five places are taken.");
    await press("Join again");
    expect(screen.getByTestId<HTMLInputElement>("guest-name").value).toBe("Ana");
    await press("Join");
    expect(session.calls).toEqual(["invite inv.sec Ana", "invite inv.sec Ana"]);
  });

  it.each([
    ["ticket_invalid", "This link no longer works."],
    ["code_wrong", "This link no longer works."],
    ["removed", "You have been removed and see nothing any more."],
    ["session_ended", "It has ended."],
    ["throttled", "Too many attempts."],
  ] as const)("%s is told in a guest's words", async (code, text) => {
    const session = await open(presentation);
    show(session, { phase: "ended", error: { code, detail: "POST /api/guest-tickets: 409" } });
    expect(screen.getByRole("alert").textContent).toContain(text);
    expect(screen.getByRole("alert").textContent).not.toContain("twelve digits");
  });

  it.each([
    ["a link that is spent", "session", { error: { code: "code_wrong" } }, false],
    ["who was removed", "presentation", { error: { code: "removed" } }, false],
    ["who has left a session", "session", { error: null, steps: USED }, false],
    ["who has left a presentation", "presentation", { error: null, steps: USED }, true],
    ["a relay that was busy", "session", { error: { code: "throttled" } }, true],
  ] as const)("G14: the way back in, for %s", async (_, kind, ended, offered) => {
    const session = await open({ kind, invitation: INVITATION });
    show(session, { phase: "ended", ...ended });
    expect(screen.queryByRole("button", { name: "Join again" }) !== null).toBe(offered);
  });

  it("is told when the link is not whole", async () => {
    await open({ kind: "session", invitation: null });
    expect(screen.getByRole("heading", { name: "This link is not whole" })).toBeTruthy();
    expect(screen.queryByTestId("guest-name")).toBeNull();
  });

  it("comes into a session with an account where there is one", async () => {
    const session = await open({ kind: "session", invitation: INVITATION }, ACCOUNT);
    expect(screen.getByText("You join as María Núñez.")).toBeTruthy();
    await press("Join");
    expect(session.calls).toEqual(["invite inv.sec -"]);
  });

  it("may sign in first, and does not lose the link", async () => {
    const session = await open({ kind: "session", invitation: INVITATION });
    await press("I have an account here");
    expect(screen.getByRole("heading", { name: "Sign in" })).toBeTruthy();
    await press("Go on without an account");
    enter("Ana");
    await press("Join");
    expect(session.calls).toEqual(["invite inv.sec Ana"]);
  });
});

describe("live sessions", () => {
  const ID = "0123456789abcdef0123456789abcdef";
  const SESSION = {
    id: ID,
    kind: "support",
    mode: "full",
    since_s: 60,
    lead: "Jon Etxeberria",
    people: [{ name: "Jon Etxeberria", role: "lead" }],
    host_present: true,
    held: false,
    mine: false,
    invited: false,
    joinable: true,
    why_not: null,
  };
  const answering = (sessions: readonly object[]): unknown =>
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify({ sessions }))));

  it("are listed with who is in; one is joined, another says why not", async () => {
    const away = {
      ...SESSION,
      id: ID.replace("0", "1"),
      lead: "Eva",
      people: [],
      joinable: false,
      why_not: "restarting",
    };
    answering([SESSION, away]);
    const session = await open(null, ACCOUNT);
    await press("Live sessions");
    expect(window.location.pathname).toBe("/live");
    expect(await screen.findByText("Jon Etxeberria (Technician in charge)")).toBeTruthy();
    expect(screen.getByText("The customer's PC is restarting.")).toBeTruthy();
    const [join, other] = screen.getAllByRole<HTMLButtonElement>("button", { name: "Join" });
    expect(other?.disabled).toBe(true);
    if (join !== undefined) fireEvent.click(join);
    expect(session.calls).toEqual([`live ${ID}`]);
  });

  it("leads back to the list when it is over, and from there to the code", async () => {
    answering([]);
    const session = await open(null, ACCOUNT);
    await press("Live sessions");
    expect(await screen.findByText(/There is nothing to join now/u)).toBeTruthy();
    show(session, { phase: "ended", error: { code: "host_gone" } });
    await press("To the live sessions");
    await press("Enter a code");
    expect(screen.getByRole("heading", { name: "Join a session" })).toBeTruthy();
    expect(window.location.pathname).toBe("/");
  });
});
