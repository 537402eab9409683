import { describe, expect, test } from "vitest";

import {
  type Act,
  ACTS,
  CAPABILITIES,
  type Capability,
  MODES,
  type Mode,
  type Policy,
  type Role,
  ROLES,
} from "../../src/protocol/generated";
import { effectiveRight, mayAct, mayShow, mayWhisper, type Right } from "../../src/protocol/rights";
import { vectors } from "../support/vectors";

interface Grid {
  readonly circumstances: readonly string[];
  readonly acts: Readonly<Record<Act, readonly Role[]>>;
  readonly whispers: readonly (readonly [Role, Role])[];
  readonly rights: Readonly<
    Record<Mode, Readonly<Record<Role, Readonly<Record<Capability, readonly string[]>>>>>
  >;
}

interface Case {
  readonly capability: Capability;
  readonly mode: Mode;
  readonly role: Role;
  readonly policy: Policy;
  readonly granted: boolean;
  readonly refused: boolean;
  readonly consented: boolean;
  readonly floor: Policy;
  readonly unavailable: boolean;
  readonly admin_tools: boolean;
  readonly token: boolean;
  readonly permit: string;
  readonly removed_by: string | null;
}

const grid = vectors("rights/grid") as Grid;
const cases = vectors("rights/cases") as readonly Case[];

const told = ({ permit, removedBy }: Right): string =>
  removedBy === null ? permit : `${permit} ${removedBy}`;

describe("rights", () => {
  test.each(MODES.flatMap((mode) => ROLES.map((role) => [mode, role] as const)))(
    "R1 R5: %s, %s: every cell is the host's",
    (mode, role) => {
      for (const capability of CAPABILITIES) {
        const answers = grid.circumstances.map((name) => {
          const adminTools = name !== "bare";
          const granted = adminTools ? CAPABILITIES : [];
          const consented = name === "open" ? CAPABILITIES : [];
          return told(effectiveRight(capability, { mode, role, granted, consented, adminTools }));
        });
        expect(answers, capability).toEqual(grid.rights[mode][role][capability]);
      }
    },
  );

  test("R4 R5: every factor, in circumstances drawn by lot", () => {
    expect(cases.length).toBeGreaterThan(200);
    for (const given of cases) {
      const { capability, mode, role, token } = given;
      const only = (named: boolean): readonly Capability[] => (named ? [capability] : []);
      const right = effectiveRight(capability, {
        mode,
        role,
        policy: { [capability]: given.policy },
        granted: only(given.granted),
        refused: only(given.refused),
        consented: only(given.consented),
        floor: { [capability]: given.floor },
        unavailable: only(given.unavailable),
        adminTools: given.admin_tools,
        token,
      });
      expect({ permit: right.permit, removed_by: right.removedBy }, JSON.stringify(given)).toEqual({
        permit: given.permit,
        removed_by: given.removed_by,
      });
    }
  });

  test("G5: who may do what", () => {
    for (const act of ACTS) {
      expect(
        ROLES.filter((role) => mayAct(act, role)),
        act,
      ).toEqual(grid.acts[act]);
    }
  });

  test("T4: who hears whose whispers", () => {
    const pairs = ROLES.flatMap((one) => ROLES.map((other) => [one, other] as const));
    expect(pairs.filter(([one, other]) => mayWhisper(one, other))).toEqual(grid.whispers);
  });

  test("C22 G13: nobody captures a customer's PC in a demo", () => {
    expect(MODES.filter((mode) => mayShow("support", mode))).toEqual([
      "observer",
      "shared",
      "full",
      "administrator",
    ]);
    expect(MODES.filter((mode) => mayShow("presentation", mode))).toEqual(["demo"]);
  });
});
