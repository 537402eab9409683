import { describe, expect, it } from "vitest";

import { caretAfter, digitsOf, grouped, isWhole } from "../../src/features/join/code";
import { parseLink, takeLink } from "../../src/features/join/link";

describe("code", () => {
  it.each([
    "482913705146",
    "482 913 705 146",
    "482.913.705.146",
    "482913 · 705146",
    " 482-913—705–146\n",
    "482\u00a0913\u202f705\u2009146",
    "Código: 482 913 705 146",
    "４８２ ９１３ ７０５ １４６",
    "٤٨٢ ٩١٣ ٧٠٥ ١٤٦",
  ])("reads %j", (typed) => {
    expect(digitsOf(typed)).toBe("482913705146");
  });

  it("groups in threes, whole or not", () => {
    expect(grouped("482913705146")).toBe("482 913 705 146");
    expect(grouped("4829")).toBe("482 9");
    expect(grouped("")).toBe("");
  });

  it("keeps the caret behind the digit just typed", () => {
    expect([0, 1, 3, 4, 12].map(caretAfter)).toEqual([0, 1, 3, 5, 15]);
  });

  it("knows a whole code", () => {
    expect(isWhole("48291370514")).toBe(false);
    expect(isWhole("482913705146")).toBe(true);
  });
});

describe("link", () => {
  const token = "t".repeat(43);

  it("reads token, code and mode", () => {
    expect(parseLink(`#t=${token}&code=482913705146&mode=full`)).toEqual({
      token,
      code: "482913705146",
      mode: "full",
    });
  });

  it.each(["demo", "", "FULL", "nonsense"])("asks to observe where the mode is %j", (mode) => {
    expect(parseLink(`#code=482913705146&mode=${mode}`)?.mode).toBe("observer");
  });

  it("takes malformed fields as absent", () => {
    expect(parseLink("#t=short&code=482913705146")).toEqual({
      token: null,
      code: "482913705146",
      mode: "observer",
    });
    expect(parseLink(`#t=${token}&code=48291`)).toEqual({ token, code: null, mode: "observer" });
    expect(parseLink(`#t=${"x".repeat(129)}`)).toBeNull();
    expect(parseLink("")).toBeNull();
  });

  it("wipes the fragment before it answers, and leaves other addresses alone", () => {
    const replaced: unknown[] = [];
    const history = { replaceState: (...args: unknown[]) => replaced.push(args) } as unknown as History;
    const link = takeLink({ pathname: "/go", hash: `#t=${token}` } as Location, history);
    expect(link?.token).toBe(token);
    expect(replaced).toEqual([[null, "", "/"]]);
    expect(takeLink({ pathname: "/", hash: `#t=${token}` } as Location, history)).toBeNull();
    expect(replaced).toHaveLength(1);
  });
});
