import { describe, expect, it } from "vitest";

import { binary, pieces, side, sizeText, typed } from "../../../src/features/administration/bytes";
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
    expect(typed("ñ€")).toEqual([Uint8Array.of(0xc3, 0xb1, 0xe2, 0x82, 0xac)]);
    expect(typed("\u0003")).toEqual([Uint8Array.of(3)]);
    expect(binary("\u00ff\u0001")).toEqual([Uint8Array.of(255, 1)]);
    const cut = pieces(new Uint8Array(2 * MAX_TERMINAL_BYTES + 5));
    expect(cut.map((piece) => piece.length)).toEqual([MAX_TERMINAL_BYTES, MAX_TERMINAL_BYTES, 5]);
    expect(pieces(new Uint8Array(0))).toEqual([]);
  });

  it("has a size within the wire's bounds", () => {
    expect([side(0), side(Number.NaN), side(80.9), side(9999)]).toEqual([1, 1, 80, MAX_TERMINAL_SIDE]);
  });
});

describe("terminals", () => {
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
