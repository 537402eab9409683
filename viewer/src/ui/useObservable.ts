import { useSyncExternalStore } from "react";

import type { Observable } from "../core/api";

/** The value of an observable, following its changes. */
export function useObservable<T>(source: Observable<T>): T {
  return useSyncExternalStore(
    (listener) => source.subscribe(listener),
    () => source.getSnapshot(),
  );
}
