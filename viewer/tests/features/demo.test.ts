import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { HostClient, HostView } from "../../src/core/host/api";
import { Watched } from "../../src/core/observable";
import { Demo } from "../../src/features/session/demo";
import { type FakeSession, fakeSession, live } from "../fakes/session";

const IDLE: HostView = {
  phase: "idle",
  kind: "presentation",
  code: null,
  link: null,
  invite: null,
  secret: null,
  people: [],
  question: null,
  lines: [],
  sharing: false,
  choice: null,
  error: null,
};
const WAITING: HostView = { ...IDLE, phase: "waiting", sharing: true, invite: "i", secret: "s" };

let view: Watched<HostView>;
let session: FakeSession;
let calls: string[];
let demo: Demo;
let detach: () => void;

beforeEach(() => {
  view = new Watched(IDLE);
  session = fakeSession(live("shared"));
  calls = [];
  const present = (): Promise<void> => {
    calls.push("present");
    view.set({ ...IDLE, phase: "starting" });
    return Promise.resolve();
  };
  const client = {
    subscribe: view.subscribe,
    getSnapshot: view.getSnapshot,
    present,
    stop: () => calls.push("stop"),
  } as unknown as HostClient;
  demo = new Demo(session, client);
  detach = demo.attach();
});

afterEach(() => vi.useRealTimers());

describe("a demo from this browser (G13)", () => {
  it("that was stopped before the customer had answered ends with the answer", () => {
    demo.start();
    view.set(WAITING);
    session.show(live("shared", { pendingMode: "demo" }));
    view.set({ ...WAITING, phase: "ended", sharing: false });
    session.show(live("demo"));
    expect(session.calls).toEqual(["mode demo", "mode observer"]);
  });

  it("asks for the mode once the presentation has its link, and ends both together", () => {
    demo.start();
    demo.start();
    expect(calls).toEqual(["present"]);
    expect(session.calls).toEqual([]);
    view.set(WAITING);
    view.set({ ...WAITING, people: [] });
    expect(session.calls).toEqual(["mode demo"]);
    session.show(live("demo"));
    demo.stop();
    expect(calls).toEqual(["present", "stop"]);
    expect(session.calls).toEqual(["mode demo", "mode observer"]);
  });

  it("stops presenting when the customer says no", () => {
    demo.start();
    view.set(WAITING);
    session.show(live("shared", { pendingMode: "demo" }));
    const refusal = {
      code: "consent_denied",
      capability: null,
      removedBy: null,
      at: Date.now() + 1000,
    } as const;
    session.show(live("shared", { refusal }));
    expect(calls).toEqual(["present", "stop"]);
  });

  it("goes on when the yes is told before the mode, and stops when no mode follows", () => {
    vi.useFakeTimers();
    demo.start();
    view.set(WAITING);
    session.show(live("shared", { pendingMode: "demo" }));
    session.show(live("shared"));
    session.show(live("demo"));
    vi.runAllTimers();
    expect(calls).toEqual(["present"]);
    demo.stop();
    demo.start();
    view.set(WAITING);
    session.show(live("shared", { pendingMode: "demo" }));
    session.show(live("shared"));
    vi.runAllTimers();
    expect(calls).toEqual(["present", "stop", "present", "stop"]);
  });

  it("goes back to observing when sharing was stopped in the browser's own bar", () => {
    demo.start();
    view.set(WAITING);
    session.show(live("demo"));
    view.set({ ...WAITING, phase: "live" });
    view.set({ ...WAITING, phase: "live", sharing: false });
    expect(session.calls.at(-1)).toBe("mode observer");
    expect(calls.at(-1)).toBe("stop");
  });

  it("stops presenting when the customer leaves the demo or the session ends, and when it is let go", () => {
    demo.start();
    view.set(WAITING);
    session.show(live("demo"));
    session.show(live("observer"));
    expect(calls).toEqual(["present", "stop"]);
    demo.start();
    detach();
    expect(calls).toEqual(["present", "stop", "present", "stop"]);
  });

  it("may be started again after nobody chose a screen", async () => {
    demo.start();
    view.set(IDLE);
    await Promise.resolve();
    demo.start();
    expect(calls).toEqual(["present", "present"]);
  });
});
