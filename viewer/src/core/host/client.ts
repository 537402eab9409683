/** The page's end of a host's session: chooses the screen, starts the worker, shows what it says. */
import type { MarksView } from "../api";
import type { SessionKind } from "../../protocol/generated";
import { Leaving } from "../leaving";
import { Watched } from "../observable";
import { socketUrl } from "../socket_url";
import type { CreateHostClient, HostClient, HostView } from "./api";
import { canShowScreen, Capture, type Choice, chooseScreen, type Port } from "./capture";
import type { FromHost, ToHost } from "./port";
import { fetchPresentation, type PresentationAnswer } from "./ticket";
import { idleView } from "./view";

const NO_MARKS: MarksView = { lasers: {}, strokes: [] };

/** The parts of a `Worker` that are used. */
export type HostPort = Port & Pick<Worker, "terminate" | "onmessage" | "onerror">;

/** What the client needs of the page; parameters, so that a test can be all of it. */
export interface HostPage {
  readonly startWorker: () => HostPort;
  readonly canShowScreen: () => boolean;
  readonly chooseScreen: () => Promise<MediaStream | Exclude<Choice, "chosen">>;
  readonly fetchPresentation: () => Promise<PresentationAnswer>;
  readonly socketUrl: () => string;
  /** Call back when the network is back. */
  readonly onReturn: (listener: () => void) => void;
  /** Call back when the page is closed or loaded anew. */
  readonly onClose: (listener: () => void) => void;
}

export class Host implements HostClient {
  readonly marks = new Watched<MarksView>(NO_MARKS);
  readonly stream = new Watched<MediaStream | null>(null);
  private readonly shown = new Watched<HostView>(idleView("presentation"));
  private readonly leaving = new Leaving();
  private worker: HostPort | null = null;
  private capture: Capture | null = null;
  private choosing = false;

  constructor(private readonly page: HostPage) {
    if (!page.canShowScreen()) this.shown.set({ ...idleView("presentation"), choice: "unsupported" });
    page.onReturn(() => {
      this.post({ t: "nudge" });
      this.leaving.nudge();
    });
    // A page that is gone cannot come back to its session: said, as far as there is time, nobody waits for it.
    page.onClose(() => this.stop());
  }

  readonly subscribe = (listener: () => void): (() => void) => this.shown.subscribe(listener);

  readonly getSnapshot = (): HostView => this.shown.getSnapshot();

  present(): Promise<void> {
    return this.begin("presentation");
  }

  share(): Promise<void> {
    return this.begin("support");
  }

  answer(question: number, yes: boolean): void {
    this.post({ t: "answer", question, yes });
  }

  remove(person: number): void {
    this.post({ t: "remove", person });
  }

  allowMarks(person: number, allowed: boolean): void {
    this.post({ t: "allowMarks", person, allowed });
  }

  say(text: string): void {
    this.post({ t: "say", text });
  }

  clearMarks(): void {
    this.post({ t: "clearMarks" });
  }

  stop(reported = false): void {
    // The picture ends here and now, whatever the network does.
    this.endCapture();
    const view = this.getSnapshot();
    if (view.phase === "idle" || view.phase === "ended") return;
    this.post({ t: "stop", reported });
    this.shown.set({ ...view, phase: "ended", people: [], question: null, sharing: false, error: null });
  }

  /** Choose a screen, for a new session or for the one that runs without a picture. */
  private async begin(kind: SessionKind): Promise<void> {
    const { phase, sharing } = this.getSnapshot();
    const runs = this.worker !== null && phase !== "idle" && phase !== "ended";
    if (this.choosing || (runs && sharing)) return;
    this.choosing = true;
    try {
      // First of all, while the click still counts.
      const chosen = await this.page.chooseScreen();
      if (typeof chosen === "string") this.unchosen(kind, chosen, runs);
      else if (runs) await this.show(chosen);
      else await this.start(kind, chosen);
    } finally {
      this.choosing = false;
    }
  }

  private unchosen(kind: SessionKind, choice: Exclude<Choice, "chosen">, runs: boolean): void {
    const view: HostView = runs ? this.getSnapshot() : { ...idleView(kind), phase: "ended" };
    this.shown.set({ ...view, choice });
  }

  private async start(kind: SessionKind, stream: MediaStream): Promise<void> {
    if (this.worker !== null) this.leaving.add(this.worker);
    this.worker = null;
    this.marks.set(NO_MARKS);
    this.shown.set({ ...idleView(kind), phase: "starting" });
    const answer: PresentationAnswer =
      kind === "support" ? { ok: true, ticket: null, name: "" } : await this.page.fetchPresentation();
    if (!answer.ok || this.getSnapshot().phase !== "starting") {
      for (const track of stream.getTracks()) track.stop();
      if (!answer.ok) this.shown.set({ ...idleView(kind), phase: "ended", error: answer.failure });
      return;
    }
    const worker = this.page.startWorker();
    this.worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromHost>) => {
      if (this.worker === worker) this.receive(data);
    };
    worker.onerror = (event) => {
      if (this.worker === worker) this.fail(event.message);
    };
    const { ticket, name } = answer;
    this.post({ t: "start", url: this.page.socketUrl(), kind, ticket, name });
    await this.show(stream);
  }

  /** A screen was chosen: its frames go to the worker. */
  private async show(stream: MediaStream): Promise<void> {
    const { worker } = this;
    this.endCapture();
    if (worker === null) return;
    const capture = new Capture(stream, () => {
      if (this.capture !== capture) return;
      this.endCapture();
      this.post({ t: "capture", sharing: false });
    });
    this.capture = capture;
    this.stream.set(stream);
    this.post({ t: "capture", sharing: true });
    try {
      await capture.begin(worker);
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
    }
  }

  private receive(message: FromHost): void {
    switch (message.t) {
      case "view":
        this.look(message.view);
        return;
      case "marks":
        this.marks.set(message.marks);
        return;
      case "want":
        if (this.worker !== null) this.capture?.give(this.worker);
        return;
      case "finished":
        this.quit();
    }
  }

  private look(view: HostView): void {
    // This side has stopped already: what the worker still says is of the past.
    if (this.getSnapshot().phase === "ended") return;
    this.shown.set(view);
    if (view.phase === "ended") this.endCapture();
  }

  private fail(detail: string): void {
    this.endCapture();
    this.post({ t: "stop" });
    const view = this.getSnapshot();
    // Over is over: a fault after it is nothing that the person would have to know.
    if (view.phase !== "ended")
      this.shown.set({ ...view, phase: "ended", error: { code: "internal", detail } });
  }

  private endCapture(): void {
    const { capture } = this;
    this.capture = null;
    this.stream.set(null);
    capture?.end();
  }

  private quit(): void {
    const { worker } = this;
    this.worker = null;
    if (worker === null) return;
    worker.onmessage = worker.onerror = null;
    worker.terminate();
  }

  private post(message: ToHost): void {
    this.worker?.postMessage(message);
  }
}

/** The host client of this page. */
export const createHostClient: CreateHostClient = () =>
  new Host({
    startWorker: () =>
      new Worker(new URL("../worker/host.ts", import.meta.url), { type: "module", name: "relevo-host" }),
    canShowScreen,
    chooseScreen,
    fetchPresentation,
    socketUrl: () => socketUrl("/ws/agent"),
    onReturn: (listener) => window.addEventListener("online", listener),
    onClose: (listener) => window.addEventListener("pagehide", listener),
  });
