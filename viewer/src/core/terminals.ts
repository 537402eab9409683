/** Whoever shows terminals hears what they say. */
import type { TerminalListener } from "./api";
import type { TerminalMessage } from "./session/passing";

export class Terminals {
  private readonly listeners = new Set<TerminalListener>();

  /** Listen; the answer ends it. */
  listen(listener: TerminalListener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** Tell everybody. */
  hear(message: TerminalMessage): void {
    for (const listener of [...this.listeners]) {
      if (message.t === "TerminalOpened") listener.opened(message.terminal, message.elevated);
      else if (message.t === "TerminalOutput") listener.output(message.terminal, message.data);
      else listener.closed(message.terminal, message.status ?? 0);
    }
  }
}
