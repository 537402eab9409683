import { describe, expect, test } from "vitest";

import { concat, hex } from "../../src/crypto/bytes";
import { Flags, MessageType } from "../../src/protocol/generated";
import { header, packHeader } from "../../src/protocol/header";
import { begin, comeBack, DOT, live, newWorld, RED, withPicture } from "./support/sessions";
import { eventually } from "../support/eventually";

describe("joining", () => {
  test("C1 C3: the first message presents the ticket and not the digits", async () => {
    const { host } = await begin();
    const hello = await host.until("ViewerHello");
    expect(hello).toEqual({ t: "ViewerHello", version: 1, ticket: "ticket-of-sixteen-characters" });
    expect(hex(concat(...host.socket.sent))).not.toContain(hex(new TextEncoder().encode("123456")));
  });

  test("P1 P2: verified, asked, let in, and the picture is drawn bit-exact and acknowledged", async () => {
    const { world, host } = await begin();
    await host.until("ViewerHello");
    host.welcome();
    await host.verify();
    await host.tell({ t: "ConsentPending", mode: "full", deadline_s: 60 });
    await eventually(() => expect(world.view.consentDeadline).toBe(world.clock + 60_000));
    expect(world.view).toMatchObject({ phase: "asking", pendingMode: "full" });
    expect(world.view.steps).toEqual({
      relay: "done",
      encryption: "done",
      consent: "active",
      picture: "waiting",
    });
    await host.tell({ t: "ConsentResult", granted: true, mode: "full" });
    await host.goLive();
    await world.phase("live");
    await host.frame(RED, true);
    expect((await host.until("FrameAck")).frame_id).toBe(1);
    expect(hex(new Uint8Array(world.drawings[0]?.pixels ?? []))).toBe("ff0000ff".repeat(8));
    await eventually(() => expect(world.view.steps.picture).toBe("done"));
    expect(world.view).toMatchObject({ mode: "full", screen: { width: 4, height: 2 }, self: { slot: 2 } });
    expect(world.view.members).toEqual(host.members());
  });

  test("P1: the countdown is told in the time of day, however long the machine slept before", async () => {
    const { world, host } = await begin();
    world.slept = 3_600_000;
    await host.until("ViewerHello");
    host.welcome();
    await host.verify();
    await host.tell({ t: "ConsentPending", mode: "full", deadline_s: 60 });
    await eventually(() => expect(world.view.consentDeadline).toBe(world.clock + 3_600_000 + 60_000));
  });

  test("C8: the sealed identity is the one the relay vouches for, with the mode asked for", async () => {
    const { host } = await live();
    expect(host.viewer).toMatchObject({
      account_id: "a1",
      display_name: "Núria Peña",
      organisation: "Ayuda",
      mode: "full",
    });
  });

  test("K7: a host that does not know the code cannot pretend to: tampered", async () => {
    const { world, host } = await begin();
    await host.until("ViewerHello");
    host.welcome();
    await host.verify((flight) => flight.map((byte, i) => (i === flight.length - 1 ? byte ^ 1 : byte)));
    await world.phase("ended");
    expect(world.view.error?.code).toBe("tampered");
    expect(world.view.steps.encryption).toBe("failed");
    expect(host.socket.closed).toBe(true);
  });

  test("C6: a wrong code is the relay's word, and final", async () => {
    const { world, host } = await begin("999999");
    await host.until("ViewerHello");
    host.welcome();
    await expect(host.verify()).rejects.toMatchObject({ kind: "wrong_code" });
    host.relay({ t: "RelayError", code: "code_wrong" });
    await world.phase("ended");
    expect(world.view.error?.code).toBe("code_wrong");
    await eventually(() => expect(world.finished).toBe(true));
  });

  test("P2: a No ends the session with its reason", async () => {
    const { world, host } = await begin();
    await host.until("ViewerHello");
    host.welcome();
    await host.verify();
    await host.tell({ t: "ConsentResult", granted: false, mode: "full", code: "consent_timeout" });
    await world.phase("ended");
    expect(world.view.error?.code).toBe("consent_timeout");
  });

  test("R9: a host that shows its desktop before consent is refused", async () => {
    const { world, host } = await begin();
    await host.until("ViewerHello");
    host.welcome();
    await host.verify();
    await host.tell({ t: "ScreenLayout", width: 4, height: 2, monitors: [] });
    await world.phase("ended");
    expect(world.view.error?.code).toBe("unexpected");
    expect(world.view.screen).toBeNull();
  });

  test("a socket that never opens is tried again, then the relay is unreachable", async () => {
    const world = newWorld();
    world.join();
    (await world.socket(0)).drop();
    const second = await world.socket(1);
    world.clock += 10_001;
    second.drop();
    await world.phase("ended");
    expect(world.view.error?.code).toBe("unreachable");
  });
});

describe("frames", () => {
  test("F9: nothing is drawn over a gap; after a second a keyframe is asked for", async () => {
    const { world, host } = await withPicture();
    await host.frame(DOT, false, 2);
    await host.frame(DOT, false);
    world.clock += 1100;
    await host.until("KeyframeRequest");
    expect(world.drawings).toHaveLength(1);
    const keyframe = await host.frame(RED, true);
    expect((await host.until("FrameAck")).frame_id).toBe(keyframe);
    await host.frame(DOT, false);
    expect((await host.until("FrameAck")).frame_id).toBe(keyframe + 1);
    world.clock += 1100;
    await eventually(() => expect(world.view.link.framesDropped).toBe(4));
  });

  test("F9: a page that lost its picture asks at once for a keyframe that leaves nothing out", async () => {
    const { world, host } = await withPicture();
    world.shell.receive({ t: "blank" });
    expect((await host.until("KeyframeRequest")).whole).toBe(true);
    await host.frame(DOT, false);
    await eventually(() => expect(world.drawings).toHaveLength(2));
  });

  test("P3: frames of an epoch whose key is not here are dropped without harm", async () => {
    const { world, host } = await withPicture();
    const head = header(MessageType.MEDIA, {
      flags: Flags.KEYFRAME,
      dst: 0,
      frameId: 2,
      keyId: 44n,
      counter: 9n,
    });
    host.socket.deliver(concat(packHeader(head), new Uint8Array(40)));
    await host.newEpoch();
    await host.frame(RED, true);
    expect((await host.until("FrameAck")).frame_id).toBe(2);
    expect(world.view.phase).toBe("live");
  });

  test("I4: pointer input names the last frame that is on the canvas", async () => {
    const { world, host } = await live();
    world.draws = false;
    await host.frame(RED, true);
    await host.frame(DOT, false);
    await eventually(() => expect(world.drawings).toHaveLength(2));
    world.shell.receive({ t: "drawn", frameId: 1, buffer: new ArrayBuffer() });
    world.shell.receive({ t: "send", message: { t: "PointerMove", monitor: 0, x: 0.5, y: 0.5 } });
    expect((await host.until("PointerMove")).seen).toBe(1);
  });
});

describe("coming back", () => {
  test("C11: what waited behind the end of its line is forgotten, and not counted for ever", async () => {
    const { world, host } = await withPicture();
    const late = host.socket;
    late.drop();
    for (let count = 0; count < 9; count += 1) late.deliver(new Uint8Array(4 * 2 ** 20));
    await world.phase("reconnecting");
    const socket = await world.socket(1);
    socket.open();
    host.moveTo(socket, 8);
    await host.until("ViewerHello");
    host.welcome();
    await host.verify();
    await host.goLive();
    await world.phase("live");
  });

  test("P6 C4: a cut viewer resumes with the token and the secret of the last run", async () => {
    const { world, host } = await withPicture();
    await comeBack(world, host, 1, 8);
    expect(await host.until("ViewerHello")).toMatchObject({ resume: "resume-token-0000777" });
    host.welcome();
    await host.verify();
    await host.goLive();
    await world.phase("live");
    expect(world.view.steps.picture).toBe("active");
    await host.frame(RED, true);
    expect((await host.until("FrameAck")).frame_id).toBe(2);
    expect(world.view.members[0]?.link).toBe(8);
  });

  test("P6: the old secret is kept until the host has proved that it has the new one", async () => {
    const { world, host } = await withPicture();
    const first = host.resume;
    await comeBack(world, host, 1, 8);
    await host.until("ViewerHello");
    host.welcome();
    host.resume = first;
    await host.verify(() => new Uint8Array());
    await world.phase("ended");
    // An empty flight 4 is malformed and final; a cut in its place is not, and then the first secret counts.
    const again = await withPicture();
    const secret = again.host.resume;
    await comeBack(again.world, again.host, 1, 8);
    await again.host.until("ViewerHello");
    again.host.welcome();
    await again.host.until("flight");
    await comeBack(again.world, again.host, 2, 9);
    await again.host.until("ViewerHello");
    again.host.welcome();
    again.host.resume = secret;
    await again.host.verify();
    await again.host.goLive();
    await again.world.phase("live");
  });

  test("S3: what is typed while away is discarded, never replayed", async () => {
    const { world, host } = await withPicture();
    host.socket.drop();
    await world.phase("reconnecting");
    world.shell.receive({ t: "send", message: { t: "TextInput", text: "typed offline" } });
    const socket = await world.socket(1);
    socket.open();
    host.moveTo(socket, 8);
    await host.until("ViewerHello");
    host.welcome();
    await host.verify();
    world.shell.receive({ t: "send", message: { t: "TextInput", text: "typed too early" } });
    await host.goLive();
    await world.phase("live");
    world.shell.receive({ t: "send", message: { t: "TextInput", text: "live" } });
    expect((await host.until("TextInput")).text).toBe("live");
  });

  test("C11: the host goes and comes back on a new link", async () => {
    const { world, host } = await withPicture();
    host.relay({ t: "HostGone" });
    await world.phase("host_away");
    host.link = 12;
    host.relay({ t: "HostBack", link: 12 });
    await host.verify();
    await host.goLive();
    await world.phase("live");
    expect(world.sockets).toHaveLength(1);
  });

  test("C12: whoever finds no host waits for it", async () => {
    const { world, host } = await withPicture();
    await comeBack(world, host, 1, 8);
    await host.until("ViewerHello");
    host.welcome({ host_present: false });
    await world.phase("host_away");
    host.link = 9;
    host.relay({ t: "HostBack", link: 9 });
    await host.verify();
    await host.goLive();
    await world.phase("live");
  });

  test("P5: a lost message is a desync, and the viewer resumes", async () => {
    const { world, host } = await withPicture();
    await host.sealed({ t: "CaptureState", condition: "locked" });
    await host.tell({ t: "CaptureState", condition: "ok" });
    await world.phase("reconnecting");
    expect(world.view.capture).toBeNull();
    (await world.socket(1)).open();
  });

  test("P4: ten silent seconds are a cut", async () => {
    const { world, host } = await withPicture();
    world.clock += 4000;
    await host.until("Heartbeat");
    world.clock += 10_100;
    await world.phase("reconnecting");
    expect(host.socket.closed).toBe(true);
  });

  test("P4: a heartbeat every four seconds measures the round trip", async () => {
    const { world, host } = await live();
    const first = await host.until("Heartbeat");
    world.clock += 40;
    await host.tell({ t: "HeartbeatEcho", t_ms: first.t_ms });
    // The time of arrival counts, not when the message's turn has come.
    world.clock += 4000;
    const second = await host.until("Heartbeat");
    expect(second.rtt_ms).toBe(40);
  });

  test("P4: who holds something down says every two seconds that they are there", async () => {
    const { world, host } = await live();
    const beat = async (): Promise<number> => (await host.until("Heartbeat")).t_ms;
    const shift = { t: "KeyPress", code: "ShiftLeft", key: "Shift", modifiers: 0 } as const;
    const first = await beat();
    world.shell.receive({ t: "send", message: { ...shift, down: true } });
    world.clock += 2000;
    const second = await beat();
    expect(second - first).toBe(2000);
    world.shell.receive({ t: "send", message: { ...shift, down: false } });
    await host.until("KeyPress");
    world.clock += 4000;
    expect((await beat()) - second).toBe(4000);
  });

  test("another session behind the same token is refused", async () => {
    const { world, host } = await withPicture();
    await comeBack(world, host, 1, 8);
    await host.until("ViewerHello");
    host.welcome({ session_id: new Uint8Array(16) });
    await world.phase("ended");
    expect(world.view.error?.code).toBe("tampered");
  });

  test("C10: when the seat's life is over, so is trying", async () => {
    const { world, host } = await withPicture();
    host.socket.drop();
    await world.phase("reconnecting");
    world.clock += 601_000;
    (await world.socket(1)).drop();
    await world.phase("ended");
    expect(world.view.error?.code).toBe("resume_invalid");
  });
});

describe("leaving", () => {
  test("C10: this side leaves by Goodbye and Leave, and the view has no error", async () => {
    const { world, host } = await withPicture();
    world.shell.receive({ t: "leave" });
    await host.until("Goodbye");
    await host.until("Leave");
    expect(world.view).toMatchObject({ phase: "ended", error: null });
    await eventually(() => expect(world.finished).toBe(true));
  });

  test("the host's goodbye says why", async () => {
    const { world, host } = await withPicture();
    await host.tell({ t: "HostGoodbye", code: "removed" });
    await world.phase("ended");
    expect(world.view.error?.code).toBe("removed");
  });
});
