import { describe, expect, it } from "vitest";

import { ceilingOf, circumstancesOf, FIRST_SCENE, suppose } from "../../../src/features/policy/simulate";
import { effectiveRight } from "../../../src/protocol/rights";

describe("the simulator", () => {
  it("answers with the first factor that stands against it (R5)", () => {
    const pointer = (scene: typeof FIRST_SCENE) => effectiveRight("input.pointer", circumstancesOf(scene));
    expect(pointer(FIRST_SCENE)).toEqual({ permit: "allow", removedBy: null });
    const expert = { ...FIRST_SCENE, role: "expert" } as const;
    expect(pointer(expert).removedBy).toBe("grant");
    expect(pointer(suppose(expert, "input.pointer", "granted"))).toEqual({
      permit: "allow",
      removedBy: null,
    });
    expect(pointer(suppose(FIRST_SCENE, "input.pointer", "floorDeny")).removedBy).toBe("floor");
    expect(pointer({ ...FIRST_SCENE, token: false }).removedBy).toBe("token");
    expect(pointer({ ...FIRST_SCENE, mode: "observer" }).removedBy).toBe("mode");
  });

  it("takes a supposition back, and holds the newer of two that exclude each other", () => {
    const asked = suppose(FIRST_SCENE, "chat", "policyAsk");
    expect(suppose(asked, "chat", "policyDeny").supposed.chat).toEqual(["policyDeny"]);
    expect(suppose(asked, "chat", "policyAsk").supposed.chat).toEqual([]);
  });

  it("has the ceiling of each role, whatever is granted", () => {
    expect(ceilingOf("administrator", "external", "terminal.admin")).toEqual({
      permit: "never",
      removedBy: "role",
    });
    expect(ceilingOf("administrator", "lead", "terminal.admin").permit).toBe("elevated");
    expect(ceilingOf("demo", "lead", "screen.view").removedBy).toBe("mode");
  });
});
