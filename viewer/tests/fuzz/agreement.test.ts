import { readFileSync, writeFileSync } from "node:fs";

import { expect, test, vi } from "vitest";

import { caseOf, targets, verdicts } from "./mutate";

vi.setConfig({ testTimeout: 3_600_000 });

interface Verdicts {
  readonly seed: number;
  readonly count: number;
  readonly verdicts: Readonly<Record<string, string>>;
}

/** A longer run (`make fuzz`) names its seed, how many, and where the verdicts go. */
const asked = process.env["RELEVO_FUZZ"];

test.skipIf(asked === undefined)("the verdicts of a longer run are written down", () => {
  const { seed, count, into } = JSON.parse(asked ?? "{}") as { seed: number; count: number; into: string };
  const found = Object.fromEntries(targets().map((one) => [one.name, verdicts(one, seed, count)]));
  writeFileSync(into, JSON.stringify({ seed, count, verdicts: found }));
});

test.skipIf(asked !== undefined).each(targets().map((one) => [one.name, one] as const))(
  "M1: %s is read as the Python side reads it, whatever spoils it",
  (name, target) => {
    const url = new URL("../../../tests/fuzz/verdicts.json", import.meta.url);
    const due = JSON.parse(readFileSync(url, "utf8")) as Verdicts;
    const ours = verdicts(target, due.seed, due.count);
    const theirs = due.verdicts[name] ?? "";
    const group = Array.from(ours).findIndex((four, at) => four !== theirs[at]);
    const odd = group < 0 ? [] : [0, 1, 2, 3].map((n) => caseOf(target, due.seed, group * 4 + n));
    expect(
      odd.map((body) => Buffer.from(body).toString("hex")),
      `one of these cases is read differently; Python says ${theirs[group]}, this side ${ours[group]}`,
    ).toEqual([]);
    expect(ours).toBe(theirs);
  },
);
