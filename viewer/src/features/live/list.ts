/** The list of live sessions, asked for anew every few seconds while somebody looks at it. */
import type { Observable } from "../../core/api";
import { Watched } from "../../core/observable";
import type { AccountFault, Answer } from "../account/api";
import type { LiveSession } from "./api";

const EVERY_MS = 4000;

/** `sessions` stays as it was last known while the relay cannot be asked; `null` before the first answer. */
export interface LiveView {
  readonly sessions: readonly LiveSession[] | null;
  readonly fault: AccountFault | null;
}

/** Parameters, so that a test can be all of it. */
export interface LiveSurroundings {
  readonly fetchLive: () => Promise<Answer<readonly LiveSession[]>>;
  readonly visible: () => boolean;
  /** Call back when the page is looked at again. */
  readonly onVisible: (listener: () => void) => () => void;
}

export interface LiveList extends Observable<LiveView> {
  /** Begin to ask; the answer ends it. */
  follow(): () => void;
}

/** A list that nobody follows yet. */
export function createLiveList(around: LiveSurroundings): LiveList {
  const view = new Watched<LiveView>({ sessions: null, fault: null });

  function follow(): () => void {
    const following = { over: false, asking: false };
    const isOver = (): boolean => following.over;
    async function ask(): Promise<void> {
      if (isOver() || following.asking || !around.visible()) return;
      following.asking = true;
      const answer = await around.fetchLive();
      following.asking = false;
      if (isOver()) return;
      if (answer.ok) view.set({ sessions: answer.value, fault: null });
      else view.set({ sessions: view.getSnapshot().sessions, fault: answer.fault });
    }
    void ask();
    const timer = setInterval(() => void ask(), EVERY_MS);
    const seen = around.onVisible(() => void ask());
    return () => {
      following.over = true;
      clearInterval(timer);
      seen();
    };
  }

  return { subscribe: view.subscribe, getSnapshot: view.getSnapshot, follow };
}
