// @vitest-environment happy-dom
import { act, fireEvent, render, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import type { LineView, SessionView, TokenView } from "../../src/core/api";
import { createAccountStore } from "../../src/features/account/store";
import { NEEDS_GRANT, type PictureLimit, type Role } from "../../src/protocol/generated";
import { App } from "../../src/ui/App";
import { chooseLanguage } from "../../src/ui/i18n";
import { accountApi, signedIn } from "../fakes/account";
import { type FakeSession, fakeSession, IDLE, live, member, TO_ALL } from "../fakes/session";
import "./page";

const held = (holder: number | null, given: Partial<TokenView> = {}): TokenView => ({
  holder,
  cause: "taken",
  returnsAt: null,
  nextSlot: null,
  ...given,
});
const team = (own: Role, given: Partial<SessionView> = {}): SessionView =>
  live("shared", {
    members: [
      member(1, { role: own, display_name: "María" }),
      member(2, { role: own === "lead" ? "collaborator" : "lead", display_name: "Jon" }),
    ],
    token: held(1),
    ...given,
  });

async function open(view: SessionView): Promise<FakeSession> {
  const session = fakeSession(IDLE);
  const store = createAccountStore(accountApi(signedIn({ adminTools: true })));
  render(<App services={{ account: store, session }} link={null} />);
  await act(() => store.check());
  act(() => session.show(view));
  session.sent.length = 0;
  return session;
}

const press = (testId: string): Promise<void> =>
  act(async () => {
    fireEvent.click(screen.getByTestId(testId));
    await Promise.resolve();
  });

describe("control", () => {
  it("says who drives, and takes and gives the token (G4)", async () => {
    const session = await open(team("lead", { token: held(0) }));
    expect(screen.getByTestId("token").textContent).toContain("Control: customer");
    await press("take-control");
    act(() => session.show(team("lead")));
    expect(screen.getByTestId("token").textContent).toContain("Control: you");
    await press("give-control");
    expect(session.sent.filter((one) => one.t.startsWith("Control"))).toEqual([
      { t: "ControlRequest" },
      { t: "ControlRelease" },
    ]);
  });

  it("gives a supervisor the minute and the take-over with a reason, and no plain taking (G7, G8)", async () => {
    const session = await open(team("supervisor", { token: held(2) }));
    expect(screen.queryByTestId("take-control")).toBeNull();
    await press("micro-handover");
    await press("take-over");
    await press("take-over-yes");
    expect(session.sent).not.toContainEqual(expect.objectContaining({ t: "TakeOver" }));
    fireEvent.change(screen.getByTestId("take-over-reason"), { target: { value: " Jon   is ill " } });
    await press("take-over-yes");
    expect(session.sent).toContainEqual({ t: "MicroHandover" });
    expect(session.sent).toContainEqual({ t: "TakeOver", reason: "Jon is ill" });
  });

  it("answers clicks in vain with one calm line, and no message to the other side (G2)", async () => {
    const session = await open(
      team("lead", { token: held(0, { returnsAt: Date.now() + 1500, nextSlot: 1 }) }),
    );
    for (let at = 0; at < 5; at += 1)
      fireEvent.mouseDown(screen.getByTestId("screen"), { clientX: 1, clientY: 1 });
    expect(screen.getAllByText(/The customer is working right now/u)).toHaveLength(1);
    expect(session.sent.filter((one) => one.t.startsWith("Pointer"))).toEqual([]);
  });
});

describe("people", () => {
  it("lets the lead toggle what the role needs a grant for, and hand over and remove after a question", async () => {
    const session = await open(team("lead"));
    await press("people");
    await press("grant-2-input");
    for (const capability of ["input.pointer", "input.text", "input.keys"] as const) {
      expect(NEEDS_GRANT.collaborator).toContain(capability);
      expect(session.sent).toContainEqual({ t: "GrantChange", slot: 2, capability, granted: true });
    }
    await press("give-control-2");
    await press("remove-2");
    expect(session.sent).not.toContainEqual({ t: "RemoveMember", slot: 2 });
    await press("sure-yes");
    expect(session.sent).toContainEqual({ t: "ControlGive", slot: 2 });
    expect(session.sent).toContainEqual({ t: "RemoveMember", slot: 2 });
  });

  it("shows a collaborator everybody and no levers", async () => {
    await open(team("collaborator"));
    await press("people");
    expect(screen.getByTestId("person-2").textContent).toContain("Jon");
    expect(screen.queryByTestId("manage-2")).toBeNull();
    expect(screen.queryByTestId("invite-make")).toBeNull();
  });

  it("makes, shows and revokes a link (G14)", async () => {
    const invite = {
      invite: "AAAAAAAAAAAAAAAAAAAAAA",
      role: "expert",
      expiresAt: Date.now() + 60_000,
    } as const;
    const session = await open(team("lead"));
    await press("people");
    await press("invite-make");
    expect(session.sent).toContainEqual({ t: "InviteRequest", role: "expert" });
    act(() => session.show(team("lead", { invites: [{ ...invite, link: "https://r/join#i=A.B" }] })));
    expect(screen.getByTestId<HTMLInputElement>("invite-link").value).toBe("https://r/join#i=A.B");
    await act(async () => {
      fireEvent.click(screen.getByText("Revoke"));
      await Promise.resolve();
    });
    expect(session.sent).toContainEqual({ t: "InviteRevoke", invite: new Uint8Array(16) });
  });
});

describe("chat", () => {
  const line = (key: string, text: string, whisper: boolean): LineView => ({
    key,
    slot: 2,
    name: "Jon",
    text,
    at: 1000,
    whisper,
  });

  it("keeps the two rooms apart, counts what is unread, and shows text as text (T1, T4, M5)", async () => {
    const lines = [line("c1", "<b>hello</b>", false), line("w1", "between us", true)];
    const session = await open(team("lead", { lines }));
    expect(screen.getByTestId("chat-unread").textContent).toBe("2");
    await press("chat");
    expect(screen.getByText("<b>hello</b>")).toBeTruthy();
    expect(screen.queryByText("between us")).toBeNull();
    const field = screen.getByTestId("chat-input");
    fireEvent.change(field, { target: { value: "to all" } });
    fireEvent.keyDown(field, { key: "Enter", shiftKey: true });
    expect(session.sent).not.toContainEqual({ t: "ChatSend", text: "to all" });
    fireEvent.keyDown(field, { key: "Enter" });
    expect(session.sent).toContainEqual({ t: "ChatSend", text: "to all" });
    fireEvent.click(screen.getByRole("radio", { name: /Team only/u }));
    expect(screen.getByText("The customer never sees this.")).toBeTruthy();
    fireEvent.change(field, { target: { value: "hush" } });
    fireEvent.keyDown(field, { key: "Enter" });
    expect(session.calls).toContain("whisper hush");
    expect(session.sent.filter((one) => one.t === "ChatSend")).toHaveLength(1);
    expect(screen.queryByTestId("chat-unread")).toBeNull();
  });

  it("is written on while the line is down, and says what nobody has yet (T8)", async () => {
    const unsaid = [
      { key: "o1", text: "first", at: 1, failed: true, ...TO_ALL },
      { key: "o2", text: "second", at: 2, failed: false, ...TO_ALL },
    ];
    const session = await open(team("lead", { unsaid }));
    await press("chat");
    const states = (): (string | null)[] => screen.getAllByTestId("unsaid").map((one) => one.textContent);
    expect(states()).toEqual([expect.stringMatching(/^You.*first Not delivered$/u), "second Sending…"]);
    act(() => session.show(team("lead", { unsaid, phase: "reconnecting" })));
    expect(states()[1]).toBe("second Will be sent when the connection is back");
    const field = screen.getByTestId("chat-input");
    fireEvent.change(field, { target: { value: "third" } });
    fireEvent.keyDown(field, { key: "Enter" });
    expect(session.sent).toContainEqual({ t: "ChatSend", text: "third" });
    act(() => session.show(team("lead", { unsaid, phase: "ended", error: { code: "session_ended" } })));
    expect(screen.getByTestId("undelivered").textContent).toContain("2 lines of yours were not delivered:");
  });

  it("never shows a line of one's own under another's name, and says who is waited for (T9)", async () => {
    const lines = [{ key: "w2-1", slot: 2, name: "Jon", text: "cable first", at: 1, whisper: true }];
    const unsaid = [{ key: "u2", text: "and then?", at: 2, failed: false, whisper: true, lacking: [] }];
    const alone = { lines, unsaid, members: team("lead").members.filter(({ slot }) => slot === 1) };
    await open(team("lead", alone));
    await press("chat");
    fireEvent.click(screen.getByRole("radio", { name: /Team only/u }));
    expect(screen.getByTestId("unsaid").textContent).toMatch(
      /^You.*and then\? Will be sent when somebody of the team is back$/u,
    );
  });

  it("whispers while the line is down, and says to whom a whisper was not delivered (T9)", async () => {
    const lost = { key: "u1", text: "hush", at: 1, failed: true, whisper: true, lacking: ["Jon", "Ana"] };
    const session = await open(team("lead", { unsaid: [lost], phase: "reconnecting" }));
    await press("chat");
    expect(screen.queryByTestId("unsaid")).toBeNull();
    fireEvent.click(screen.getByRole("radio", { name: /Team only/u }));
    expect(screen.getByTestId("unsaid").textContent).toMatch(/^You.*hush Not delivered to Jon, Ana$/u);
    const field = screen.getByTestId("chat-input");
    fireEvent.change(field, { target: { value: "still there" } });
    fireEvent.keyDown(field, { key: "Enter" });
    expect(session.calls).toContain("whisper still there");
    act(() =>
      session.show(team("lead", { unsaid: [lost], phase: "ended", error: { code: "session_ended" } })),
    );
    expect(screen.getByTestId("undelivered").textContent).toContain("hushNot delivered to Jon, Ana");
  });
});

describe("marks", () => {
  it("hold the pointer back from the PC until the tool is put down", async () => {
    const session = await open(team("lead"));
    await press("draw");
    expect(screen.getByTestId("mark-sheet").dataset["tool"]).toBe("draw");
    fireEvent.keyDown(window, { key: "Escape" });
    expect(screen.queryByTestId("mark-sheet")).toBeNull();
    expect(session.sent.filter((one) => one.t.startsWith("Pointer"))).toEqual([]);
  });

  it("clear one's own, or for the lead everybody's", async () => {
    const session = await open(team("collaborator"));
    await press("clear-marks");
    expect(session.calls).toContain("clear false");
  });
});

describe("administration", () => {
  const admin = (given: Partial<SessionView> = {}): SessionView =>
    live("administrator", { members: [member(1, { role: "lead" })], token: held(1), ...given });

  it("restarts after a question, and counts down with a way back (V5)", async () => {
    const session = await open(admin());
    await press("admin-panel");
    await press("restart");
    expect(session.sent).not.toContainEqual({ t: "RestartRequest" });
    await press("sure-yes");
    expect(session.sent).toContainEqual({ t: "RestartRequest" });
    const administrator = { grantEndsAt: null, holdEndsAt: null, restartAt: Date.now() + 20_000 };
    act(() => session.show(admin({ administrator })));
    await press("restart-cancel");
    expect(session.sent).toContainEqual({ t: "RestartCancel" });
  });

  it("keeps the session for eight hours unless told otherwise (V7)", async () => {
    const session = await open(admin());
    await press("admin-panel");
    await press("hold");
    expect(session.sent).toContainEqual({ t: "HoldRequest", hours: 8 });
  });

  it("says that the PC restarts, instead of a lost line", async () => {
    await open(admin({ phase: "host_away", restartingUntil: Date.now() + 60_000 }));
    expect(screen.getByText("The PC is restarting")).toBeTruthy();
  });

  it("is greyed with the reason where the mode has none of it", async () => {
    await open(live("demo", { members: [member(1, { role: "lead" })] }));
    const tool = screen.getByTestId("admin-panel");
    expect(tool.getAttribute("aria-disabled")).toBe("true");
    expect(tool.getAttribute("aria-description")).toContain("current mode");
  });
});

describe("what limits the picture (D6)", () => {
  const limited = (limit: PictureLimit, given: Partial<SessionView> = {}): SessionView =>
    team("lead", { limit: { limit, lineBytesS: 50_000, hostMs: 71.6, viewerMs: 90.2 }, ...given });
  const said = (): string => screen.getByTestId("limit").textContent;

  it("says nothing when nothing does, or nobody has said it", async () => {
    const session = await open(team("lead"));
    expect(said()).toBe("");
    act(() => session.show(limited("none")));
    expect(said()).toBe("");
  });

  it("names the line with its rate, the customer's PC, this browser, in words", async () => {
    const session = await open(limited("line"));
    expect(said()).toContain("Your line: 0.4 Mbit/s limits the picture.");
    expect(screen.getByText(/34 ms · line 0.4 Mbit\/s/)).toBeTruthy();
    expect(screen.getByRole("button", { name: /Connection: fair, 34 ms. Your line: 0.4/ })).toBeTruthy();
    act(() => session.show(limited("host")));
    expect(said()).toContain("The customer's PC is busy: each picture takes it 72 ms.");
    act(() => session.show(limited("host", { kind: "presentation" })));
    expect(said()).toContain("The presenter's PC is busy");
    act(() => session.show(limited("viewer")));
    expect(said()).toContain("This browser is busy: each picture takes it 90 ms.");
    act(() =>
      session.show(limited("line", { limit: { limit: "line", lineBytesS: 0, hostMs: 0, viewerMs: 0 } })),
    );
    expect(said()).toContain("Your line limits the picture.");
  });

  it("says it in Spanish with its own decimal comma", async () => {
    await open(limited("line"));
    act(() => {
      chooseLanguage("es");
    });
    expect(said()).toContain("Su línea: 0,4 Mbit/s limita la imagen.");
  });

  it("is silent while the line is cut", async () => {
    const session = await open(limited("line"));
    act(() => session.show(limited("line", { phase: "reconnecting" })));
    expect(said()).toBe("");
  });
});

describe("monitors", () => {
  it("are one person's choice, and fall back to all when the chosen one is gone (I6)", async () => {
    const monitors = [
      { id: 1, x: 0, y: 0, width: 640, height: 800, primary: true },
      { id: 2, x: 640, y: 0, width: 640, height: 800, primary: false },
    ];
    const two = team("lead", { screen: { width: 1280, height: 800, monitors } });
    const session = await open(two);
    await press("monitor-menu");
    await act(async () => {
      fireEvent.click(await screen.findByTestId("monitor-2"));
    });
    const shown = (): string | undefined =>
      document.querySelector<HTMLElement>(".screen")?.dataset["monitor"];
    expect(shown()).toBe("2");
    act(() =>
      session.show(team("lead", { screen: { width: 640, height: 800, monitors: monitors.slice(0, 1) } })),
    );
    expect(shown()).toBe("0");
    act(() => session.show(two));
    expect(shown()).toBe("0");
  });
});
