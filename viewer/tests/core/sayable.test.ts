/** What is said to people can be said in UTF-8: what cannot is left out, before it ends a session as malformed (SPEC M5). */
import { describe, expect, test } from "vitest";

import { fits, sayable } from "../../src/core/session/outgoing";
import { HostWorld } from "./host/world";

describe("half of a character", () => {
  test("is left out of what is said", () => {
    expect(sayable("a\ud83d b\udc00")).toBe("a b");
    expect(sayable("a \u{1f600}")).toBe("a \u{1f600}");
  });

  test("stands in no message", () => {
    expect(fits({ t: "ChatSend", text: "a\ud83d" })).toBe(false);
    expect(fits({ t: "ChatSend", text: "a \u{1f600}" })).toBe(true);
  });

  test("is left out of what the person at a browser's screen says", async () => {
    const world = new HostWorld("presentation");
    await world.start();
    await world.join(1);
    await world.tell({ t: "say", text: "a\ud83d" });
    expect(world.view?.lines.map(({ text }) => text)).toEqual(["a"]);
  });
});
