/** The main thread's end of a session: starts the worker, draws what it sends, passes on what the interface says. */
import type {
  CreateSessionClient,
  Failure,
  LaserView,
  Outgoing,
  SessionClient,
  SessionView,
  StrokeView,
  TerminalListener,
} from "./api";
import { fromBase64url } from "../protocol/base64url";
import type { Mode, Quality } from "../protocol/generated";
import { mayAct } from "../protocol/rights";
import { Cursor } from "./cursor";
import type { Drawing } from "./display/ops";
import { Painter } from "./display/painter";
import { type Door, type Entry, type EntryAnswer, relayDoor } from "./entry";
import { Leaving } from "./leaving";
import { Marks } from "./marks";
import { Watched } from "./observable";
import type { FromWorker, ToWorker } from "./port";
import { fits, sayable } from "./session/outgoing";
import { isMark } from "./session/passing";
import { isPress } from "./session/presses";
import { hearersOf } from "./session/team";
import { endedView, failureOf, IDLE_VIEW, startView } from "./session/view";
import { socketUrl } from "./socket_url";
import { Terminals } from "./terminals";

/** The parts of a `Worker` that are used. */
export type WorkerPort = Pick<Worker, "postMessage" | "terminate" | "onmessage" | "onerror">;

/** What a client needs of the page; parameters, so that a test can be all of it. */
export interface Page {
  readonly startWorker: () => WorkerPort;
  readonly door: Door;
  readonly socketUrl: () => string;
  readonly painter: Pick<Painter, "attach" | "draw" | "clear" | "onBlank">;
  /** Call back when the network or the person is back. */
  readonly onReturn: (listener: () => void) => void;
  /** Call back when the page is closed or loaded anew. */
  readonly onClose: (listener: () => void) => void;
}

export class Client implements SessionClient {
  readonly cursor = new Cursor();
  readonly marks = new Marks();
  private readonly terminals = new Terminals();
  private readonly shown = new Watched<SessionView>(IDLE_VIEW);
  private readonly leaving = new Leaving();
  private worker: WorkerPort | null = null;
  private quality: Quality = "auto";
  private settle: (() => void) | null = null;
  private attempt = 0;

  constructor(private readonly page: Page) {
    page.onReturn(() => {
      this.post({ t: "nudge" });
      this.leaving.nudge();
    });
    page.painter.onBlank = () => this.post({ t: "blank" });
    page.onClose(() => this.closed());
  }

  readonly subscribe = (listener: () => void): (() => void) => this.shown.subscribe(listener);

  readonly getSnapshot = (): SessionView => this.shown.getSnapshot();

  join({ code, mode }: { readonly code: string; readonly mode: Mode }): Promise<void> {
    return this.enter(() => this.page.door.byCode(code, mode));
  }

  joinByInvite(request: Parameters<Door["byInvite"]>[0]): Promise<void> {
    return this.enter(() => this.page.door.byInvite(request));
  }

  joinLive({ session }: { readonly session: string }): Promise<void> {
    return this.enter(() => this.page.door.byAsking(session));
  }

  /** Knock at a door, and start the worker with what is got there. */
  private async enter(knock: () => Promise<EntryAnswer>): Promise<void> {
    const { phase } = this.getSnapshot();
    if (phase !== "idle" && phase !== "ended") return;
    this.attempt += 1;
    const { attempt } = this;
    this.letGo();
    this.page.painter.clear();
    this.marks.clear();
    this.shown.set(startView());
    const answer = await knock();
    if (attempt !== this.attempt || this.getSnapshot().phase !== "ticket") return;
    if (answer.ok) await this.start(answer.entry);
    else this.fail(answer.failure);
  }

  attachCanvas(canvas: HTMLCanvasElement): () => void {
    return this.page.painter.attach(canvas);
  }

  send(message: Outgoing): void {
    const live = this.getSnapshot().phase === "live";
    // What somebody pressed for is not sent later: the worker says that it was not sent.
    const told = message.t === "ChatSend" || isPress(message);
    if (live || (told && this.keeps())) this.post({ t: "send", message });
  }

  /** What is written is said, or kept until it can be (SPEC T8, T9). */
  private keeps(): boolean {
    const { phase } = this.getSnapshot();
    return phase === "live" || phase === "reconnecting" || phase === "host_away";
  }

  requestMode(mode: Mode, demo?: { readonly invite: string; readonly secret: string }): void {
    if (demo === undefined) {
      this.send({ t: "ModeRequest", mode });
      return;
    }
    const [invite, secret] = [fromBase64url(demo.invite, 16), fromBase64url(demo.secret, 32)];
    if (invite !== null && secret !== null) this.send({ t: "ModeRequest", mode, demo: { invite, secret } });
  }

  whisper(text: string): boolean {
    const { members, self } = this.getSnapshot();
    const heard = this.keeps() && self !== null && hearersOf(members, self.slot).length > 0;
    if (!heard || !fits({ t: "Whisper", text: sayable(text), at_ms: 0 })) return false;
    this.post({ t: "whisper", text });
    return true;
  }

  laser(place: LaserView | null): void {
    const { slot } = this.getSnapshot().self ?? {};
    if (slot === undefined || !this.may("point.laser")) return;
    this.marks.point(slot, place);
    this.send(place === null ? { t: "LaserOff" } : { t: "Laser", ...place });
  }

  draw({ stroke, monitor, points }: Omit<StrokeView, "slot">): void {
    const { slot } = this.getSnapshot().self ?? {};
    if (slot === undefined || !this.may("point.annotate")) return;
    if (this.marks.grow({ slot, stroke, monitor, points }))
      this.send({ t: "Stroke", stroke, monitor, points });
  }

  clearMarks(everybody: boolean): void {
    const { self, members, phase } = this.getSnapshot();
    const role = members.find((member) => member.slot === self?.slot)?.role;
    if (self === null || role === undefined || phase !== "live") return;
    if (everybody && !mayAct("clear_all_marks", role)) return;
    this.marks.wipe(everybody ? null : self.slot);
    this.send({ t: "ClearMarks", everybody });
  }

  listenTerminals(listener: TerminalListener): () => void {
    return this.terminals.listen(listener);
  }

  /** Marks are shown here before the host has them: what it would refuse is not shown at all. */
  private may(capability: "point.laser" | "point.annotate"): boolean {
    const { phase, rights } = this.getSnapshot();
    return phase === "live" && rights[capability]?.permit === "allow";
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

  /**
   * A page that is closed cannot come back to its seat: said, as far as there is time for it, nobody waits ten minutes
   * for it. What is kept for its lead (SPEC V6, V7) is left alone.
   */
  private closed(): void {
    const { administrator, restartingUntil } = this.getSnapshot();
    if (administrator.holdEndsAt === null && administrator.restartAt === null && restartingUntil === null) {
      this.leave();
    }
  }

  /** Say goodbye and show the end; the worker says when it has gone. */
  private leaveBecause(failure: Failure | null): void {
    this.post({ t: "leave" });
    this.shown.set(endedView(this.getSnapshot(), failure));
    this.over();
  }

  private start(entry: Entry): Promise<void> {
    const worker = this.page.startWorker();
    this.worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (this.worker === worker) this.receive(data);
    };
    worker.onerror = (event) => {
      if (this.worker === worker) this.fail({ code: "internal", detail: event.message });
    };
    const { quality } = this;
    this.post({ t: "join", url: this.page.socketUrl(), ...entry, quality });
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
        this.paint(message.drawing);
        return;
      case "told":
        if (isMark(message.message)) this.marks.hear(message.message);
        else this.terminals.hear(message.message);
        return;
      case "finished":
        this.quit();
    }
  }

  private look(changed: Partial<SessionView>): void {
    const before = this.getSnapshot();
    // This side has left already: what the worker still says is of the past.
    if (before.phase === "ended") return;
    const view = { ...before, ...changed };
    if (changed.members !== undefined) this.marks.meet(changed.members.map(({ slot }) => slot));
    if (before.phase === "live" && view.phase !== "live") this.marks.age();
    this.shown.set(view);
    if (view.phase === "live") this.settled();
    if (view.phase === "ended") this.over();
  }

  private paint(drawing: Drawing): void {
    try {
      this.page.painter.draw(drawing);
    } catch (error) {
      // A canvas beyond what this browser can hold, say: without an end and a reason the picture would just stand still.
      this.leaveBecause(failureOf(error));
      return;
    }
    this.cursor.take(drawing);
    const { buffer } = drawing.pixels;
    this.post({ t: "drawn", frameId: drawing.frameId, buffer }, [buffer]);
  }

  private fail(failure: Failure): void {
    this.shown.set(endedView(this.getSnapshot(), failure));
    this.over();
    this.quit();
  }

  private over(): void {
    this.cursor.clear();
    this.marks.clear();
    this.settled();
  }

  private settled(): void {
    this.settle?.();
    this.settle = null;
  }

  /** The session before this one is over here; that it is may still have to be said over a cut. */
  private letGo(): void {
    if (this.worker !== null) this.leaving.add(this.worker);
    this.worker = null;
  }

  private quit(): void {
    const { worker } = this;
    this.worker = null;
    if (worker === null) return;
    worker.onmessage = worker.onerror = null;
    worker.terminate();
  }

  private post(message: ToWorker, transfer: Transferable[] = []): void {
    this.worker?.postMessage(message, transfer);
  }
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
    door: relayDoor,
    socketUrl: () => socketUrl("/ws/viewer"),
    painter: new Painter(() => document.createElement("canvas")),
    onReturn,
    onClose: (listener) => window.addEventListener("pagehide", listener),
  });
