import { describe, expect, it } from "vitest";

import type { LineView } from "../../../src/core/api";
import {
  grantable,
  grantedOf,
  initialsOf,
  mayLead,
  mayRemove,
  whisperHearers,
} from "../../../src/features/team/people";
import { chatText, reasonText } from "../../../src/features/team/text";
import { unreadIn } from "../../../src/features/team/unread";
import { MAX_CHAT_CHARS, NEEDS_GRANT, ROLE_CEILING, ROLES } from "../../../src/protocol/generated";
import { live, member } from "../../fakes/session";

describe("what the lead may toggle", () => {
  it("is what needs a grant and is not above the role (G6)", () => {
    for (const role of ROLES) {
      const offered = grantable(role).flatMap((group) => group.capabilities);
      for (const capability of offered) {
        expect(NEEDS_GRANT[role], role).toContain(capability);
        expect(ROLE_CEILING[role], role).toContain(capability);
      }
    }
    expect(grantable("lead")).toEqual([]);
    expect(grantable("external").map((group) => group.name)).toEqual(["view", "marks", "input", "files"]);
  });

  it("says whether a member has all of it, some or none", () => {
    const [group] = grantable("supervisor");
    if (group === undefined) throw new Error("a supervisor has toggles");
    expect(grantedOf(group, [])).toBe("none");
    expect(grantedOf(group, ["input.text"])).toBe("some");
    expect(grantedOf(group, group.capabilities)).toBe("all");
  });
});

describe("members", () => {
  it("lead unless they came from outside (G8), and nobody removes the lead or themselves", () => {
    expect(mayLead(member(2, { role: "expert" }))).toBe(true);
    expect(mayLead(member(2, { role: "external" }))).toBe(false);
    const view = live("shared", {
      members: [member(1, { role: "supervisor" }), member(2, { role: "lead" })],
    });
    expect(mayRemove(member(2, { role: "lead" }), view)).toBe(false);
    expect(mayRemove(member(1, { role: "supervisor" }), view)).toBe(false);
    expect(mayRemove(member(3, { role: "expert" }), view)).toBe(true);
  });

  it("hear whispers as T4 says", () => {
    const members = [
      member(1, { role: "external" }),
      member(2, { role: "lead" }),
      member(3, { role: "expert" }),
    ];
    expect(whisperHearers(live("shared", { members })).map((one) => one.slot)).toEqual([2]);
  });

  it("have letters for their circle", () => {
    expect(initialsOf("María de la Ñúñez")).toBe("MÑ");
    expect(initialsOf(" jon ")).toBe("J");
    expect(initialsOf("")).toBe("?");
  });
});

describe("typed text", () => {
  it("is inert and within bounds (M5)", () => {
    expect(chatText(" a\u202eb\u0007\r\nc\td ")).toBe("ab\nc    d");
    expect(Array.from(chatText("ñ".repeat(5000)))).toHaveLength(MAX_CHAT_CHARS);
    expect(chatText(" \n\u200e ")).toBe("");
    expect(reasonText(" one\n\ttwo\u0000 ")).toBe("one two");
  });
});

describe("unread lines", () => {
  const line = (key: string, slot: number, whisper = false): LineView => ({
    key,
    slot,
    name: "",
    text: "x",
    at: 0,
    whisper,
  });
  const lines = [line("a", 0), line("b", 1), line("c", 2), line("w", 2, true)];

  it("are those of others after the last one read, room by room", () => {
    expect(unreadIn(lines, "all", null, 1)).toBe(2);
    expect(unreadIn(lines, "all", "a", 1)).toBe(1);
    expect(unreadIn(lines, "all", "c", 1)).toBe(0);
    expect(unreadIn(lines, "team", null, 1)).toBe(1);
  });
});
