/** When a viewer speaks up by itself (SPEC P4). */
import { expect, test } from "vitest";

import { Held } from "../../src/core/session/held";
import { Pulse } from "../../src/core/session/pulse";

test("P4: beats four seconds apart, two while the host is to know of each silence", () => {
  const pulse = new Pulse();
  pulse.start(1000);
  expect(pulse.beats(1000, false)).toBe(true);
  expect(pulse.beats(2999, true)).toBe(false);
  expect(pulse.beats(3000, false)).toBe(false);
  expect(pulse.beats(3000, true)).toBe(true);
  expect(pulse.beats(6999, false)).toBe(false);
  expect(pulse.beats(7000, false)).toBe(true);
});

test("P4: keys and buttons are held until they go up, everything does, or the line is cut", () => {
  const held = new Held();
  const key = { t: "KeyPress", code: "KeyA", key: "a", modifiers: 0 } as const;
  const button = { t: "PointerButton", monitor: 0, x: 0, y: 0, button: 0, seen: 1 } as const;
  const [ups, downs] = [
    [
      { ...key, down: false },
      { ...button, down: false },
    ],
    [
      { ...key, down: true },
      { ...button, down: true },
    ],
  ] as const;
  for (const letGo of [
    () => ups.forEach((up) => held.said(up)),
    () => held.said({ t: "ReleaseAll" }),
    () => held.forget(),
  ]) {
    for (const down of downs) held.said(down);
    held.said({ t: "TextInput", text: "x" });
    expect(held.any).toBe(true);
    letGo();
    expect(held.any).toBe(false);
  }
});
