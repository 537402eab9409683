// @vitest-environment happy-dom
/** What goes wrong in the hands of real people: a line cut in a dialog, a page with a fault, a phone that cannot share. */
import { act, fireEvent, render, screen } from "@testing-library/react";
import type { ReactElement } from "react";
import { describe, expect, it, vi } from "vitest";

import type { SessionView } from "../../src/core/api";
import { Host, type HostPage } from "../../src/core/host/client";
import { createAccountStore } from "../../src/features/account/store";
import { UNREACHABLE } from "../../src/features/account/api";
import type { GuestLink } from "../../src/features/guest/link";
import { App } from "../../src/ui/App";
import { Guard } from "../../src/ui/parts/Guard";
import { accountApi } from "../fakes/account";
import { type FakeSession, fakeSession, IDLE, live, member } from "../fakes/session";
import "./page";

const api = accountApi({ ok: false, fault: UNREACHABLE });
const GUEST: GuestLink = { kind: "presentation", invitation: { invite: "i", secret: "s" } };

function open(view: SessionView): FakeSession {
  const session = fakeSession(IDLE);
  render(<App services={{ account: createAccountStore(api), session }} link={null} guest={GUEST} />);
  act(() => session.show(view));
  return session;
}

describe("a take-over while the line is cut", () => {
  it("cannot be sent into nothing, keeps the reason, and goes when the line is back", async () => {
    const supervised = live("shared", { self: { slot: 2, name: "Jon" } });
    const session = open(supervised);
    fireEvent.click(screen.getByTestId("take-over"));
    fireEvent.change(await screen.findByTestId("take-over-reason"), {
      target: { value: "Her turn is over" },
    });
    act(() => session.show({ ...supervised, phase: "reconnecting" }));
    const yes = screen.getByTestId<HTMLButtonElement>("take-over-yes");
    expect(yes.disabled).toBe(true);
    const form = yes.closest("form");
    if (form !== null) fireEvent.submit(form);
    expect(session.sent.filter(({ t }) => t === "TakeOver")).toEqual([]);
    act(() => session.show(supervised));
    fireEvent.click(screen.getByTestId("take-over-yes"));
    expect(session.sent).toContainEqual({ t: "TakeOver", reason: "Her turn is over" });
  });
});

describe("a spectator", () => {
  const presented = live("demo", {
    kind: "presentation",
    hostName: "Eva",
    members: [member(1, { role: "demo_viewer", display_name: "Ana" })],
    self: { slot: 1, name: "Ana" },
  });

  it("leaves and does not end; nothing is said of a customer", async () => {
    open(presented);
    expect(screen.queryByRole("button", { name: "End" })).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "Leave" }));
    expect(await screen.findByText("Leave the presentation?")).toBeTruthy();
    expect(document.body.textContent).not.toMatch(/customer/iu);
  });
});

describe("a page with a fault of its own", () => {
  it("says so instead of being empty", () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    function Faulty(): ReactElement {
      throw new RangeError("not drawn");
    }
    render(
      <Guard instead={<p>sorry</p>}>
        <Faulty />
      </Guard>,
    );
    expect(screen.getByText("sorry")).toBeTruthy();
  });
});

describe("a browser that cannot show its screen", () => {
  const page: HostPage = {
    startWorker: () => {
      throw new Error("nothing to start");
    },
    canShowScreen: () => false,
    chooseScreen: () => Promise.resolve("unsupported"),
    fetchPresentation: () => Promise.resolve({ ok: true, ticket: null, name: "" }),
    socketUrl: () => "wss://relay.test/ws/agent",
    onReturn: () => undefined,
    onClose: () => undefined,
  };

  it("is told before anything is explained or promised", () => {
    window.history.replaceState(null, "", "/share");
    const services = { account: createAccountStore(api), session: fakeSession(IDLE), host: new Host(page) };
    render(<App services={services} link={null} />);
    expect(screen.getByText("This browser cannot show a screen")).toBeTruthy();
    expect(document.querySelector("ol")).toBeNull();
    expect(screen.getByTestId("host-start").textContent).toBe("Try again");
  });
});
