import { useCallback, useSyncExternalStore } from "react";

const TICK_MS = 250;

/** Whole seconds until a moment (ms, `Date.now()`), counted down; `null` without a moment. */
export function useSecondsLeft(deadline: number | null): number | null {
  const subscribe = useCallback(
    (listener: () => void) => {
      if (deadline === null) return () => undefined;
      const tick = setInterval(listener, TICK_MS);
      return () => clearInterval(tick);
    },
    [deadline],
  );
  // Read anew at every rendering: a moment that has just come must not be counted from an older look at the clock.
  return useSyncExternalStore(subscribe, () =>
    deadline === null ? null : Math.max(0, Math.ceil((deadline - Date.now()) / 1000)),
  );
}
