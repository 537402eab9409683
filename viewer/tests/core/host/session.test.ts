/** A browser as host against the real cryptography: people come, see, are heard, and go. */
import { describe, expect, test } from "vitest";

import { outcomeOf } from "../../support/keys";
import { codeCredential } from "../../../src/crypto/schedule";
import { Flags } from "../../../src/protocol/generated";
import { parseHeader } from "../../../src/protocol/header";
import { FakeViewer, given, HostWorld } from "./world";
import { eventually } from "../../support/eventually";

async function presentation(): Promise<HostWorld> {
  const world = new HostWorld("presentation");
  await world.start();
  return world;
}

async function shared(): Promise<{ world: HostWorld; technician: FakeViewer }> {
  const world = new HostWorld("support");
  await world.start();
  const technician = await world.join(1);
  return { world, technician };
}

async function watched(): Promise<{ world: HostWorld; technician: FakeViewer }> {
  const { world, technician } = await shared();
  await world.tell({ t: "answer", question: world.view?.question?.id ?? 0, yes: true });
  return { world, technician };
}

describe("presentation", () => {
  test("C24, C19, C22: ticket, mode and link are told to the relay", async () => {
    const world = await presentation();
    expect(world.said("AgentHello")[0]).toMatchObject({ kind: "presentation", ticket: /^ticket/ });
    expect(world.said("ModeNotice")).toEqual([{ t: "ModeNotice", mode: "demo" }]);
    expect(world.said("InviteOpened")[0]).toMatchObject({ guests: true, life_s: 28_800 });
    expect(world.view?.link).toBe(
      `https://relay.test/demo#i=${world.view?.invite ?? ""}.${world.view?.secret ?? ""}`,
    );
  });

  test("G12: who has the link is in at once, as a demo viewer", async () => {
    const world = await presentation();
    const viewer = await world.join(1);
    expect(world.said("SeatAdmitted")).toEqual([{ t: "SeatAdmitted", link: 11, role: "demo_viewer" }]);
    expect(viewer.heard.slice(0, 3).map(({ t }) => t)).toEqual(["ConsentResult", "Epoch", "ModeState"]);
    expect(viewer.last("ModeState")?.rights["point.laser"]).toEqual({ permit: "never", removed_by: "grant" });
    expect(world.view?.people).toMatchObject([{ slot: 1, present: true, marks: false }]);
    expect(world.eye.watched).toBe(true);
  });

  test("K5: another secret than the link's is nobody's", async () => {
    const world = await presentation();
    const viewer = new FakeViewer(1, 11);
    await world.announce(viewer);
    const credential = { ...world.credential, secret: new Uint8Array(32) };
    await world.guess(viewer, credential);
    expect(world.said("RemoveViewer")).toMatchObject([{ link: 11, code: "code_wrong" }]);
    expect(world.view?.people).toEqual([]);
  });

  test("K16, G10: five share the key and frames are signed; who was removed opens nothing newer", async () => {
    const world = await presentation();
    const viewers = [];
    for (const slot of [1, 2, 3, 4, 5]) viewers.push(await world.join(slot));
    const frame = await world.made(true);
    expect((parseHeader(frame ?? new Uint8Array()).flags & Flags.SIGNED) !== 0).toBe(true);
    for (const viewer of viewers)
      expect(await viewer.media?.openMessage(given(frame))).toEqual(Uint8Array.of(1, 2, 3));
    const [, second, third] = viewers;
    const old = third?.epoch?.epoch;
    await world.tell({ t: "remove", person: 13 });
    expect(third?.last("HostGoodbye")).toEqual({ t: "HostGoodbye", code: "removed" });
    expect(third?.epoch?.epoch).toBe(old);
    expect(second?.epoch?.members.map(({ slot }) => slot)).toEqual([1, 2, 4, 5]);
    expect(world.said("RemoveViewer")).toEqual([{ t: "RemoveViewer", link: 13, code: "removed" }]);
    const next = await world.made(true);
    expect(await outcomeOf(given(third?.media).openMessage(given(next)))).toBe("wrong_epoch");
    expect(await second?.media?.openMessage(given(next))).toEqual(Uint8Array.of(1, 2, 3));
  });

  test("P3, F9: after somebody has come only a keyframe goes out", async () => {
    const world = await presentation();
    await world.join(1);
    expect(await world.made(false)).toBeUndefined();
    expect(await world.made(true)).toBeDefined();
    expect(parseHeader(given(await world.made(false))).frameId).toBe(2);
    await world.join(2);
    expect(await world.made(false)).toBeUndefined();
  });

  test("A2, G6: marks need the presenter's leave, and reach the others", async () => {
    const world = await presentation();
    const [one, two] = [await world.join(1), await world.join(2)];
    await world.say(one, { t: "Laser", monitor: 0, x: 0.5, y: 0.25 });
    expect(one.last("InputRefused")).toMatchObject({ capability: "point.laser", removed_by: "grant" });
    await world.tell({ t: "allowMarks", person: 11, allowed: true });
    expect(one.last("ModeState")?.rights["point.annotate"]).toEqual({ permit: "allow" });
    await world.say(one, { t: "Laser", monitor: 0, x: 0.5, y: 0.25 });
    await world.say(one, { t: "Stroke", stroke: 7, monitor: 0, points: [0, 0, 0.5, 0.5] });
    expect(two.last("MemberLaser")).toEqual({ t: "MemberLaser", slot: 1, monitor: 0, x: 0.5, y: 0.25 });
    expect(two.last("MemberStroke")).toMatchObject({ slot: 1, stroke: 7, points: [0, 0, 0.5, 0.5] });
    expect(one.last("MemberLaser")).toBeUndefined();
    await world.pass(2500);
    expect(two.last("MemberLaserOff")).toEqual({ t: "MemberLaserOff", slot: 1 });
    expect(world.marks.strokes).toHaveLength(1);
    await world.tell({ t: "allowMarks", person: 11, allowed: false });
    expect(two.last("MarksCleared")).toEqual({ t: "MarksCleared", slot: 1 });
  });

  test("A3: what comes late of a cleared line is not drawn again", async () => {
    const world = await presentation();
    const [one, two] = [await world.join(1), await world.join(2)];
    await world.tell({ t: "allowMarks", person: 11, allowed: true });
    await world.say(one, { t: "Stroke", stroke: 7, monitor: 0, points: [0, 0, 0.5, 0.5] });
    await world.tell({ t: "clearMarks" });
    await world.say(one, { t: "Stroke", stroke: 7, monitor: 0, points: [0.6, 0.6] });
    expect(world.marks.strokes).toEqual([]);
    await world.say(one, { t: "Stroke", stroke: 8, monitor: 0, points: [0.7, 0.7] });
    expect(two.heard.filter(({ t }) => t === "MemberStroke")).toMatchObject([{ stroke: 7 }, { stroke: 8 }]);
  });

  test("A5: half a point ends whoever sends it", async () => {
    const world = await presentation();
    const one = await world.join(1);
    await world.tell({ t: "allowMarks", person: 11, allowed: true });
    await world.say(one, { t: "Stroke", stroke: 7, monitor: 0, points: [0, 0, 0.5] });
    expect(world.said("RemoveViewer")).toMatchObject([{ link: 11, code: "malformed" }]);
  });

  test("T1: what anybody says everybody has, the author too", async () => {
    const world = await presentation();
    const [one, two] = [await world.join(1), await world.join(2)];
    await world.say(one, { t: "ChatSend", text: "¿Se ve?" });
    await world.tell({ t: "say", text: "Sí\u202e" });
    const lines = two.heard.filter(({ t }) => t === "ChatLine");
    expect(lines).toMatchObject([
      { line: 1, slot: 1, name: "Guest 1", text: "¿Se ve?" },
      { line: 2, slot: 0, name: "Núria", text: "Sí" },
    ]);
    expect(one.heard.filter(({ t }) => t === "ChatLine")).toEqual(lines);
    expect(world.view?.lines.map(({ text }) => text)).toEqual(["¿Se ve?", "Sí"]);
  });

  test("C11, P6, T1: after a cut everybody comes back by the resume secret, and hears what was missed", async () => {
    const world = await presentation();
    const one = await world.join(1);
    const before = one.epoch?.epoch ?? 0;
    world.socket.drop();
    await world.pass(1000);
    await world.tell({ t: "say", text: "wait" });
    expect(world.view?.phase).toBe("reconnecting");
    await world.welcome(true);
    expect(world.said("AgentHello").at(-1)).toMatchObject({ token: "token-of-the-session-1" });
    expect(world.said("InviteOpened")).toHaveLength(2);
    one.link = 99;
    await world.announce(one, true);
    await world.verify(one, given(one.resume));
    expect(one.epoch?.epoch).toBeGreaterThan(before);
    expect(one.last("ChatLine")).toMatchObject({ text: "wait" });
    expect(world.view?.phase).toBe("live");
  });

  test("the relay that has lost the session ends it: the ticket was good once", async () => {
    const world = await presentation();
    world.socket.drop();
    await world.pass(1000);
    await world.welcome(false);
    expect(world.view).toMatchObject({ phase: "ended", error: { code: "session_ended" }, link: null });
  });
});

describe("share", () => {
  test("R9, P1: nothing goes out before the yes, and then the technician leads and looks", async () => {
    const { world, technician } = await shared();
    expect(technician.heard).toEqual([{ t: "ConsentPending", mode: "observer", deadline_s: 60 }]);
    expect(world.said("CodeSpent")).toHaveLength(1);
    expect(world.view?.question).toMatchObject({ name: "Guest 1", role: "lead", deadline: 1_060_000 });
    expect(await world.made(true)).toBeUndefined();
    await world.tell({ t: "answer", question: world.view?.question?.id ?? 0, yes: true });
    expect(world.said("SeatAdmitted")).toEqual([{ t: "SeatAdmitted", link: 11, role: "lead" }]);
    expect(technician.last("ModeState")).toMatchObject({ mode: "observer" });
    const frame = await world.made(true);
    expect(await technician.media?.openMessage(given(frame))).toEqual(Uint8Array.of(1, 2, 3));
    expect(world.view).toMatchObject({ phase: "live", question: null, code: null });
  });

  test("P1: a No, and a minute of silence, turn the technician away", async () => {
    const { world, technician } = await shared();
    await world.tell({ t: "answer", question: world.view?.question?.id ?? 0, yes: false });
    expect(technician.last("ConsentResult")).toMatchObject({ granted: false, code: "consent_denied" });
    const silent = await shared();
    await silent.world.pass(60_001);
    expect(silent.technician.last("ConsentResult")).toMatchObject({ code: "consent_timeout" });
    expect(silent.world.said("RemoveViewer")).toMatchObject([{ link: 11, code: "consent_timeout" }]);
    await silent.world.tell({ t: "answer", question: 1, yes: true });
    expect(silent.world.said("SeatAdmitted")).toEqual([]);
  });

  test("P7, K8: three wrong guesses kill the code, and another is asked for", async () => {
    const world = new HostWorld("support");
    await world.start();
    const wrong = world.view?.code?.endsWith("000000") === true ? "000001" : "000000";
    for (const slot of [1, 2, 3]) {
      const guesser = new FakeViewer(slot, 10 + slot);
      await world.announce(guesser);
      await world.guess(guesser, codeCredential(wrong));
    }
    expect(world.said("RemoveViewer").map(({ code }) => code)).toEqual([
      "code_wrong",
      "code_wrong",
      "code_dead",
    ]);
    expect(world.said("CodeSpent")).toHaveLength(1);
    expect(world.said("CodeRequest")).toHaveLength(1);
    expect(world.view?.code).toBeNull();
  });

  test("C8: another identity than the relay vouches for is refused before flight 4", async () => {
    const world = new HostWorld("support");
    await world.start();
    const liar = new FakeViewer(1, 11);
    await world.announce(liar);
    const run = liar.handshake(world.credential, { display_name: "The bank" });
    await world.deliver(liar.flight(await run.hello()));
    const [flight2] = world.flights.splice(0);
    await world.deliver(liar.flight(await run.prove(given(flight2).body)));
    expect(world.flights).toEqual([]);
    expect(world.said("RemoveViewer")).toMatchObject([{ link: 11, code: "tampered" }]);
  });

  test.each([
    [{ t: "PointerMove", monitor: 0, x: 0.1, y: 0.1, seen: 1 }, "input.pointer", "mode"],
    [{ t: "ModeRequest", mode: "full" }, "input.pointer", "platform"],
    [{ t: "SystemInfoRequest" }, "system.info", "platform"],
    [{ t: "InviteRequest", role: "external" }, null, "platform"],
    [{ t: "MicroHandover" }, null, "role"],
  ])("R6: %o is refused", async (message, capability, removedBy) => {
    const { world, technician } = await watched();
    await world.say(technician, message);
    expect(technician.last("InputRefused")).toMatchObject({ capability, removed_by: removedBy });
    const count = technician.heard.filter(({ t }) => t === "InputRefused").length;
    await world.say(technician, message);
    expect(technician.heard.filter(({ t }) => t === "InputRefused")).toHaveLength(count);
  });

  test("T2: the team key is in the next list, and comes once for each link", async () => {
    const { world, technician } = await watched();
    const before = technician.epoch?.epoch ?? 0;
    await world.say(technician, { t: "TeamKey", public: new Uint8Array(32).fill(9) });
    expect(technician.epoch?.epoch).toBe(before + 1);
    expect(technician.epoch?.members[0]?.team_key).toEqual(new Uint8Array(32).fill(9));
    await world.say(technician, { t: "TeamKey", public: new Uint8Array(32).fill(8) });
    expect(technician.epoch?.epoch).toBe(before + 1);
  });

  test("P4: who is silent for ten seconds is cut, and the others get a new key", async () => {
    const { world, technician } = await watched();
    await world.say(technician, { t: "Heartbeat", t_ms: 5, rtt_ms: 1 });
    expect(technician.last("HeartbeatEcho")).toEqual({ t: "HeartbeatEcho", t_ms: 5 });
    await world.pass(10_001);
    expect(world.said("RemoveViewer")).toMatchObject([{ link: 11, code: "desync" }]);
    expect(world.view?.people).toMatchObject([{ slot: 1, present: false }]);
    expect(world.eye.watched).toBe(false);
    expect(await world.made(true)).toBeUndefined();
  });

  test("D2: acknowledgements of frames that were never sent are ignored", async () => {
    const { world, technician } = await watched();
    await world.made(true);
    await world.say(technician, { t: "FrameAck", frame_id: 77 });
    await world.say(technician, { t: "FrameAck", frame_id: 1 });
    await world.say(technician, { t: "FrameAck", frame_id: 1 });
    expect(world.eye.told.filter((one) => one.startsWith("acked"))).toEqual(["acked 1"]);
  });

  test("F9: keyframes for whoever asks, at most one a second", async () => {
    const { world, technician } = await watched();
    world.eye.told.length = 0;
    world.clock += 2000;
    for (let tries = 0; tries < 3; tries += 1) await world.say(technician, { t: "KeyframeRequest" });
    await world.relay({ t: "KeyframeWanted", slot: 1 });
    expect(world.eye.told).toEqual(["keyframe"]);
  });

  test("R10: a flood ends whoever sends it, and nobody else", async () => {
    const { world, technician } = await watched();
    const flood = [];
    for (let count = 0; count < 4100; count += 1) flood.push(technician.seal({ t: "KeyframeRequest" }));
    for (const message of await Promise.all(flood)) world.socket.deliver(message);
    await eventually(async () => {
      await world.settle();
      if (world.said("RemoveViewer").length === 0) throw new Error("still there");
    });
    expect(world.said("RemoveViewer")).toMatchObject([{ link: 11, code: "throttled" }]);
    expect(world.view?.phase).toBe("waiting");
  }, 20_000);

  test("K12: a message out of its turn is a desync, and the seat stays", async () => {
    const { world, technician } = await watched();
    await technician.seal({ t: "Heartbeat", t_ms: 1 });
    await world.say(technician, { t: "Heartbeat", t_ms: 2 });
    expect(world.said("RemoveViewer")).toMatchObject([{ link: 11, code: "desync" }]);
    expect(world.view?.people).toHaveLength(1);
  });

  test("D1: the browser's own stop bar pauses the picture, and the session goes on", async () => {
    const { world, technician } = await watched();
    await world.made(true);
    await world.tell({ t: "capture", sharing: false });
    expect(technician.last("CaptureState")).toMatchObject({ condition: "paused" });
    expect(world.view).toMatchObject({ sharing: false, phase: "live" });
    expect(await world.made(true)).toBeUndefined();
    await world.tell({ t: "capture", sharing: true });
    expect(technician.last("CaptureState")).toMatchObject({ condition: "ok" });
    expect(await world.made(true)).toBeDefined();
  });

  test("C20: somebody who asks to come in without a code is answered No", async () => {
    const { world } = await watched();
    const who = {
      account_id: "a9",
      display_name: "Eva",
      organisation: "Ayuda",
      standing: "supervisor",
    } as const;
    await world.relay({ t: "JoinAsked", request: 4, ...who, admin_tools: false, key: new Uint8Array(32) });
    expect(world.said("JoinAnswered")).toEqual([{ t: "JoinAnswered", request: 4, code: "not_permitted" }]);
  });

  test("Stop ends it for everybody", async () => {
    const { world, technician } = await watched();
    await world.tell({ t: "stop" });
    expect(technician.last("HostGoodbye")).toEqual({ t: "HostGoodbye", code: "session_ended" });
    expect(world.said("EndSession")).toHaveLength(1);
    expect(world.view).toMatchObject({ phase: "ended", people: [], error: null });
    expect(world.eye.told).toContain("close");
  });

  test("N8: a report goes to the relay before the end, and nobody in the session hears of it", async () => {
    const { world, technician } = await watched();
    await world.tell({ t: "stop", reported: true });
    expect(world.said("RecordNotice")).toEqual([{ t: "RecordNotice", act: "reported", slot: 0, number: 1 }]);
    expect(world.said("EndSession")).toHaveLength(1);
    expect(technician.last("HostGoodbye")).toEqual({ t: "HostGoodbye", code: "session_ended" });
  });

  test("what the relay says before its welcome cuts the line", async () => {
    const world = new HostWorld("support");
    await world.start();
    const [count] = [world.sockets.length];
    await world.relay({
      t: "AgentWelcome",
      session_id: new Uint8Array(16),
      origin: "https://else.test",
      token: "another-token-of-it",
      resumed: true,
    });
    await world.pass(500);
    expect(world.sockets.length).toBeGreaterThan(count);
  });
});
