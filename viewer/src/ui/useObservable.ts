import { useSyncExternalStore } from "react";

import type { Observable } from "../core/api";

/** The value of an observable, following its changes. */
export function useObservable<T>(source: Observable<T>): T {
  return useSelected(source, (value) => value);
}

/** A part of an observable's value, following that part's changes alone; `select` gives the same for the same. */
export function useSelected<T, S>(source: Observable<T>, select: (value: T) => S): S {
  return useSyncExternalStore(
    (listener) => source.subscribe(listener),
    () => select(source.getSnapshot()),
  );
}
