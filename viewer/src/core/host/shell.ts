/**
 * The only file of the host's session with I/O: socket, keys, encoder and clock around the machine.
 *
 * Everything that happens goes through one queue, one event after another: nobody's key changes while a frame is
 * being sealed. Only looking and encoding run beside it.
 */
import type { HostView } from "./api";
import { Inbox } from "../inbox";
import type { FromHost, ToHost } from "./port";
import { newDeviceKey } from "../../crypto/media_sender";
import { type Bytes, randomBytes } from "../../crypto/bytes";
import { InOrder } from "../../crypto/order";
import { MalformedError, ProtocolError } from "../../protocol/errors";
import { DST_HOST, type Member, MessageType } from "../../protocol/generated";
import { bodyOf, parseHeader } from "../../protocol/header";
import type { HostAction } from "./actions";
import { drawNumber } from "./code";
import type { HostSettings } from "./desk";
import type { EyeEvents, Made, Seeing } from "./eye/eye";
import { HostMachine } from "./machine";
import type { Seat } from "./seat";
import { Vault } from "./vault";
import { agentMessage, relayToAgent } from "./wire";

const TICK_MS = 100;
const PULL_MS = 33;
const INBOX_BYTES = 8 * 2 ** 20;
const MARKS_GAP_MS = 40;
const INVITE_BYTES = 16;
const SECRET_BYTES = 32;
const OPEN = 1;
const CLOSED = 3;
const FAREWELL_MS = 1000;
const VERSION = "browser";

/** The parts of a `WebSocket` that are used. */
export type HostSocket = Pick<
  WebSocket,
  "binaryType" | "bufferedAmount" | "readyState" | "send" | "close" | "onopen" | "onmessage" | "onclose"
>;

/** What surrounds the session: parameters, so that a test can be all of it. */
export interface HostSurroundings {
  readonly openSocket: (url: string) => HostSocket;
  readonly openEye: (events: EyeEvents) => Seeing;
  readonly post: (message: FromHost) => void;
  /** Monotonic ms since 1970. */
  readonly now: () => number;
  /** The time of day, ms. */
  readonly timeOfDay: () => number;
  readonly random: () => number;
}

type Start = Extract<ToHost, { t: "start" }>;
type Event = (machine: HostMachine) => HostAction[] | Promise<HostAction[]>;

export class HostShell {
  private readonly events = new InOrder();
  private readonly eye: Seeing;
  private machine: HostMachine | null = null;
  private vault: Vault | null = null;
  private url = "";
  private socket: HostSocket | null = null;
  private closing: HostSocket | null = null;
  private frames: ReadableStreamDefaultReader<VideoFrame> | null = null;
  private shown = "";
  private shownLines: HostView["lines"] = [];
  private shownMarks: unknown = null;
  private marksAt = 0;
  private readonly inbox = new Inbox(INBOX_BYTES);
  private timer: ReturnType<typeof setInterval> | null = null;

  constructor(private readonly around: HostSurroundings) {
    const { now } = around;
    this.eye = around.openEye({
      made: (made) => this.happen((machine) => this.sendFrame(machine, made)),
      resized: (size) =>
        this.happen((machine) => machine.layout({ t: "ScreenLayout", ...size, monitors: [] }, now())),
      failed: (error) => this.happen((machine) => machine.failed(error, now())),
      waitingBytes: () => this.socket?.bufferedAmount ?? 0,
      now,
    });
  }

  /** A message of the page. */
  receive(message: ToHost): void {
    if (message.t === "start") void this.events.run(() => this.start(message));
    else if (message.t === "frames") void this.watch(message.frames);
    else if (message.t === "frame") this.pulled(message.frame);
    else this.happen((machine) => this.command(machine, message));
  }

  private pulled(frame: VideoFrame | null): void {
    if (frame !== null) this.eye.look(frame);
    setTimeout(() => this.around.post({ t: "want" }), PULL_MS);
  }

  private command(
    machine: HostMachine,
    message: Exclude<ToHost, { t: "start" | "frames" | "frame" }>,
  ): HostAction[] {
    const now = this.around.now();
    switch (message.t) {
      case "capture":
        if (!message.sharing) this.eye.forget();
        return machine.condition(message.sharing ? "ok" : "paused", now);
      case "answer":
        return machine.answer(message.question, message.yes, now);
      case "remove":
        return machine.remove(message.person, now);
      case "allowMarks":
        return machine.allowMarks(message.person, message.allowed, now);
      case "say":
        return machine.say(message.text, now);
      case "clearMarks":
        return machine.clearMarks(now);
      case "nudge":
        return machine.nudge(now);
      case "stop":
        // The relay may hear of it later; nothing is looked at any more.
        this.endPicture();
        return machine.stop(now, message.reported);
    }
  }

  private async start({ url, kind, ticket, name }: Start): Promise<void> {
    if (this.machine !== null) return;
    this.url = url;
    const { around } = this;
    const settings: HostSettings = {
      kind,
      ticket,
      name,
      version: VERSION,
      draw: drawNumber,
      drawInvitation: () => ({ invite: randomBytes(INVITE_BYTES), secret: randomBytes(SECRET_BYTES) }),
      wallMs: around.timeOfDay,
    };
    this.vault = new Vault(await newDeviceKey(), VERSION, kind);
    this.machine = new HostMachine(settings, around.random);
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.happen((machine) => machine.start(around.now()));
  }

  private async watch(frames: ReadableStream<VideoFrame>): Promise<void> {
    await this.frames?.cancel().catch(() => undefined);
    const reader = frames.getReader();
    this.frames = reader;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        if (this.frames === reader) this.eye.look(value);
        else value.close();
      }
    } catch {
      // The page says by itself when the capture has ended.
    }
  }

  private tick(): void {
    this.eye.act();
    this.happen((machine) => machine.tick(this.around.now()));
  }

  // --- the queue

  /** Queue an event; what it leads to is done before the next one. */
  private happen(event: Event): void {
    void this.events.run(async () => {
      const { machine } = this;
      if (machine === null) return;
      try {
        await this.perform(await event(machine));
      } catch (error) {
        await this.perform(machine.failed(error, this.around.now()));
      }
      this.show(machine);
    });
  }

  private show(machine: HostMachine): void {
    const view = this.inTimeOfDay(machine.view);
    const text = JSON.stringify({ ...view, lines: null });
    if (text !== this.shown || view.lines !== this.shownLines) this.around.post({ t: "view", view });
    this.shown = text;
    this.shownLines = view.lines;
    const now = this.around.now();
    if (now - this.marksAt < MARKS_GAP_MS || machine.marks === this.shownMarks) return;
    this.marksAt = now;
    this.shownMarks = machine.marks;
    this.around.post({ t: "marks", marks: machine.marks });
  }

  /** The machine counts in its own clock; the page counts down by the time of day. */
  private inTimeOfDay(view: HostView): HostView {
    if (view.question === null) return view;
    const slept = Math.round((this.around.timeOfDay() - this.around.now()) / 1000) * 1000;
    return { ...view, question: { ...view.question, deadline: view.question.deadline + slept } };
  }

  private async perform(actions: readonly HostAction[]): Promise<void> {
    for (const action of actions) await this.act(action);
  }

  private async act(action: HostAction): Promise<void> {
    const { vault, eye } = this;
    switch (action.do) {
      case "connect":
        this.connect();
        return;
      case "disconnect":
        this.disconnect();
        return;
      case "relay":
        this.send(agentMessage(action.message));
        return;
      case "tell":
        this.send((await vault?.seal(action.slot, action.link, action.message)) ?? null);
        return;
      case "flight":
        this.send(vault?.flight(action.slot, action.link, action.body) ?? null);
        return;
      case "forget":
        vault?.forget(action.link);
        return;
      case "epoch":
        await this.renew(action.epoch, action.members);
        return;
      case "watch":
        eye.watch(action.watched);
        return;
      case "keyframe":
        eye.keyframe();
        return;
      case "acked":
        eye.acked(action.frameId);
        return;
      case "quality":
        eye.choose(action.quality);
        return;
      case "finish":
        this.finish();
    }
  }

  private async renew(epoch: number, members: readonly Member[]): Promise<void> {
    const secret = await this.vault?.renew(epoch, members);
    if (secret === undefined) return;
    for (const { slot, link } of members) {
      const message = { t: "Epoch", epoch, secret, members } as const;
      this.send((await this.vault?.seal(slot, link, message)) ?? null);
    }
  }

  private async sendFrame(machine: HostMachine, { keyframe, data }: Made): Promise<HostAction[]> {
    const number = machine.frameNumber(keyframe);
    if (number === null) return [];
    const message = (await this.vault?.sealFrame(number, keyframe, data)) ?? null;
    this.send(message);
    if (message !== null) this.eye.went(number, message.length);
    return [];
  }

  /** The last words are on their way; the worker may go when the socket has taken them. */
  private finish(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.endPicture();
    const done = (): void => this.around.post({ t: "finished" });
    if (this.machine !== null) this.show(this.machine);
    if (this.closing === null) {
      done();
      return;
    }
    this.closing.onclose = done;
    setTimeout(done, FAREWELL_MS);
  }

  private endPicture(): void {
    this.eye.close();
    void this.frames?.cancel().catch(() => undefined);
  }

  // --- the socket

  private connect(): void {
    this.disconnect();
    const socket = this.around.openSocket(this.url);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    const current = (event: Event): void =>
      this.happen((machine) => (this.socket === socket ? event(machine) : []));
    socket.onopen = () => current((machine) => machine.socketOpened(this.around.now()));
    socket.onmessage = ({ data }: MessageEvent<unknown>) => this.arrived(socket, data);
    socket.onclose = ({ reason }) => current((machine) => machine.socketClosed(this.around.now(), reason));
  }

  private disconnect(): void {
    this.vault?.forgetAll();
    const { socket } = this;
    this.socket = null;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    this.closing = socket.readyState === CLOSED ? null : socket;
    socket.close();
  }

  private send(message: Bytes | null): void {
    if (message !== null && this.socket?.readyState === OPEN) this.socket.send(message);
  }

  private arrived(socket: HostSocket, data: unknown): void {
    const at = this.around.now();
    const waiting = this.inbox.put(data);
    this.happen((machine) => {
      waiting.leave();
      return this.socket === socket ? this.message(machine, waiting.bytes(), at) : [];
    });
  }

  /** What the relay itself gets wrong cuts the line, what a viewer gets wrong closes that viewer. */
  private async message(machine: HostMachine, message: Bytes, at: number): Promise<HostAction[]> {
    const head = parseHeader(message);
    if (head.type === MessageType.RELAY) return machine.relay(relayToAgent.decode(bodyOf(message)), at);
    if (head.dst !== DST_HOST || head.type === MessageType.MEDIA) {
      throw new MalformedError(`a message of type ${head.type} for ${head.dst} reached the host`);
    }
    const seat = machine.seatOf(Number(head.keyId));
    const { vault } = this;
    if (seat === null || vault === null) return [];
    if (head.type === MessageType.HANDSHAKE) return this.flight(machine, vault, seat, bodyOf(message));
    if (!vault.has(seat.link)) return [];
    try {
      return machine.heard(seat, await vault.open(seat.link, message), at);
    } catch (error) {
      if (error instanceof ProtocolError) return machine.broke(seat, error, at);
      throw error;
    }
  }

  private async flight(machine: HostMachine, vault: Vault, seat: Seat, body: Bytes): Promise<HostAction[]> {
    const { now } = this.around;
    try {
      if (vault.isRunning(seat.link)) {
        return machine.accepted(seat, await vault.accept(seat.link, body), now());
      }
      const context = machine.mayBegin(seat);
      const { flight, kind } = await vault.offer(seat.link, context, body, (k, ref) =>
        machine.secret(seat, k, ref),
      );
      return machine.offered(seat, kind, flight, now());
    } catch (error) {
      if (error instanceof ProtocolError) return machine.flightFailed(seat, error, now());
      throw error;
    }
  }
}
