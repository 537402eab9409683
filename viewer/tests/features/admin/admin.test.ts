import { afterEach, describe, expect, it, vi } from "vitest";

import { UNREACHABLE } from "../../../src/features/account/api";
import { fetchPeople, fetchPolicy } from "../../../src/features/admin/api";
import { createAsked } from "../../../src/features/admin/asked";
import { entriesOf, MAX_SHOWN_CHARS, shortText } from "../../../src/features/admin/read";
import {
  createRecordBook,
  EVERYTHING,
  fetchLines,
  type RecordLine,
  stillFresh,
} from "../../../src/features/admin/record";

const ID = "0123456789abcdef0123456789abcdef";
const answering = (body: unknown): unknown =>
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify(body))));
afterEach(() => vi.unstubAllGlobals());

describe("what the relay answers", () => {
  it("is cut where it is longer than anybody reads", () => {
    expect(shortText("w".repeat(100_000))).toHaveLength(MAX_SHOWN_CHARS + 1);
    expect(shortText(7)).toBe("");
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`n${String(at)}`, at]));
    expect(entriesOf(many)).toHaveLength(64);
  });

  it("reaches into no object of ours by a name", () => {
    const entries = entriesOf(JSON.parse('{"__proto__": "x", "constructor": {"a": 1}}'));
    expect(entries).toEqual([
      ["__proto__", "x"],
      ["constructor", "[object Object]"],
    ]);
  });

  it("is no person without an id that may stand in an address", async () => {
    answering({ people: [{ id: "../me", name: "x" }, { id: ID, name: "ana", standing: "god" }, null] });
    const answer = await fetchPeople();
    expect(answer).toMatchObject({
      ok: true,
      value: [{ id: ID, displayName: "ana", standing: "technician" }],
    });
    expect(answer.ok && answer.value).toHaveLength(1);
  });

  it("is no policy where it does not say who needs a second factor", async () => {
    answering({ policy: { second_factor: "nobody" } });
    expect(await fetchPolicy()).toEqual({ ok: false, fault: UNREACHABLE });
  });

  it("has only lines with a number", async () => {
    answering({ lines: [{ seq: 0 }, { seq: 1.5 }, { seq: 3, session: "x" }], before: -1 });
    expect(await fetchLines(EVERYTHING, null)).toMatchObject({
      value: { lines: [{ seq: 3, session: null }], before: null },
    });
  });

  it.each([
    [600, true],
    [10, false],
    ["600", false],
  ])("%s s of proof left is enough for a download: %s", async (left, enough) => {
    answering({ fresh_for_s: left, methods: ["totp", 7] });
    const answer = await stillFresh();
    expect(answer.ok).toBe(enough);
    if (!answer.ok) expect(answer.fault).toMatchObject({ code: "reauth_needed", methods: ["totp"] });
  });
});

describe("asking again", () => {
  it("keeps what is known while the relay is away, and the last answer counts", async () => {
    const waiting: ((value: number) => void)[] = [];
    const asked = createAsked(
      () =>
        new Promise<{ ok: true; value: number }>((go) => waiting.push((value) => go({ ok: true, value }))),
    );
    const [first, second] = [asked.again(), asked.again()];
    waiting[1]?.(2);
    waiting[0]?.(1);
    await Promise.all([first, second]);
    expect(asked.getSnapshot()).toEqual({ value: 2, fault: null });
    const broken = createAsked(() => Promise.resolve({ ok: false, fault: UNREACHABLE } as const));
    await broken.again();
    expect(broken.getSnapshot()).toEqual({ value: null, fault: UNREACHABLE });
  });
});

describe("the record's pages", () => {
  const line = (seq: number): RecordLine => ({
    seq,
    atS: 0,
    actor: "",
    actorName: "",
    action: "",
    session: null,
    cause: "",
    details: [],
    personal: [],
    erased: false,
    changed: false,
  });

  it("follow one another, and none is shown twice", async () => {
    const pages = [
      { lines: [line(9), line(8)], before: 8 },
      { lines: [line(8), line(7)], before: null },
    ];
    const wanted: (number | null)[] = [];
    const book = createRecordBook((_filter, before) => {
      wanted.push(before);
      return Promise.resolve({ ok: true, value: pages[wanted.length - 1] ?? { lines: [], before: null } });
    });
    await book.look(EVERYTHING);
    await book.more();
    await book.more();
    expect(wanted).toEqual([null, 8]);
    expect(book.getSnapshot().lines?.map(({ seq }) => seq)).toEqual([9, 8, 7]);
  });

  it("of an earlier question do not come into a later one's", async () => {
    const waiting: (() => void)[] = [];
    const book = createRecordBook(
      ({ actor }) =>
        new Promise((go) =>
          waiting.push(() => go({ ok: true, value: { lines: [line(actor === "" ? 1 : 2)], before: null } })),
        ),
    );
    const both = [book.look(EVERYTHING), book.look({ ...EVERYTHING, actor: ID })];
    for (const answer of waiting.reverse()) answer();
    await Promise.all(both);
    expect(book.getSnapshot().lines?.map(({ seq }) => seq)).toEqual([2]);
  });
});
