/** A queue of one: work that awaits is done in the order in which it was asked for. */
export class InOrder {
  private tail: Promise<unknown> = Promise.resolve();

  /**
   * Run `work` when all earlier work has settled. Its result or failure is the caller's alone: the queue goes on.
   */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.tail.then(work);
    this.tail = result.catch(() => undefined);
    return result;
  }
}
