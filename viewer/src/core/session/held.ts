/** Whether anything is held down on the other side, as far as this side has said it: the host lets go in silence (SPEC P4). */
import type { ViewerToHost } from "../../protocol/generated";

export class Held {
  private readonly down = new Set<string>();

  /** This goes out. */
  said(message: ViewerToHost): void {
    if (message.t === "KeyPress") this.set(message.code, message.down);
    else if (message.t === "PointerButton") this.set(`button ${message.button}`, message.down);
    else if (message.t === "ReleaseAll") this.forget();
  }

  /** The line was cut, and the host has let go. */
  forget(): void {
    this.down.clear();
  }

  get any(): boolean {
    return this.down.size > 0;
  }

  private set(what: string, down: boolean): void {
    if (down) this.down.add(what);
    else this.down.delete(what);
  }
}
