import { describe, expect, it } from "vitest";

import type { SessionView, TokenView } from "../../src/core/api";
import { obstacleToMode } from "../../src/features/session/modes";
import { inRegion, regionOf } from "../../src/features/session/monitors";
import { asksFor, may, obstacleTo } from "../../src/features/session/rights";
import {
  driverOf,
  nextDriver,
  obstacleToShowing,
  obstacleToTaking,
  waitsForToken,
} from "../../src/features/session/token";
import type { Role } from "../../src/protocol/generated";
import { live, member } from "../fakes/session";

const held = (holder: number | null, given: Partial<TokenView> = {}): TokenView => ({
  holder,
  cause: "taken",
  returnsAt: null,
  nextSlot: null,
  ...given,
});
const as = (role: Role, given: Partial<SessionView> = {}): SessionView =>
  live("shared", {
    members: [member(1, { role, display_name: "Me" }), member(2, { display_name: "Jon" })],
    ...given,
  });

describe("the control token", () => {
  it("is what input waits for while another holds it (G2)", () => {
    const other = as("lead", { token: held(2) });
    expect(obstacleTo("input.pointer", other)).toBe("token");
    expect(may("input.keys", other)).toBe(false);
    expect(waitsForToken(other)).toBe(true);
    expect(may("input.pointer", as("lead", { token: held(1) }))).toBe(true);
  });

  it("does not wait for rights that lag behind it", () => {
    const rights = { "input.pointer": { permit: "never", removed_by: "token" } } as const;
    expect(may("input.pointer", as("lead", { token: held(1), rights }))).toBe(true);
    const barred = { "input.pointer": { permit: "never", removed_by: "floor" } } as const;
    expect(obstacleTo("input.pointer", as("lead", { token: held(1), rights: barred }))).toBe("floor");
  });

  it("names who drives, and who does next and when", () => {
    expect(driverOf(as("lead", { token: held(1) }))).toEqual({ kind: "you" });
    expect(driverOf(as("lead", { token: held(0) }))).toEqual({ kind: "customer" });
    expect(driverOf(as("lead", { token: held(2) }))).toEqual({ kind: "member", slot: 2, name: "Jon" });
    expect(driverOf(as("lead", { token: held(null) }))).toEqual({ kind: "nobody" });
    const back = as("lead", { token: held(0, { returnsAt: 99, nextSlot: 1 }) });
    expect(nextDriver(back)).toEqual({ driver: { kind: "you" }, at: 99 });
    expect(nextDriver(as("lead", { token: held(0) }))).toBeNull();
  });

  it("can be taken by roles that may, whoever holds it (G4, G5, G7)", () => {
    expect(obstacleToTaking(as("lead", { token: held(0) }))).toBeNull();
    expect(obstacleToTaking(as("supervisor", { token: held(0) }))).toBe("role");
    expect(obstacleToShowing(as("supervisor", { token: held(0) }))).toBeNull();
    const grant = { "input.pointer": { permit: "never", removed_by: "grant" } } as const;
    expect(obstacleToTaking(as("collaborator", { token: held(0), rights: grant }))).toBe("grant");
    expect(obstacleToShowing(as("supervisor", { token: held(0), rights: grant }))).toBeNull();
    expect(obstacleToTaking(live("observer"))).toBe("mode");
    expect(obstacleToTaking(as("lead", { phase: "reconnecting" }))).toBe("offline");
  });
});

describe("asking first", () => {
  it("is no obstacle, and is told (N3)", () => {
    const view = live("full");
    expect(obstacleTo("terminal.user", view)).toBeNull();
    expect(asksFor("terminal.user", view)).toBe(true);
    expect(may("terminal.user", view)).toBe(false);
    expect(asksFor("terminal.user", live("observer"))).toBe(false);
  });
});

describe("modes", () => {
  it("are asked for by the lead, and lowered by the supervisor too (G5)", () => {
    expect(obstacleToMode("full", as("lead"), false)).toBeNull();
    expect(obstacleToMode("full", as("collaborator"), false)).toBe("role");
    expect(obstacleToMode("observer", as("supervisor"), false)).toBeNull();
    expect(obstacleToMode("demo", as("supervisor"), true)).toBe("role");
  });

  it("say why administrator mode is not there (V1, V8)", () => {
    expect(obstacleToMode("administrator", as("lead"), false)).toBe("account");
    expect(obstacleToMode("administrator", as("lead"), true)).toBeNull();
    const hostModes = ["observer", "shared", "full", "demo"] as const;
    expect(obstacleToMode("administrator", as("lead", { hostModes }), true)).toBe("platform");
  });

  it("lead out of a demo to observer alone (G13)", () => {
    expect(obstacleToMode("observer", live("demo"), true)).toBeNull();
    expect(obstacleToMode("full", live("demo"), true)).toBe("mode");
    expect(obstacleToMode("observer", live("demo", { kind: "presentation" }), true)).toBe("mode");
  });
});

describe("monitors", () => {
  const screen = {
    width: 300,
    height: 100,
    monitors: [
      { id: 1, x: 0, y: 0, width: 100, height: 100, primary: true },
      { id: 2, x: 100, y: 0, width: 200, height: 100, primary: false },
      { id: 3, x: 250, y: 0, width: 200, height: 100, primary: false },
    ],
  };
  const whole = { monitor: 0, x: 0, y: 0, width: 300, height: 100 };

  it("are a part of the screen, and the whole of it when they are gone or lie outside (I6)", () => {
    expect(regionOf(screen, 2)).toEqual({ monitor: 2, x: 100, y: 0, width: 200, height: 100 });
    expect(regionOf(screen, 0)).toEqual(whole);
    expect(regionOf(screen, 9)).toEqual(whole);
    expect(regionOf(screen, 3)).toEqual(whole);
  });

  it("carry marks from one to the other", () => {
    const second = regionOf(screen, 2);
    expect(inRegion({ monitor: 2, x: 0.5, y: 0.5 }, second, screen)).toEqual({ x: 100, y: 50 });
    expect(inRegion({ monitor: 0, x: 0.5, y: 0.5 }, second, screen)).toEqual({ x: 50, y: 50 });
    expect(inRegion({ monitor: 1, x: 0.5, y: 0.5 }, whole, screen)).toEqual({ x: 50, y: 50 });
    expect(inRegion({ monitor: 7, x: 0.5, y: 0.5 }, whole, screen)).toBeNull();
  });
});
