import { describe, expect, it } from "vitest";

import { parseInvitation, type Shelf, takeInvitation } from "../../src/features/guest/link";
import { guestName } from "../../src/features/guest/name";
import { fromBase64url, toBase64url } from "../../src/protocol/base64url";

const INVITE = toBase64url(Uint8Array.from({ length: 16 }, (_, i) => 250 - i));
const SECRET = toBase64url(Uint8Array.from({ length: 32 }, (_, i) => 8 * i));

describe("base64url", () => {
  it("is without padding, and one text for some bytes only", () => {
    expect(toBase64url(Uint8Array.of(255, 239))).toBe("_-8");
    expect(fromBase64url("_-8", 2)).toEqual(Uint8Array.of(255, 239));
    for (const other of ["_-9", "_-8=", "_-", "/+8", "_-8A", "_ 8"])
      expect(fromBase64url(other, 2)).toBeNull();
  });
});

describe("an invitation's link", () => {
  it("has two whole halves", () => {
    expect(parseInvitation(`#i=${INVITE}.${SECRET}`)).toEqual({ invite: INVITE, secret: SECRET });
  });

  it.each([" ", ".", "%20", ")", "».\n", "\u200b"])("has nothing to do with %j behind it", (tail) => {
    expect(parseInvitation(`#i=${INVITE}.${SECRET}${tail}`)).toEqual({ invite: INVITE, secret: SECRET });
  });

  it.each([
    "",
    "#",
    "#i=",
    `#i=${INVITE}`,
    `#i=${INVITE}.`,
    `#i=${INVITE}.${SECRET}.x`,
    `#i=${INVITE}.${SECRET.slice(0, -1)}`,
    `#i=${INVITE}.${SECRET}A`,
    `#i=${SECRET}.${INVITE}`,
  ])("%j is none", (hash) => expect(parseInvitation(hash)).toBeNull());

  it("is taken out of the address before anything else, and tells what it leads to", () => {
    const replaced: unknown[] = [];
    const history = { replaceState: (...args: unknown[]) => replaced.push(args) } as unknown as History;
    const at = (pathname: string, hash: string): Location => ({ pathname, hash }) as Location;
    expect(takeInvitation(at("/join", `#i=${INVITE}.${SECRET}`), history, null)).toEqual({
      kind: "session",
      invitation: { invite: INVITE, secret: SECRET },
    });
    expect(takeInvitation(at("/demo", "#i=cut"), history, null)).toEqual({
      kind: "presentation",
      invitation: null,
    });
    expect(replaced).toEqual([
      [null, "", "/join"],
      [null, "", "/demo"],
    ]);
    expect(takeInvitation(at("/go", `#i=${INVITE}.${SECRET}`), history, null)).toBeNull();
    expect(replaced).toHaveLength(2);
  });

  it("is still there when the page is loaded anew, on its own page alone", () => {
    const kept = new Map<string, string>();
    const shelf: Shelf = {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
    };
    const history = { replaceState: () => undefined } as unknown as History;
    const open = (pathname: string, hash: string, on: Shelf = shelf) =>
      takeInvitation({ pathname, hash } as Location, history, on)?.invitation;
    const whole = { invite: INVITE, secret: SECRET };
    expect(open("/demo", "")).toBeNull();
    expect(open("/demo", `#i=${INVITE}.${SECRET}.`)).toEqual(whole);
    expect(open("/demo", "")).toEqual(whole);
    expect(open("/join", "")).toBeNull();
    expect(open("/demo", "#i=cut")).toBeNull();
    const full: Shelf = {
      getItem: () => null,
      setItem: () => {
        throw new DOMException("full", "QuotaExceededError");
      },
    };
    expect(open("/demo", `#i=${INVITE}.${SECRET}`, full)).toEqual(whole);
  });
});

describe("a guest's name", () => {
  it("is one inert line of at most sixty characters", () => {
    expect(guestName("  Ana\t María \n")).toBe("Ana María");
    expect(guestName("Ana\u202e\u0007")).toBe("Ana");
    expect(guestName(" \u200e ")).toBe("");
    expect(guestName("x".repeat(90))).toHaveLength(60);
    expect(guestName(`${"x".repeat(59)}👍👍`)).toBe(`${"x".repeat(59)}👍`);
  });
});
