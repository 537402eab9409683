import { expect, it } from "vitest";

import { grantable, uselessBy } from "../../src/features/team/people";
import { live } from "../fakes/session";

const group = (name: string) => {
  const found = grantable("expert").find((one) => one.name === name);
  if (found === undefined) throw new Error(`no toggle ${name}`);
  return found;
};
const GONE = { permit: "never", removed_by: "platform" } as const;

it("G6: a toggle that changes nothing now says whether the mode or the PC is the reason", () => {
  const rights = { "clipboard.to_customer": GONE, "clipboard.from_customer": GONE } as const;
  expect(uselessBy(group("clipboard"), live("shared", { rights }))).toBe("platform");
  expect(uselessBy(group("clipboard"), live("observer", { rights }))).toBe("mode");
  const one = { "clipboard.to_customer": GONE } as const;
  expect(uselessBy(group("clipboard"), live("shared", { rights: one }))).toBeNull();
});
