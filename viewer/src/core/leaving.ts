/** Sessions that are over for the person here, while their workers still tell the relay so (SPEC C30). */

/** The parts of a `Worker` that are used; it says `finished` once it owes nothing, or nobody waits for it any more. */
type LeavingPort = Pick<Worker, "postMessage" | "terminate" | "onmessage" | "onerror">;

export class Leaving {
  private readonly ports = new Set<LeavingPort>();

  /** Let go of a worker that was told to end: it goes by itself, whatever is begun meanwhile. */
  add(port: LeavingPort): void {
    this.ports.add(port);
    const end = (): void => {
      this.ports.delete(port);
      port.onmessage = port.onerror = null;
      port.terminate();
    };
    port.onmessage = ({ data }: MessageEvent<{ readonly t: string }>) => {
      if (data.t === "finished") end();
    };
    port.onerror = end;
  }

  /** The network may be there again: do not wait for the next try. */
  nudge(): void {
    for (const port of this.ports) port.postMessage({ t: "nudge" });
  }
}
