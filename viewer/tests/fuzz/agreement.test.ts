import { describe, expect, test } from "vitest";

import { json } from "./files";
import { caseOf, seeded, signs } from "./mutate";
import { targets } from "./readers";

interface Verdicts {
  readonly seed: number;
  readonly signs: Readonly<Record<string, string>>;
}
interface Kept {
  readonly target: string;
  readonly hex: string;
  readonly sign: string;
  readonly why: string;
}

const due = json("tests/fuzz/verdicts.json") as Verdicts;
const corpus = json("tests/fuzz/corpus.json") as readonly Kept[];
const known = await targets();
const hexOf = (body: Uint8Array): string => Buffer.from(body).toString("hex");

describe("X8: whatever spoils it, it is read as the Python side reads it", () => {
  test("the numbers are those of the other language", () => {
    const below = seeded(1);
    expect([1, 2, 3, 4, 5].map(() => below(1000))).toEqual([627, 2, 527, 981, 968]);
  });

  test("both have the same targets", () => {
    expect(Array.from(known.keys())).toEqual(Object.keys(due.signs));
  });

  test.each(Array.from(known.values(), (one) => [one.name, one] as const))("%s", async (name, target) => {
    const theirs = due.signs[name] ?? "";
    const ours = await signs(target, due.seed, 0, theirs.length);
    const odd = Array.from(ours).findIndex((sign, n) => sign !== theirs[n]);
    const told = `case ${odd}: Python says ${theirs[odd] ?? ""}, this side ${ours[odd] ?? ""}`;
    expect(odd < 0 ? "" : hexOf(caseOf(target, due.seed, odd)), told).toBe("");
  });

  test.each(corpus.map((one) => [one.why, one] as const))("kept: %s", async (_, { target, hex, sign }) => {
    expect(await known.get(target)?.read(new Uint8Array(Buffer.from(hex, "hex")))).toBe(sign);
  });
});
