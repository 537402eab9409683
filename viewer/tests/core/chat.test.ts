/** One's own lines of chat: each is said once, however often the line is cut (SPEC T8). */
import { describe, expect, test } from "vitest";

import { OwnLines } from "../../src/core/session/own_lines";
import type { ChatSend } from "../../src/protocol/generated";
import { type Host, SLOT } from "./support/host";
import { comeBack, live } from "./support/sessions";
import type { World } from "./support/world";
import { eventually } from "../support/eventually";

const say = (world: World, text: string): void =>
  world.shell.receive({ t: "send", message: { t: "ChatSend", text } });

const unsaid = (world: World): readonly string[] => world.view.unsaid.map(({ text }) => text);
const texts = (lines: readonly ChatSend[]): readonly string[] => lines.map(({ text }) => text);

let told = 0;
async function take(host: Host, { text, sent = 0 }: ChatSend): Promise<void> {
  told += 1;
  await host.tell({ t: "ChatLine", line: told, slot: SLOT, name: "Núria Peña", text, at_ms: told, sent });
}

describe("one's own lines (T8)", () => {
  test("wait until the host has taken them", async () => {
    const { world, host } = await live();
    say(world, "hola\u202e");
    const sent = await host.until("ChatSend");
    expect(sent).toEqual({ t: "ChatSend", text: "hola", sent: 1 });
    expect(unsaid(world)).toEqual(["hola"]);
    await take(host, sent);
    await eventually(() => expect(unsaid(world)).toEqual([]));
    expect(world.view.lines.map(({ text }) => text)).toEqual(["hola"]);
  });

  test("are said again after a cut, those said meanwhile too, with their numbers and in their order", async () => {
    const { world, host } = await live();
    for (const text of ["uno", "dos"]) say(world, text);
    const first = await host.until("ChatSend");
    await host.until("ChatSend");
    await take(host, first);
    await eventually(() => expect(unsaid(world)).toEqual(["dos"]));
    host.socket.drop();
    await world.phase("reconnecting");
    say(world, "tres");
    await eventually(() => expect(unsaid(world)).toEqual(["dos", "tres"]));
    const socket = await world.socket(1);
    socket.open();
    host.moveTo(socket, 8);
    await host.until("ViewerHello");
    host.welcome();
    await host.verify();
    await host.goLive();
    const again = [await host.until("ChatSend"), await host.until("ChatSend")];
    expect(again).toMatchObject([
      { text: "dos", sent: 2 },
      { text: "tres", sent: 3 },
    ]);
    for (const line of again) await take(host, line);
    await eventually(() => expect(unsaid(world)).toEqual([]));
  });

  test("are not lost where the host never comes back: they are told as not delivered", async () => {
    const { world, host } = await live();
    say(world, "¿me oye?");
    await host.until("ChatSend");
    await host.tell({ t: "HostGoodbye", code: "session_ended" });
    await world.phase("ended");
    expect(unsaid(world)).toEqual(["¿me oye?"]);
  });

  test("fail where the host will not have them", async () => {
    const { world, host } = await live();
    say(world, "hola");
    await host.until("ChatSend");
    await host.tell({ t: "InputRefused", code: "not_permitted", capability: "chat", removed_by: "mode" });
    await eventually(() => expect(world.view.unsaid).toMatchObject([{ text: "hola", failed: true }]));
    await comeBack(world, host, 1, 8);
    expect(world.view.unsaid).toHaveLength(1);
  });
});

describe("the numbers", () => {
  const lines = (count: number): OwnLines => {
    const own = new OwnLines();
    for (let i = 1; i <= count; i += 1) own.say(`l${i}`, i);
    return own;
  };

  test("rise, and go out at a person's pace", () => {
    const own = lines(10);
    expect(own.due(0).map(({ sent }) => sent)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(own.due(100)).toEqual([]);
    expect(texts(own.due(2500))).toEqual(["l7", "l8"]);
  });

  test("are said again on the same line where nothing came back, and not for ever", () => {
    const own = lines(1);
    let said = 0;
    for (let now = 0; now < 120_000; now += 500) said += own.due(now).length;
    expect(said).toBe(5);
    expect(own.view).toMatchObject([{ text: "l1", failed: true }]);
  });

  test("no more than fifty wait, and nothing at all is no line", () => {
    const own = lines(50);
    expect(own.say("one more", 51)).toBe(false);
    expect(own.view).toHaveLength(50);
    const empty = new OwnLines();
    expect(empty.say(" \u202e\n", 1)).toBe(true);
    expect(empty.view).toEqual([]);
  });

  test("make room for new ones although fifty before them failed", () => {
    const own = lines(50);
    for (let now = 0; now < 500_000; now += 1_000) own.due(now);
    expect(own.view.every(({ failed }) => failed)).toBe(true);
    expect(own.say("again", 0)).toBe(true);
    expect(own.due(600_000).map(({ sent, text }) => [sent, text])).toEqual([[51, "again"]]);
    expect(own.view).toHaveLength(50);
  });

  test("of others, or that nobody gave, take nothing off; a host without numbers is known by the words", () => {
    const own = lines(2);
    own.due(0);
    const line = { t: "ChatLine", line: 1, name: "", at_ms: 1 } as const;
    own.came({ ...line, slot: 3, text: "l1", sent: 1 }, 2);
    own.came({ ...line, slot: 2, text: "l1", sent: 77 }, 2);
    expect(own.view).toHaveLength(2);
    own.came({ ...line, slot: 2, text: "l2" }, 2);
    expect(own.view.map(({ text }) => text)).toEqual(["l1"]);
  });
});
