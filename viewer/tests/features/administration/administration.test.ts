import { afterEach, describe, expect, it, vi } from "vitest";

import { binary, pieces, side, sizeText, Typing, typed } from "../../../src/features/administration/bytes";
import { TerminalShelf } from "../../../src/features/administration/shelf";
import {
  firstOrder,
  listedProcesses,
  listedServices,
  nextOrder,
} from "../../../src/features/administration/tables";
import type { Process } from "../../../src/protocol/generated";
import { MAX_TERMINAL_BYTES, MAX_TERMINAL_SIDE } from "../../../src/protocol/generated";

const process = (pid: number, name: string, cpu_percent: number): Process => ({
  pid,
  started_ms: 1,
  name,
  user: pid === 1 ? "root" : "carmen",
  cpu_percent,
  memory_bytes: pid,
});
const ALL = [process(3, "b", 1), process(1, "Ñandú", 5), process(2, "a", 5)];
afterEach(() => vi.useRealTimers());

const pids = (list: readonly Process[]): readonly number[] => list.map((one) => one.pid);

describe("processes", () => {
  it("are ordered by a column, equals by their number, and turned round by a second click", () => {
    const order = firstOrder("cpu_percent");
    expect(pids(listedProcesses(ALL, "", order))).toEqual([1, 2, 3]);
    expect(pids(listedProcesses(ALL, "", nextOrder(order, "cpu_percent")))).toEqual([3, 1, 2]);
    expect(nextOrder(order, "name")).toEqual({ by: "name", descending: false });
  });

  it("are found by name, user and number, accents or not", () => {
    expect(pids(listedProcesses(ALL, "nandu", firstOrder("pid")))).toEqual([1]);
    expect(pids(listedProcesses(ALL, "carmen", firstOrder("pid")))).toEqual([2, 3]);
    expect(pids(listedProcesses(ALL, " 3 ", firstOrder("pid")))).toEqual([3]);
    expect(
      listedServices([{ name: "cups", description: "Printing", running: true, changeable: true }], "print"),
    ).toHaveLength(1);
  });
});

describe("what goes into a terminal", () => {
  it("is UTF-8 in pieces that the wire takes", () => {
    expect(typed("ñ€")).toEqual(Uint8Array.of(0xc3, 0xb1, 0xe2, 0x82, 0xac));
    expect(typed("\u0003")).toEqual(Uint8Array.of(3));
    expect(binary("\u00ff\u0001")).toEqual(Uint8Array.of(255, 1));
    const cut = pieces(new Uint8Array(2 * MAX_TERMINAL_BYTES + 5));
    expect(cut.map((piece) => piece.length)).toEqual([MAX_TERMINAL_BYTES, MAX_TERMINAL_BYTES, 5]);
    expect(pieces(new Uint8Array(0))).toEqual([]);
  });

  it("R10: thousands of answers to a flood of questions are a few messages, and bounded", () => {
    vi.useFakeTimers();
    const sent: Uint8Array[] = [];
    const typing = new Typing((data) => sent.push(data));
    for (let i = 0; i < 5000; i += 1) typing.add(typed("\u001b[1;1R"));
    expect(sent).toEqual([]);
    vi.runAllTimers();
    expect(sent.reduce((sum, { length }) => sum + length, 0)).toBe(30_000);
    expect(sent.length).toBeLessThan(30);
    for (let i = 0; i < 400; i += 1) typing.add(new Uint8Array(8192));
    vi.runAllTimers();
    expect(sent.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(30_000 + 2 ** 20 + 1);
    typing.add(typed("l"));
    typing.add(typed("s"));
    vi.runAllTimers();
    expect(sent.at(-1)).toEqual(typed("ls"));
  });

  it("has a size within the wire's bounds", () => {
    expect([side(0), side(Number.NaN), side(80.9), side(9999)]).toEqual([1, 1, 80, MAX_TERMINAL_SIDE]);
  });
});

describe("terminals", () => {
  it("opened again and again by a host are never more than four open and four ended", () => {
    const shelf = new TerminalShelf();
    for (let i = 0; i < 40; i += 1) shelf.opened(1 + (i % 4), false);
    const list = shelf.getSnapshot();
    expect(list.filter(({ status }) => status === null).map(({ key }) => key)).toEqual([37, 38, 39, 40]);
    expect(list.filter(({ status }) => status !== null)).toHaveLength(4);
    shelf.output(1, Uint8Array.of(7));
    const heard: Uint8Array[] = [];
    list.find(({ key }) => key === 37)?.output.read((data) => heard.push(data));
    expect(heard).toEqual([Uint8Array.of(7)]);
  });

  it("keep what was said before anybody looked, in order", () => {
    const shelf = new TerminalShelf();
    shelf.opened(1, false);
    shelf.output(1, Uint8Array.of(1));
    shelf.output(1, Uint8Array.of(2));
    const heard: number[] = [];
    const stop = shelf.getSnapshot()[0]?.output.read((data) => heard.push(...data));
    shelf.output(1, Uint8Array.of(3));
    stop?.();
    expect(heard).toEqual([1, 2, 3]);
  });

  it("tell an ended one from the next with the same number", () => {
    const shelf = new TerminalShelf();
    shelf.opened(1, false);
    shelf.closed(1, 130);
    shelf.closed(1, 0);
    shelf.opened(1, true);
    expect(shelf.getSnapshot().map((one) => [one.terminal, one.elevated, one.status])).toEqual([
      [1, false, 130],
      [1, true, null],
    ]);
    const [first] = shelf.getSnapshot();
    shelf.forget(first?.key ?? 0);
    expect(shelf.getSnapshot().map((one) => one.elevated)).toEqual([true]);
  });
});

describe("sizes", () => {
  it("are read in the person's language", () => {
    expect(sizeText(16_600_000_000, "es")).toMatch(/^16,6\sGB$/u);
    expect(sizeText(0, "en")).toMatch(/^0 byte/u);
    expect(sizeText(999, "en")).toMatch(/^999 byte/u);
  });
});
