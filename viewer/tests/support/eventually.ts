import { vi } from "vitest";

/** How long a test waits for what must come: long, as machines may be busy. No verdict hangs on it. */
export const PATIENCE_MS = 60_000;

/** Wait until the check no longer throws; its answer. */
export function eventually<T>(check: () => T): Promise<Awaited<T>> {
  return vi.waitFor(check, { timeout: PATIENCE_MS, interval: 5 }) as Promise<Awaited<T>>;
}
