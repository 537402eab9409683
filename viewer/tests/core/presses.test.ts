/** What somebody pressed is done, or they are told that it may not be: never lost in silence with the line. */
import { describe, expect, test } from "vitest";

import type { Outgoing } from "../../src/core/api";
import { Presses } from "../../src/core/session/presses";
import { eventually } from "../support/eventually";
import type { Host } from "./support/host";
import { live } from "./support/sessions";
import type { World } from "./support/world";

const press = (world: World, message: Outgoing): void => world.shell.receive({ t: "send", message });
const LOST = { code: "desync", capability: null, removedBy: null };

async function cut(world: World, host: Host): Promise<void> {
  host.socket.drop();
  await world.phase("reconnecting");
}

describe("a press and a cut", () => {
  test("S3: who pressed a moment before is told", async () => {
    const { world, host } = await live();
    press(world, { t: "RemoveMember", slot: 3 });
    await host.until("RemoveMember");
    await cut(world, host);
    expect(world.view.refusal).toMatchObject(LOST);
  });

  test("C11: so is who pressed before the customer's line went", async () => {
    const { world, host } = await live();
    press(world, { t: "ControlRequest" });
    await host.until("ControlRequest");
    host.relay({ t: "HostGone" });
    await world.phase("host_away");
    expect(world.view.refusal).toMatchObject(LOST);
  });

  test("P4: once the host has answered a later heartbeat, there is nothing to tell", async () => {
    const { world, host } = await live();
    press(world, { t: "InviteRequest", role: "expert" });
    await host.until("InviteRequest");
    world.clock += 2001;
    const { t_ms } = await host.until("Heartbeat");
    await host.tell({ t: "HeartbeatEcho", t_ms });
    await host.tell({ t: "CaptureState", condition: "locked" });
    await eventually(() => expect(world.view.capture).toBe("locked"));
    await cut(world, host);
    expect(world.view.refusal).toBeNull();
  });

  test("S3: a press while there is no line is told at once, and not sent when it is back", async () => {
    const { world, host } = await live();
    await cut(world, host);
    expect(world.view.refusal).toBeNull();
    press(world, { t: "ClearMarks", everybody: true });
    await eventually(() => expect(world.view.refusal).toMatchObject(LOST));
    const socket = await world.socket(1);
    socket.open();
    host.moveTo(socket, 8);
    await host.until("ViewerHello");
    host.welcome();
    await host.verify();
    await host.goLive();
    press(world, { t: "HoldEnd" });
    for (let heard = await host.next(); heard.t !== "HoldEnd"; heard = await host.next()) {
      expect(heard.t).not.toBe("ClearMarks");
    }
  });

  test("S3: what follows the hand is no press", async () => {
    const { world, host } = await live();
    press(world, { t: "PointerMove", monitor: 0, x: 0.1, y: 0.1 });
    await host.until("PointerMove");
    await cut(world, host);
    expect(world.view.refusal).toBeNull();
  });
});

describe("leaving", () => {
  test("C10, C30: over a cut the relay is told as soon as the way back is proven, and nothing else", async () => {
    const { world, host } = await live();
    await cut(world, host);
    world.shell.receive({ t: "leave" });
    const socket = await world.socket(1);
    socket.open();
    host.moveTo(socket, 8);
    await host.until("ViewerHello");
    host.welcome();
    expect(world.finished).toBe(false);
    await host.verify();
    expect(await host.next()).toEqual({ t: "Leave" });
    await eventually(() => expect(world.finished).toBe(true));
    expect(world.view).toMatchObject({ phase: "ended", error: null });
  });

  test("C10, C30: while the host is away there is nobody to prove it to", async () => {
    const { world, host } = await live();
    await cut(world, host);
    world.shell.receive({ t: "leave" });
    const socket = await world.socket(1);
    socket.open();
    host.moveTo(socket, 8);
    await host.until("ViewerHello");
    host.welcome({ host_present: false });
    expect(await host.next()).toEqual({ t: "Leave" });
    await eventually(() => expect(world.finished).toBe(true));
  });

  test("C10: a seat that is gone meanwhile is left as well", async () => {
    const { world, host } = await live();
    await cut(world, host);
    world.shell.receive({ t: "leave" });
    const socket = await world.socket(1);
    socket.open();
    host.moveTo(socket, 8);
    await host.until("ViewerHello");
    host.relay({ t: "RelayError", code: "resume_invalid" });
    await eventually(() => expect(world.finished).toBe(true));
  });
});

test("an echo of an earlier heartbeat confirms nothing that was pressed after it", () => {
  const presses = new Presses();
  presses.sent();
  presses.beat(2000);
  presses.sent();
  presses.echoed(2000);
  expect(presses.cut()).toBe(true);
  expect(presses.cut()).toBe(false);
  presses.sent();
  presses.beat(4000);
  presses.beat(6000);
  presses.echoed(4000);
  expect(presses.cut()).toBe(false);
});
