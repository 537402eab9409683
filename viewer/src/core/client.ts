/** The main thread's end of a session: starts the worker, draws what it sends, passes on what the interface says. */
import type { CreateSessionClient, Failure, Outgoing, SessionClient, SessionView } from "./api";
import { CODE_DIGITS, type Mode, type Quality } from "../protocol/generated";
import { Cursor } from "./cursor";
import type { Drawing } from "./display/ops";
import { Painter } from "./display/painter";
import { Watched } from "./observable";
import type { FromWorker, ToWorker } from "./port";
import { endedView, failureOf, IDLE_VIEW, startView } from "./session/view";
import { fetchTicket, type TicketAnswer } from "./tickets";

const CODE = new RegExp(`^[0-9]{${2 * CODE_DIGITS}}$`);

/** The parts of a `Worker` that are used. */
export type WorkerPort = Pick<Worker, "postMessage" | "terminate" | "onmessage" | "onerror">;

/** What a client needs of the page; parameters, so that a test can be all of it. */
export interface Page {
  readonly startWorker: () => WorkerPort;
  readonly fetchTicket: (routing: string) => Promise<TicketAnswer>;
  readonly socketUrl: () => string;
  readonly painter: Pick<Painter, "attach" | "draw" | "clear">;
  /** Call back when the network or the person is back. */
  readonly onReturn: (listener: () => void) => void;
}

interface JoinRequest {
  readonly code: string;
  readonly mode: Mode;
}

export class Client implements SessionClient {
  readonly cursor = new Cursor();
  private readonly shown = new Watched<SessionView>(IDLE_VIEW);
  private worker: WorkerPort | null = null;
  private quality: Quality = "auto";
  private settle: (() => void) | null = null;
  private attempt = 0;

  constructor(private readonly page: Page) {
    page.onReturn(() => this.post({ t: "nudge" }));
  }

  readonly subscribe = (listener: () => void): (() => void) => this.shown.subscribe(listener);

  readonly getSnapshot = (): SessionView => this.shown.getSnapshot();

  async join({ code, mode }: JoinRequest): Promise<void> {
    const { phase } = this.getSnapshot();
    if (phase !== "idle" && phase !== "ended") return;
    this.attempt += 1;
    const { attempt } = this;
    this.quit();
    this.page.painter.clear();
    this.shown.set(startView());
    if (!CODE.test(code)) {
      this.fail({ code: "code_wrong" });
      return;
    }
    const answer = await this.page.fetchTicket(code.slice(0, CODE_DIGITS));
    if (attempt !== this.attempt || this.getSnapshot().phase !== "ticket") return;
    if (!answer.ok) {
      this.fail(answer.failure);
      return;
    }
    await this.start(answer.ticket, code.slice(CODE_DIGITS), mode);
  }

  attachCanvas(canvas: HTMLCanvasElement): () => void {
    return this.page.painter.attach(canvas);
  }

  send(message: Outgoing): void {
    if (this.getSnapshot().phase === "live") this.post({ t: "send", message });
  }

  requestMode(mode: Mode): void {
    this.post({ t: "mode", mode });
  }

  setQuality(quality: Quality): void {
    this.quality = quality;
    this.post({ t: "quality", quality });
  }

  leave(): void {
    const { phase } = this.getSnapshot();
    if (phase === "idle" || phase === "ended") return;
    this.leaveBecause(null);
  }

  /** Say goodbye and show the end; the worker says when it has gone. */
  private leaveBecause(failure: Failure | null): void {
    this.post({ t: "leave" });
    this.shown.set(endedView(this.getSnapshot(), failure));
    this.over();
  }

  private start(ticket: string, digits: string, mode: Mode): Promise<void> {
    const worker = this.page.startWorker();
    this.worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (this.worker === worker) this.receive(data);
    };
    worker.onerror = (event) => {
      if (this.worker === worker) this.fail({ code: "internal", detail: event.message });
    };
    const { quality } = this;
    this.post({ t: "join", url: this.page.socketUrl(), ticket, digits, mode, quality });
    return new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  private receive(message: FromWorker): void {
    switch (message.t) {
      case "view":
        this.look(message.view);
        return;
      case "drawing":
        this.draw(message.drawing);
        return;
      case "finished":
        this.quit();
    }
  }

  private look(view: SessionView): void {
    // This side has left already: what the worker still says is of the past.
    if (this.getSnapshot().phase === "ended") return;
    this.shown.set(view);
    if (view.phase === "live") this.settled();
    if (view.phase === "ended") this.over();
  }

  private draw(drawing: Drawing): void {
    try {
      this.page.painter.draw(drawing);
    } catch (error) {
      // A canvas beyond what this browser can hold, say: without an end and a reason the picture would just stand still.
      this.leaveBecause(failureOf(error));
      return;
    }
    this.cursor.take(drawing);
    this.post({ t: "drawn", frameId: drawing.frameId });
  }

  private fail(failure: Failure): void {
    this.shown.set(endedView(this.getSnapshot(), failure));
    this.over();
    this.quit();
  }

  private over(): void {
    this.cursor.clear();
    this.settled();
  }

  private settled(): void {
    this.settle?.();
    this.settle = null;
  }

  private quit(): void {
    const { worker } = this;
    this.worker = null;
    if (worker === null) return;
    worker.onmessage = worker.onerror = null;
    worker.terminate();
  }

  private post(message: ToWorker): void {
    this.worker?.postMessage(message);
  }
}

function socketUrl(): string {
  const url = new URL("/ws/viewer", window.location.href);
  url.protocol = url.protocol === "http:" ? "ws:" : "wss:";
  url.search = url.hash = "";
  return url.href;
}

function onReturn(listener: () => void): void {
  window.addEventListener("online", listener);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") listener();
  });
}

/** The session client of this page. */
export const createSessionClient: CreateSessionClient = () =>
  new Client({
    startWorker: () =>
      new Worker(new URL("./worker/main.ts", import.meta.url), { type: "module", name: "relevo-session" }),
    fetchTicket,
    socketUrl,
    painter: new Painter(() => document.createElement("canvas")),
    onReturn,
  });
