import { describe, expect, test } from "vitest";

import { Backoff } from "../../src/core/session/backoff";
import { FrameGate } from "../../src/core/session/frames";
import { Gauge } from "../../src/core/session/gauge";
import { checkMoment } from "../../src/core/session/heard";
import { SessionMachine } from "../../src/core/session/machine";
import { sealable } from "../../src/core/session/outgoing";
import { comesBack } from "../../src/core/session/verdicts";
import { PointerValve } from "../../src/core/worker/valve";
import { codeCredential } from "../../src/crypto/schedule";
import { ProtocolError } from "../../src/protocol/errors";
import { ERROR_CODES, Flags, HOST_TO_VIEWER_TAGS, type HostToViewer } from "../../src/protocol/generated";

const move = (x: number) => ({ t: "PointerMove", monitor: 0, x, y: 0.5 }) as const;

describe("order of frames", () => {
  const facts = (frameId: number, flags: number, width = 4) => ({ frameId, flags, width, height: 2 });

  test("F9: begins with a keyframe, goes on without a gap", () => {
    const gate = new FrameGate();
    expect(gate.admit(facts(3, 0), 0)).toBe(false);
    expect(gate.admit(facts(4, Flags.KEYFRAME), 0)).toBe(true);
    expect(gate.admit(facts(5, 0), 0)).toBe(true);
    expect(gate.admit(facts(7, 0), 0)).toBe(false);
    expect(gate.admit(facts(8, 0), 0)).toBe(false);
    expect(gate.admit(facts(12, Flags.KEYFRAME), 0)).toBe(true);
    expect(gate.dropped).toBe(1 + 2 + 1 + 3);
  });

  test("F9: asks once a second while a keyframe is missing", () => {
    const gate = new FrameGate();
    gate.restart(0);
    const asked = [500, 1000, 1500, 1999, 2000].map((now) => gate.asksForKeyframe(now));
    expect(asked).toEqual([false, true, false, false, true]);
    gate.admit(facts(1, Flags.KEYFRAME), 2500);
    expect(gate.asksForKeyframe(9000)).toBe(false);
  });

  test("F2: a new size comes only with a keyframe, and numbers rise", () => {
    const gate = new FrameGate();
    gate.admit(facts(1, Flags.KEYFRAME), 0);
    expect(() => gate.admit(facts(2, 0, 5), 0)).toThrow("a new size");
    expect(() => gate.admit(facts(2, Flags.KEYFRAME, 5), 0)).toThrow("frame 2 after frame 2");
    expect(gate.admit(facts(3, Flags.KEYFRAME, 5), 0)).toBe(true);
  });
});

describe("the line", () => {
  test("full jitter grows from 0.25 s to 10 s and starts anew", () => {
    const backoff = new Backoff(() => 1);
    const delays = Array.from({ length: 20 }, () => backoff.next());
    expect(delays[0]).toBe(250);
    expect(delays.every((delay, i) => i === 0 || delay >= (delays[i - 1] ?? 0))).toBe(true);
    expect(delays.at(-1)).toBe(10_000);
    backoff.reset();
    expect(backoff.next()).toBe(250);
    expect(new Backoff(() => 0).next()).toBe(0);
  });

  test("figures of the last second", () => {
    const gauge = new Gauge();
    gauge.received(1000, 0);
    gauge.drawn(0);
    expect(gauge.read(500, 0)).toEqual({ rttMs: null, fps: 1, kbps: 8, quality: "good", framesDropped: 0 });
    gauge.roundTrip(200);
    expect(gauge.read(1600, 0)).toEqual({ rttMs: 200, fps: 0, kbps: 0, quality: "fair", framesDropped: 0 });
    expect(gauge.read(1700, 9)).toMatchObject({ quality: "poor", framesDropped: 9 });
    expect(gauge.read(2800, 9)).toMatchObject({ quality: "fair" });
  });

  test("on a full line only the newest move counts, and a click makes it history", () => {
    const valve = new PointerValve();
    expect(valve.offer(move(0.1), 0)).toEqual(move(0.1));
    expect(valve.offer(move(0.2), 20_000)).toBeNull();
    expect(valve.offer(move(0.3), 20_000)).toBeNull();
    expect(valve.release(20_000)).toBeNull();
    expect(valve.release(0)).toEqual(move(0.3));
    expect(valve.release(0)).toBeNull();
    valve.offer(move(0.4), 20_000);
    const click = { t: "PointerButton", monitor: 0, x: 0.5, y: 0.5, button: 0, down: true } as const;
    expect(valve.offer(click, 20_000)).toEqual(click);
    expect(valve.release(0)).toBeNull();
  });
});

describe("what is said", () => {
  test("I4: pointer input carries the frame last seen", () => {
    expect(sealable(move(0.25), 7)).toEqual([{ ...move(0.25), seen: 7 }]);
  });

  test("M3: what the host would refuse as malformed is not sent", () => {
    expect(sealable(move(1), 7)).toEqual([]);
    expect(sealable({ t: "KeyPress", code: "", key: "a", down: true }, 0)).toEqual([]);
    expect(sealable({ t: "TextInput", text: "" }, 0)).toEqual([]);
  });

  test("I2: a long text goes in pieces and no character is cut", () => {
    const text = "😀".repeat(5000);
    const sent = sealable({ t: "TextInput", text }, 0);
    expect(sent).toHaveLength(2);
    expect(sent.map((message) => (message.t === "TextInput" ? message.text : "")).join("")).toBe(text);
  });

  test("M5: what is said to people is made inert: line ends, tabs, no tricks, not too long", () => {
    const said = sealable({ t: "ChatSend", text: " a\r\nb\tc\u202ed\u0007 " }, 0);
    expect(said).toEqual([{ t: "ChatSend", text: "a\nb    cd" }]);
    expect(sealable({ t: "ChatSend", text: " \n\u202e" }, 0)).toEqual([]);
    expect(sealable({ t: "ChatSend", text: "😀".repeat(3000) }, 0)).toEqual([
      { t: "ChatSend", text: "😀".repeat(2000) },
    ]);
    const reason = sealable({ t: "TakeOver", reason: "se\nalarga" }, 0);
    expect(reason).toEqual([{ t: "TakeOver", reason: "se alarga" }]);
  });

  test("A5: a long line goes in whole pieces, an odd one not at all", () => {
    const points = Array.from({ length: 1200 }, (_, i) => i / 1200);
    const sent = sealable({ t: "Stroke", stroke: 3, monitor: 1, points }, 0);
    expect(sent.map((one) => (one.t === "Stroke" ? one.points.length : 0))).toEqual([512, 512, 176]);
    expect(sent.flatMap((one) => (one.t === "Stroke" ? one.points : []))).toEqual(points);
    expect(sealable({ t: "Stroke", stroke: 3, monitor: 1, points: points.slice(1) }, 0)).toEqual([]);
  });

  test("what is pasted into a terminal goes in pieces", () => {
    const data = new Uint8Array(40_000).fill(65);
    const sent = sealable({ t: "TerminalInput", terminal: 1, data }, 0);
    expect(sent.map((one) => (one.t === "TerminalInput" ? one.data.length : 0))).toEqual([
      16_384, 16_384, 7232,
    ]);
  });
});

describe("what is heard", () => {
  test("R9: before consent only consent, heartbeat and goodbye", () => {
    const heard = HOST_TO_VIEWER_TAGS.filter((t) => {
      try {
        checkMoment({ t } as HostToViewer, "asking");
        return true;
      } catch (error) {
        if (error instanceof ProtocolError) return false;
        throw error;
      }
    });
    expect(heard.sort()).toEqual(["ConsentPending", "ConsentResult", "HeartbeatEcho", "HostGoodbye"]);
  });

  test("nothing is heard where nothing is sealed", () => {
    for (const t of HOST_TO_VIEWER_TAGS) {
      expect(() => checkMoment({ t } as HostToViewer, null)).toThrow(ProtocolError);
    }
  });

  test("E1: what has no second chance, and what comes back by itself", () => {
    const back = ERROR_CODES.filter(comesBack).sort();
    expect(back).toEqual([
      "deadline",
      "desync",
      "host_gone",
      "internal",
      "shutting_down",
      "slow",
      "stale_input",
      "throttled",
      "unexpected",
    ]);
  });
});

describe("before a session is live", () => {
  const joined = () => {
    const machine = new SessionMachine(
      () => 0,
      () => 0,
    );
    const order = { ticket: "t".repeat(20), credential: codeCredential("123456"), mode: "full" } as const;
    expect(machine.join(order, 0)).toEqual([{ do: "connect" }]);
    return machine;
  };

  test.each(ERROR_CODES.map((code) => [code]))("%s from the relay is final", (code) => {
    const machine = joined();
    machine.socketOpened(1);
    expect(machine.relay({ t: "RelayError", code }, 2).map((action) => action.do)).toEqual([
      "disconnect",
      "finish",
    ]);
    expect(machine.view).toMatchObject({ phase: "ended", error: { code }, steps: { relay: "failed" } });
  });

  test("a relay that takes the hello and says nothing is given up", () => {
    const machine = joined();
    machine.socketOpened(1);
    expect(machine.tick(10_000)).toEqual([]);
    machine.tick(10_002);
    expect(machine.view.error?.code).toBe("deadline");
  });

  test("C1: HostGone and HostBack before the welcome are out of turn", () => {
    expect(() => joined().relay({ t: "HostGone" }, 1)).toThrow(ProtocolError);
    expect(() => joined().relay({ t: "HostBack", link: 3 }, 1)).toThrow(ProtocolError);
  });

  test("a second join and input change nothing", () => {
    const machine = joined();
    const order = { ticket: "u".repeat(20), credential: codeCredential("000000"), mode: "full" } as const;
    expect(machine.join(order, 1)).toEqual([]);
    expect(machine.input(move(0.5))).toEqual([]);
  });

  test("leaving before the welcome needs no Leave", () => {
    expect(
      joined()
        .leave()
        .map((action) => action.do),
    ).toEqual(["disconnect", "finish"]);
  });
});
