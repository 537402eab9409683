/** Viewers who are let in and mean no good: what they send costs themselves, and neither the host nor the others. */
import { describe, expect, test } from "vitest";

import { MAX_LINES_OF_ONE } from "../../../src/core/marks";
import type { ViewerToHost } from "../../../src/protocol/generated";
import { type FakeViewer, given, HostWorld } from "./world";

/** What the relay takes from a host at once is counted over everything that the host sends (SPEC C17). */
const FLOOD = 600;

async function pair(): Promise<{ world: HostWorld; one: FakeViewer; two: FakeViewer }> {
  const world = new HostWorld("presentation");
  await world.start();
  return { world, one: await world.join(1), two: await world.join(2) };
}

async function flood(world: HostWorld, from: FakeViewer, message: ViewerToHost | object): Promise<void> {
  for (let i = 0; i < FLOOD; i += 1) world.socket.deliver(await from.seal(message));
  await world.settle();
}

const count = (viewer: FakeViewer, tag: string): number => viewer.heard.filter(({ t }) => t === tag).length;

describe("floods (R10, C17)", () => {
  test.each([
    ["ChatSend", { t: "ChatSend", text: "spam" }, "ChatLine", 8],
    ["ClearMarks", { t: "ClearMarks", everybody: false }, "MarksCleared", 20],
  ] as const)("of %s reach nobody else beyond a person's pace", async (_name, message, told, most) => {
    const { world, one, two } = await pair();
    await world.tell({ t: "allowMarks", person: 11, allowed: true });
    await flood(world, one, message);
    expect(count(two, told)).toBe(most);
    expect(one.heard.filter((heard) => heard.t === "InputRefused")).toMatchObject([{ code: "throttled" }]);
    expect(world.view?.people).toHaveLength(2);
  });

  test.each([
    [{ t: "Heartbeat", t_ms: 1, rtt_ms: 1 }, "HeartbeatEcho", 10],
    [{ t: "ModeRequest", mode: "full" }, "ConsentResult", 21],
    [{ t: "QualityChoice", quality: "fast" }, "InputRefused", 1],
  ] as const)("of %j are not answered one by one", async (message, told, most) => {
    const { world, one } = await pair();
    await flood(world, one, message);
    expect(count(one, told)).toBe(most);
    await world.say(one, { t: "ChatSend", text: "still here" });
    expect(one.last("ChatLine")).toMatchObject({ text: "still here" });
  });

  test("T8: a line said again is answered to its author, and is no other line", async () => {
    const { world, one, two } = await pair();
    for (let i = 0; i < 3; i += 1) await world.say(one, { t: "ChatSend", text: "once", sent: 4 });
    const own = one.heard.filter(({ t }) => t === "ChatLine");
    expect(own).toMatchObject(Array.from({ length: 3 }, () => ({ line: 1, text: "once", sent: 4 })));
    expect(two.heard.filter(({ t }) => t === "ChatLine")).toHaveLength(1);
    expect(two.last("ChatLine")).not.toHaveProperty("sent");
    await world.say(two, { t: "ChatSend", text: "mine", sent: 4 });
    expect(one.last("ChatLine")).toMatchObject({ line: 2, text: "mine" });
    await flood(world, one, { t: "ChatSend", text: "once", sent: 4 });
    expect(count(two, "ChatLine")).toBe(2);
    expect(count(one, "ChatLine")).toBeLessThan(20);
  });

  test("T1 T8: what was told just before a cut is told again to whoever comes back, with its number", async () => {
    const { world, one, two } = await pair();
    await world.say(one, { t: "ChatSend", text: "lost?", sent: 1 });
    for (const viewer of [one, two]) {
      await world.relay({
        t: "ViewerGone",
        slot: viewer.slot,
        link: viewer.link,
        left: false,
        code: "desync",
      });
      viewer.link += 80;
      viewer.heard.length = 0;
      await world.announce(viewer, true);
      await world.verify(viewer, given(viewer.resume));
    }
    expect(one.last("ChatLine")).toMatchObject({ text: "lost?", sent: 1 });
    expect(two.last("ChatLine")).toMatchObject({ text: "lost?" });
  });

  test("T1: a line of nothing but spaces is none", async () => {
    const { world, one, two } = await pair();
    await world.say(one, { t: "ChatSend", text: "  \n " });
    expect(count(two, "ChatLine")).toBe(0);
  });

  test("A4: dots without end leave the newest ones, and no more", async () => {
    const { world, one } = await pair();
    await world.tell({ t: "allowMarks", person: 11, allowed: true });
    for (let round = 0; round < 20; round += 1) {
      for (let i = 1; i <= 61; i += 1) {
        const stroke = { t: "Stroke", stroke: 61 * round + i, monitor: 0, points: [0.1, 0.1] };
        world.socket.deliver(await one.seal(stroke));
      }
      await world.settle();
      world.clock += 1000;
    }
    await world.pass(100);
    expect(world.marks.strokes).toHaveLength(MAX_LINES_OF_ONE);
  });

  test("A2: who is back gets a clean sheet and then what is drawn", async () => {
    const { world, one, two } = await pair();
    await world.tell({ t: "allowMarks", person: 11, allowed: true });
    await world.say(one, { t: "Stroke", stroke: 7, monitor: 0, points: [0, 0, 0.5, 0.5] });
    await world.relay({ t: "ViewerGone", slot: 2, link: two.link, left: false, code: "desync" });
    two.link = 99;
    two.heard.length = 0;
    await world.announce(two, true);
    await world.verify(two, given(two.resume));
    const marks = two.heard.filter(({ t }) => t === "MarksCleared" || t === "MemberStroke");
    expect(marks).toMatchObject([{ t: "MarksCleared" }, { t: "MemberStroke", slot: 1, stroke: 7 }]);
  });
});
