/** Something that the relay is asked for, and asked again after each change. */
import type { Observable } from "../../core/api";
import { Watched } from "../../core/observable";
import type { AccountFault, Answer } from "../account/api";

/** `value` stays as last known while the relay cannot be asked; `null` before the first answer. */
export interface AskedView<T> {
  readonly value: T | null;
  readonly fault: AccountFault | null;
}

export interface Asked<T> extends Observable<AskedView<T>> {
  again(): Promise<void>;
}

/** Nothing is asked yet. */
export function createAsked<T>(ask: () => Promise<Answer<T>>): Asked<T> {
  const view = new Watched<AskedView<T>>({ value: null, fault: null });
  let turn = 0;
  return {
    subscribe: view.subscribe,
    getSnapshot: view.getSnapshot,
    async again() {
      const mine = ++turn;
      const answer = await ask();
      if (mine !== turn) return;
      if (answer.ok) view.set({ value: answer.value, fault: null });
      else view.set({ value: view.getSnapshot().value, fault: answer.fault });
    },
  };
}
