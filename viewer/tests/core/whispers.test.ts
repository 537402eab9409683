/** Whispers until each who was to hear them has said so (SPEC T9). */
import { describe, expect, test } from "vitest";

import { whispered, Whispers } from "../../src/core/session/whispers";
import type { Member, Role } from "../../src/protocol/generated";

const KEY = new Uint8Array(32).fill(7);
const SELF = { slot: 1, name: "Núria" };

function member(slot: number, role: Role, given: Partial<Member> = {}): Member {
  const who = { account_id: `a${slot}`, display_name: `M${slot}`, organisation: "Ayuda" };
  return { slot, link: 10 + slot, role, ...who, team_key: KEY, ...given };
}
const ME = member(1, "lead");
const [EVA, JON] = [member(2, "supervisor"), member(3, "expert")];

function spoken(members: readonly Member[], ...texts: string[]): Whispers {
  const whispers = new Whispers();
  texts.forEach((text, i) => whispers.say(text, members, 1, 1000 + i));
  return whispers;
}
const due = (whispers: Whispers, members: readonly Member[], now: number): readonly string[] =>
  whispers.due(members, 1, now).map(({ whisper, slots }) => `${whisper.text} to ${slots.join("+")}`);

describe("a whisper", () => {
  test("goes to each who may hear it, and again to who has not said so", () => {
    const here = [ME, EVA, JON];
    const whispers = spoken(here, "uno");
    expect(due(whispers, here, 0)).toEqual(["uno to 2+3"]);
    expect(due(whispers, here, 5_900)).toEqual([]);
    expect(whispers.view).toMatchObject([{ text: "uno", whisper: true, failed: false, lacking: [] }]);
    expect(whispers.heard(EVA, 1000, SELF)).toEqual(
      whispered(SELF, { t: "Whisper", text: "uno", at_ms: 1000 }),
    );
    expect(whispers.view).toEqual([]);
    expect(due(whispers, here, 6_100)).toEqual(["uno to 3"]);
    whispers.heard(JON, 1000, SELF);
    expect(due(whispers, here, 60_000)).toEqual([]);
  });

  test("has a time of its own, though two are said in one millisecond or the clock goes back", () => {
    const whispers = new Whispers();
    for (const at of [500, 500, 300]) whispers.say("hola", [ME, EVA], 1, at);
    expect(whispers.due([ME, EVA], 1, 0).map(({ whisper }) => whisper.at_ms)).toEqual([500, 501, 502]);
  });

  test("waits for who is cut, for ten minutes, and is theirs over their next line", () => {
    const whispers = spoken([ME, EVA], "uno");
    expect(due(whispers, [ME], 0)).toEqual([]);
    expect(due(whispers, [ME, { ...EVA, team_key: null }], 1_000)).toEqual([]);
    const back = { ...EVA, link: 99 };
    expect(due(whispers, [ME, back], 2_000)).toEqual(["uno to 2"]);
    expect(due(whispers, [ME, { ...back, link: 100 }], 2_100)).toEqual(["uno to 2"]);
    expect(due(whispers, [ME], 3_000)).toEqual([]);
    expect(due(whispers, [ME], 603_001)).toEqual([]);
    expect(whispers.view).toMatchObject([{ text: "uno", failed: true, lacking: ["M2"] }]);
  });

  test("is said five times on one link, then it counts as lost, also where others have it", () => {
    const here = [ME, EVA, JON];
    const whispers = spoken(here, "uno");
    let said = 0;
    for (let now = 0; now < 120_000; now += 500) {
      const now_due = whispers.due(here, 1, now);
      said += now_due.length;
      if (now_due.length > 0) whispers.heard(JON, 1000, SELF);
    }
    expect(said).toBe(5);
    expect(whispers.view).toMatchObject([{ failed: true, lacking: ["M2"] }]);
    whispers.heard(EVA, 1000, SELF);
    expect(whispers.view, "late is still heard").toEqual([]);
  });

  test("is not another's who has the slot now, nor anybody's who was not meant", () => {
    const whispers = spoken([ME, EVA], "uno");
    const other = { ...EVA, account_id: "b2" };
    expect(due(whispers, [ME, other, JON], 0)).toEqual([]);
    expect(whispers.heard(other, 1000, SELF)).toBeNull();
    expect(whispers.heard(JON, 1000, SELF)).toBeNull();
    expect(whispers.heard(EVA, 999, SELF)).toBeNull();
    expect(whispers.view).toHaveLength(1);
  });

  test("is said again from the beginning when this side's line is another one", () => {
    const whispers = spoken([ME, EVA], "uno", "dos");
    expect(due(whispers, [ME, EVA], 0)).toEqual(["uno to 2", "dos to 2"]);
    whispers.cut();
    expect(
      due(whispers, [{ ...ME, team_key: null }, EVA], 10),
      "nobody hears before the own key is listed",
    ).toEqual([]);
    expect(due(whispers, [ME, EVA], 20)).toEqual(["uno to 2", "dos to 2"]);
  });

  test("is not kept for nobody, nor beyond fifty, and nothing at all is none", () => {
    const whispers = new Whispers();
    expect(whispers.say("hola", [ME, member(2, "demo_viewer")], 1, 1)).toBe("nobody");
    expect(whispers.say(" \u202e\n", [ME, EVA], 1, 1)).toBe("kept");
    expect(whispers.view).toEqual([]);
    for (let i = 0; i < 50; i += 1) whispers.say("hola", [ME, EVA], 1, i);
    expect(whispers.say("hola", [ME, EVA], 1, 51)).toBe("no_room");
    expect(whispers.view).toHaveLength(50);
  });

  test("finds room although fifty before it reached nobody", () => {
    const whispers = spoken([ME, EVA], ...Array.from({ length: 50 }, (_, i) => `lost ${String(i)}`));
    expect(whispers.say("uno", [ME, EVA], 1, 2000)).toBe("no_room");
    due(whispers, [ME], 0);
    due(whispers, [ME], 700_000);
    expect(whispers.say("uno", [ME, EVA], 1, 2000)).toBe("kept");
    expect(whispers.view.map(({ text }) => text)).toEqual(expect.arrayContaining(["lost 1", "uno"]));
    expect(whispers.view).toHaveLength(50);
  });
});
