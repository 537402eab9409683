/** What every part of the session's machine does: change the view, and note what is to be done. */
import type { SessionView } from "../api";
import type { ViewerToHost } from "../../protocol/generated";
import type { Action } from "./actions";
import { startView } from "./view";

export abstract class Script {
  protected shown: SessionView = startView();
  protected out: Action[] = [];

  /** What is to be shown; another object whenever something changed. */
  get view(): SessionView {
    return this.shown;
  }

  protected tell(message: ViewerToHost): void {
    this.out.push({ do: "tell", message });
  }

  protected show(patch: Partial<SessionView>): void {
    if (Object.keys(patch).length > 0) this.shown = { ...this.shown, ...patch };
  }

  /** All that was noted, in its order. */
  protected taken(): Action[] {
    const { out } = this;
    this.out = [];
    return out;
  }
}
