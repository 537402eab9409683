/** Order and search in what the PC lists. */
import type { Process, Service } from "../../protocol/generated";

export type ProcessColumn = "name" | "pid" | "user" | "cpu_percent" | "memory_bytes";

export interface Order {
  readonly by: ProcessColumn;
  readonly descending: boolean;
}

/** The order a column begins with: what is large is looked for first, what is text alphabetically. */
export function firstOrder(by: ProcessColumn): Order {
  return { by, descending: by === "cpu_percent" || by === "memory_bytes" };
}

/** The order after a click on a column's head. */
export function nextOrder(current: Order, by: ProcessColumn): Order {
  return current.by === by ? { by, descending: !current.descending } : firstOrder(by);
}

function folded(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

function compare(one: Process, other: Process, by: ProcessColumn): number {
  const [a, b] = [one[by], other[by]];
  if (typeof a === "string" || typeof b === "string") return String(a).localeCompare(String(b));
  return a - b;
}

/** Processes with this in name, user or number, in this order; equals by number, so that nothing flickers. */
export function listedProcesses(all: readonly Process[], wanted: string, order: Order): readonly Process[] {
  const needle = folded(wanted.trim());
  const found = all.filter((one) => folded(`${one.name}\n${one.user}\n${one.pid}`).includes(needle));
  const sign = order.descending ? -1 : 1;
  return found.sort((one, other) => sign * compare(one, other, order.by) || one.pid - other.pid);
}

/** Services with this in name or description, by name. */
export function listedServices(all: readonly Service[], wanted: string): readonly Service[] {
  const needle = folded(wanted.trim());
  const found = all.filter((one) => folded(`${one.name}\n${one.description}`).includes(needle));
  return found.sort((one, other) => one.name.localeCompare(other.name));
}
