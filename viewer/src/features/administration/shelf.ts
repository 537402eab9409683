/** The terminals of a session, in the order they were opened. A number is used again once its terminal has ended. */
import type { Observable, TerminalListener } from "../../core/api";
import { Watched } from "../../core/observable";
import { MAX_TERMINALS } from "../../protocol/generated";

/** One terminal; `status` is set when it has ended. `key` tells it from an earlier one with the same number. */
export interface OpenTerminal {
  readonly key: number;
  readonly terminal: number;
  readonly elevated: boolean;
  readonly status: number | null;
  readonly output: OutputQueue;
}

const KEPT_BYTES = 1 << 20;
/** Terminals that have ended, kept to be read: as many as can be open. */
const KEPT_ENDED = MAX_TERMINALS;

/** Output on its way to whoever shows it; what comes before is kept, the oldest goes first. */
export class OutputQueue {
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #reader: ((data: Uint8Array) => void) | null = null;

  push(data: Uint8Array): void {
    if (this.#reader !== null) {
      this.#reader(data);
      return;
    }
    this.#waiting.push(data);
    this.#bytes += data.length;
    while (this.#bytes > KEPT_BYTES) this.#bytes -= this.#waiting.shift()?.length ?? 0;
  }

  /** Hand over what has waited, and then everything as it comes; the answer stops it. */
  read(reader: (data: Uint8Array) => void): () => void {
    this.#reader = reader;
    for (const data of this.#waiting) reader(data);
    this.#waiting = [];
    this.#bytes = 0;
    return () => {
      if (this.#reader === reader) this.#reader = null;
    };
  }
}

function asEnded(one: OpenTerminal): OpenTerminal {
  return one.status === null ? { ...one, status: -1 } : one;
}

/** Keeps the terminals apart and their output in order. */
export class TerminalShelf implements Observable<readonly OpenTerminal[]>, TerminalListener {
  readonly #list = new Watched<readonly OpenTerminal[]>([]);
  #next = 1;

  readonly subscribe = this.#list.subscribe;
  readonly getSnapshot = this.#list.getSnapshot;

  readonly opened = (terminal: number, elevated: boolean): void => {
    const opened = { key: this.#next, terminal, elevated, status: null, output: new OutputQueue() };
    this.#next += 1;
    // A number that is opened again has lost its terminal without a word.
    const before = this.getSnapshot().map((one) => (one.terminal === terminal ? asEnded(one) : one));
    const gone = before.filter((one) => one.status !== null).slice(0, -KEPT_ENDED);
    this.#list.set([...before.filter((one) => !gone.includes(one)), opened]);
  };

  readonly output = (terminal: number, data: Uint8Array): void => {
    this.#alive(terminal)?.output.push(data);
  };

  readonly closed = (terminal: number, status: number): void => {
    const ended = this.#alive(terminal);
    if (ended === undefined) return;
    this.#list.set(this.getSnapshot().map((one) => (one === ended ? { ...one, status } : one)));
  };

  /** The PC restarts: whatever ran there is gone, though nobody is left to say so. */
  endAll(): void {
    this.#list.set(this.getSnapshot().map(asEnded));
  }

  /** Take a terminal off the shelf. */
  forget(key: number): void {
    this.#list.set(this.getSnapshot().filter((one) => one.key !== key));
  }

  #alive(terminal: number): OpenTerminal | undefined {
    return this.getSnapshot().find((one) => one.terminal === terminal && one.status === null);
  }
}
