import { describe, expect, test } from "vitest";

import type { HostToViewer } from "../../src/protocol/generated";
import type { Host } from "./support/host";
import { begin, comeBack, live, RED, withPicture } from "./support/sessions";
import type { World } from "./support/world";
import { eventually } from "../support/eventually";

const INVITE = Uint8Array.from({ length: 16 }, () => 255);
const SECRET = new Uint8Array(32);

async function told(world: World, host: Host, message: HostToViewer, shown: object): Promise<void> {
  await host.tell(message);
  await eventually(() => expect(world.view).toMatchObject(shown));
}

describe("who drives and who leads", () => {
  test("G2 G3: the token, its cause, and when it returns, in the time of day", async () => {
    const { world, host } = await live();
    world.slept = 3_600_000;
    const at = world.clock + world.slept;
    const state = {
      t: "TokenState",
      holder: 0,
      cause: "local_input",
      returns_ms: 1500,
      next_slot: 2,
    } as const;
    const token = { holder: 0, cause: "local_input", returnsAt: at + 1500, nextSlot: 2 };
    await told(world, host, state, { token });
    const free = { t: "TokenState", holder: null, cause: "mode" } as const;
    await told(world, host, free, { token: { holder: null, returnsAt: null, nextSlot: null } });
  });

  test("G6: the grants of each", async () => {
    const { world, host } = await live();
    const grants = [{ slot: 3, granted: ["input.pointer"] as const }];
    await told(world, host, { t: "GrantsState", grants }, { grants: { 3: ["input.pointer"] } });
  });

  test("G8: who leads now, by name, with the reason", async () => {
    const { world, host } = await live();
    host.others = [
      { slot: 4, link: 9, role: "supervisor", account_id: "a4", display_name: "Jon", organisation: "Ayuda" },
    ];
    await host.newEpoch();
    const message = { t: "LeadChanged", slot: 4, reason: "Se alarga" } as const;
    const leadChange = { slot: 4, name: "Jon", reason: "Se alarga", at: world.clock };
    await told(world, host, message, { leadChange });
  });

  test("G14: an invitation is a whole link, until it is taken back", async () => {
    const { world, host } = await live();
    const message = {
      t: "InviteIssued",
      invite: INVITE,
      secret: SECRET,
      role: "external",
      life_s: 3600,
    } as const;
    const invite = "_".repeat(21) + "w";
    const link = `https://relay.test/join#i=${invite}.${"A".repeat(43)}`;
    const expiresAt = world.clock + 3_600_000;
    await told(world, host, message, { invites: [{ invite, link, role: "external", expiresAt }] });
    world.shell.receive({ t: "send", message: { t: "InviteRevoke", invite: INVITE } });
    await host.until("InviteRevoke");
    await eventually(() => expect(world.view.invites).toEqual([]));
  });

  test("G14: an invitation that was used is shown no more", async () => {
    const { world, host } = await live();
    const link = { t: "InviteIssued", invite: INVITE, secret: SECRET, role: "external", life_s: 60 } as const;
    await told(world, host, link, { invites: [{ role: "external" }] });
    await told(world, host, { t: "InviteOver", invite: INVITE }, { invites: [] });
  });

  test("G8 C19: a leader who is in no list is none, and invitations without end are as many as can be open", async () => {
    const { world, host } = await live();
    await host.tell({ t: "LeadChanged", slot: 5, reason: "Porque sí" });
    for (let i = 0; i < 40; i += 1) {
      const invite = INVITE.map((byte, at) => (at === 0 ? i : byte));
      await host.tell({ t: "InviteIssued", invite, secret: SECRET, role: "external", life_s: 60 });
    }
    await eventually(() => expect(world.view.invites.at(-1)?.invite.startsWith("J")).toBe(true));
    expect(world.view.invites).toHaveLength(32);
    expect(world.view.leadChange).toBeNull();
  });

  test("R6: a forbidden act is refused without a capability", async () => {
    const { world, host } = await live();
    const refused = {
      t: "InputRefused",
      code: "not_permitted",
      capability: null,
      removed_by: "role",
    } as const;
    await told(world, host, refused, {
      refusal: { code: "not_permitted", capability: null, removedBy: "role" },
    });
  });
});

describe("consent for one thing", () => {
  test("N3: asked and refused without touching the mode's own question", async () => {
    const { world, host } = await live();
    await told(
      world,
      host,
      { t: "ConsentPending", mode: "administrator", deadline_s: 60 },
      { pendingMode: "administrator" },
    );
    const asked = { t: "ConsentPending", mode: "full", deadline_s: 30, capability: "terminal.user" } as const;
    await told(world, host, asked, { pendingMode: "administrator", pendingCapability: "terminal.user" });
    const no = { t: "ConsentResult", granted: false, mode: "full", capability: "terminal.user" } as const;
    await told(world, host, no, {
      pendingMode: "administrator",
      pendingCapability: null,
      refusal: { code: "consent_denied", capability: "terminal.user" },
    });
    expect(world.view.consentDeadline).not.toBeNull();
    await told(
      world,
      host,
      { t: "ConsentResult", granted: true, mode: "administrator" },
      { pendingMode: null },
    );
    expect(world.view.consentDeadline).toBeNull();
  });

  test("R9: at the door there is one question only", async () => {
    const { world, host } = await begin();
    await host.until("ViewerHello");
    host.welcome();
    await host.verify();
    await host.tell({ t: "ConsentResult", granted: true, mode: "full", capability: "chat" });
    await world.phase("ended");
    expect(world.view.error?.code).toBe("unexpected");
  });
});

describe("chat", () => {
  const line = (number: number, text: string) =>
    ({ t: "ChatLine", line: number, slot: 0, name: "Cliente", text, at_ms: 1000 + number }) as const;

  test("T1: lines in their order; one that comes again after a resume is shown once", async () => {
    const { world, host } = await live();
    for (const message of [line(1, "hola"), line(2, "¿sigue?"), line(1, "hola"), line(3, "sí")]) {
      await host.tell(message);
    }
    await eventually(() =>
      expect(world.view.lines.map(({ text }) => text)).toEqual(["hola", "¿sigue?", "sí"]),
    );
    expect(world.view.lines[0]).toMatchObject({ slot: 0, name: "Cliente", at: 1001, whisper: false });
  });

  test("at most five hundred lines are kept", async () => {
    const { world, host } = await live();
    for (let number = 1; number <= 505; number += 1) await host.tell(line(number, `l${number}`));
    await eventually(() => expect(world.view.lines.at(-1)?.text).toBe("l505"));
    expect(world.view.lines).toHaveLength(500);
  });
});

describe("the customer's PC", () => {
  test("V1 V5 V7: deadlines in the time of day; a countdown is called off", async () => {
    const { world, host } = await live();
    const state = { t: "AdministratorState", grant_ends_in_s: 100, hold_ends_in_s: null } as const;
    const grantEndsAt = world.clock + 100_000;
    await told(world, host, state, { administrator: { grantEndsAt, holdEndsAt: null, restartAt: null } });
    const restartAt = world.clock + 30_000;
    await told(world, host, { t: "RestartState", in_s: 30 }, { administrator: { grantEndsAt, restartAt } });
    await told(
      world,
      host,
      { t: "RestartState", in_s: null },
      { administrator: { grantEndsAt, restartAt: null } },
    );
  });

  test("answers stand beside one another", async () => {
    const { world, host } = await live();
    await told(
      world,
      host,
      { t: "ProcessList", processes: [], left_out: 2 },
      { machine: { processes: { left_out: 2 } } },
    );
    await told(world, host, { t: "ServiceList", services: [] }, { machine: { services: { services: [] } } });
    await told(
      world,
      host,
      { t: "ActDone", act: "ProcessEnd", done: false, detail: "gone" },
      {
        machine: { processes: { left_out: 2 }, done: { done: false, detail: "gone", at: world.clock } },
      },
    );
  });

  test("V4 A2: terminals and marks are passed on as they come", async () => {
    const { world, host } = await live();
    await host.tell({ t: "TerminalOpened", terminal: 1, elevated: true });
    await host.tell({ t: "MemberLaser", slot: 0, monitor: 0, x: 0.5, y: 0.5 });
    await eventually(() => expect(world.told.map(({ t }) => t)).toEqual(["TerminalOpened", "MemberLaser"]));
  });

  test("V5 C21: a restart is told as one, outlives the seat's usual life, and counts anew", async () => {
    const { world, host } = await withPicture();
    host.relay({ t: "HostGone", restarting_s: 1800 });
    await world.phase("host_away");
    const restartingUntil = world.clock + 1_800_000;
    expect(world.view.restartingUntil).toBe(restartingUntil);
    // The relay goes too, far beyond ten minutes: the seat is still kept.
    world.clock += 900_000;
    await eventually(() => expect(world.sockets.length).toBeGreaterThan(1));
    (await world.socket(1)).drop();
    await world.phase("reconnecting");
    world.clock += 11_000;
    const socket = await world.socket(2);
    socket.open();
    host.moveTo(socket, 9);
    await host.until("ViewerHello");
    host.welcome({ host_present: false });
    await world.phase("host_away");
    expect(world.view.restartingUntil).toBe(restartingUntil);
    host.link = 10;
    host.relay({ t: "HostBack", link: 10 });
    await host.verify();
    host.epoch = 0;
    host.frameId = 0;
    await host.goLive();
    await world.phase("live");
    expect(world.view.restartingUntil).toBeNull();
    await host.frame(RED, true);
    expect((await host.until("FrameAck")).frame_id).toBe(1);
  });

  test("C10 C21: when a restart has had its time, so has trying", async () => {
    const { world, host } = await withPicture();
    host.relay({ t: "HostGone", restarting_s: 700 });
    await world.phase("host_away");
    world.clock += 701_000;
    await eventually(() => expect(world.sockets.length).toBeGreaterThan(1));
    (await world.socket(1)).drop();
    await world.phase("ended");
    expect(world.view.error?.code).toBe("resume_invalid");
  });
});

describe("a presentation", () => {
  test("G12: a guest says nothing of modes and has no key for whispers; who presents is told", async () => {
    const { world, host } = await begin();
    await host.until("ViewerHello");
    const guest = { account_id: "guest-1", display_name: "Tom", organisation: "" };
    host.welcome({ ...guest, kind: "presentation", host_name: "Núria" });
    await host.verify();
    expect(host.viewer).toMatchObject({ ...guest, mode: "demo" });
    host.self = { ...guest, role: "demo_viewer" };
    await host.tell({ t: "ConsentResult", granted: true, mode: "demo" });
    await host.goLive();
    await world.phase("live");
    expect(world.view).toMatchObject({
      kind: "presentation",
      hostName: "Núria",
      hostModes: ["observer", "full"],
    });
    expect(world.view.sessionId).toBe("000102030405060708090a0b0c0d0e0f");
    world.clock += 4000;
    for (;;) {
      const { t } = await host.next();
      expect(t).not.toBe("TeamKey");
      if (t === "Heartbeat") break;
    }
    await comeBack(world, host, 1, 8);
  });
});
