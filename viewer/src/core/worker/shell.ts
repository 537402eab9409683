/**
 * The only file of the session with I/O: socket, keys, decoders and clock around the machine.
 *
 * Everything that happens goes through one queue, one event after another: an epoch is in place before its frames
 * are opened, and nothing changes while a message is being opened. Only decoding runs beside it, in frame order.
 */
import type { SessionView } from "../api";
import { Inbox } from "../inbox";
import type { FromWorker, ToWorker } from "../port";
import { Buffers } from "../display/buffers";
import { type Codecs, decodeDrawing, type DrawingFacts, paintedArea } from "../display/decode";
import { transferables } from "../display/ops";
import { PictureLostError } from "../display/video";
import type { Action } from "../session/actions";
import { SessionMachine } from "../session/machine";
import { Sealed } from "../session/sealed";
import type { Bytes } from "../../crypto/bytes";
import { InOrder } from "../../crypto/order";
import { relayMessage, relayToViewer } from "../../protocol/codec";
import { decodeFrame, type Frame } from "../../protocol/frame";
import { Flags, MessageType } from "../../protocol/generated";
import { bodyOf, type Header, parseHeader } from "../../protocol/header";
import { PointerValve } from "./valve";

const TICK_MS = 100;
const INBOX_BYTES = 32 * 2 ** 20;
const DECODER_BYTES = 8 * 2 ** 20;
// What a page that does not come round to drawing may let pile up, as pixels to be painted. One frame of any size is let in.
const UNDRAWN_BYTES = 128 * 2 ** 20;

/** The parts of a `WebSocket` that are used. */
export type Socket = Pick<
  WebSocket,
  "binaryType" | "bufferedAmount" | "readyState" | "send" | "close" | "onopen" | "onmessage" | "onclose"
>;

/** What surrounds a session: parameters, so that a test can be all of it. */
export interface Surroundings {
  readonly openSocket: (url: string) => Socket;
  readonly post: (message: FromWorker, transfer?: Transferable[]) => void;
  readonly codecs: Codecs;
  /** Monotonic ms since 1970; falls behind the time of day where the machine slept. */
  readonly now: () => number;
  /** The time of day, ms, as the page knows it. */
  readonly timeOfDay: () => number;
  readonly random: () => number;
}

/** A frame on its way to the canvas: when it came, and the pixels that it paints. */
interface Undrawn {
  readonly arrived: number;
  readonly paintedBytes: number;
}

const OPEN = 1;
const CLOSED = 3;
const FAREWELL_MS = 1000;

export class Shell {
  private readonly machine: SessionMachine;
  private readonly events = new InOrder();
  private readonly decoding = new InOrder();
  private readonly valve = new PointerValve();
  private readonly undrawn = new Map<number, Undrawn>();
  private readonly buffers = new Buffers();
  private readonly timer: ReturnType<typeof setInterval>;
  private url = "";
  private socket: Socket | null = null;
  private closing: Socket | null = null;
  private sealed: Sealed | null = null;
  private shown: SessionView | null = null;
  private readonly inbox = new Inbox(INBOX_BYTES);
  private decoderBytes = 0;
  private undrawnBytes = 0;
  /** A frame could not be drawn: those behind it that are being decoded already are not drawn over the gap (SPEC F9). */
  private isGap = false;

  constructor(private readonly around: Surroundings) {
    this.machine = new SessionMachine(around.random, around.timeOfDay);
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  /** A message of the main thread. */
  receive(message: ToWorker): void {
    this.happen(() => this.command(message));
  }

  private command(message: ToWorker): Action[] {
    const { machine } = this;
    const now = this.around.now();
    switch (message.t) {
      case "join":
        this.url = message.url;
        machine.setQuality(message.quality);
        return machine.join(
          { ticket: message.ticket, credential: message.credential, mode: message.mode },
          now,
        );
      case "send": {
        if (message.message.t === "ChatSend") return machine.say(message.message.text, now);
        const ready = this.valve.offer(message.message, this.socket?.bufferedAmount ?? 0);
        return ready === null ? [] : machine.input(ready);
      }
      case "whisper":
        return machine.whisper(message.text, now);
      case "quality":
        return machine.setQuality(message.quality);
      case "drawn":
        this.buffers.giveBack(message.buffer);
        return this.drawn(message.frameId, now);
      case "blank":
        return machine.blank();
      case "nudge":
        return machine.nudge(now);
      case "leave":
        return machine.leave();
    }
  }

  private tick(): void {
    this.happen(() => {
      const held = this.valve.release(this.socket?.bufferedAmount ?? 0);
      const late = held === null ? [] : this.machine.input(held);
      return [...late, ...this.machine.tick(this.around.now())];
    });
  }

  // --- the queue

  /** Queue an event; what it leads to is done before the next one. */
  private happen(event: () => Action[] | Promise<Action[]>): void {
    void this.events.run(async () => {
      try {
        await this.perform(await event());
      } catch (error) {
        await this.perform(this.machine.failed(error, this.around.now()));
      }
      this.show();
    });
  }

  /** Tell the page what has changed; the rest it has already. */
  private show(): void {
    const { view } = this.machine;
    const { shown } = this;
    if (view === shown) return;
    this.shown = view;
    const changed = Object.entries(view).filter(
      ([key, value]) => value !== shown?.[key as keyof SessionView],
    );
    this.around.post({ t: "view", view: Object.fromEntries(changed) });
  }

  private async perform(actions: readonly Action[]): Promise<void> {
    for (const action of actions) await this.act(action);
  }

  private async act(action: Action): Promise<void> {
    switch (action.do) {
      case "connect":
        this.connect();
        return;
      case "disconnect":
        this.disconnect();
        return;
      case "forget":
        this.sealed = null;
        return;
      case "relay":
        this.send(relayMessage(action.message));
        return;
      case "handshake":
        this.sealed = new Sealed(action.order);
        this.send(await this.sealed.hello());
        return;
      case "tell":
        if (this.sealed !== null) this.send(await this.sealed.seal(action.message));
        return;
      case "epoch":
        await this.sealed?.enter(action.epoch);
        return;
      case "team_key":
        await this.tellTeamKey();
        return;
      case "whisper":
        for (const message of (await this.sealed?.team.seal(action.message, action.slots)) ?? []) {
          this.send(message);
        }
        return;
      case "pass":
        this.around.post({ t: "told", message: action.message });
        return;
      case "finish":
        this.finish();
    }
  }

  private async tellTeamKey(): Promise<void> {
    const { sealed } = this;
    if (sealed === null) return;
    this.send(await sealed.seal({ t: "TeamKey", public: await sealed.team.newKey() }));
  }

  /** The last words are on their way; the worker may go when the socket has taken them. */
  private finish(): void {
    clearInterval(this.timer);
    const done = (): void => this.around.post({ t: "finished" });
    if (this.closing === null) {
      this.show();
      done();
      return;
    }
    this.closing.onclose = done;
    setTimeout(done, FAREWELL_MS);
  }

  // --- the socket

  private connect(): void {
    this.disconnect();
    const socket = this.around.openSocket(this.url);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    const current = (event: () => Action[] | Promise<Action[]>): void =>
      this.happen(() => (this.socket === socket ? event() : []));
    socket.onopen = () => current(() => this.machine.socketOpened(this.around.now()));
    socket.onmessage = ({ data }: MessageEvent<unknown>) => this.arrived(socket, data);
    socket.onclose = () =>
      current(() => {
        this.disconnect();
        return this.machine.socketClosed(this.around.now());
      });
  }

  private disconnect(): void {
    this.sealed = null;
    const { socket } = this;
    this.socket = null;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    this.closing = socket.readyState === CLOSED ? null : socket;
    socket.close();
  }

  private send(message: Bytes): void {
    if (this.socket?.readyState === OPEN) this.socket.send(message);
  }

  private arrived(socket: Socket, data: unknown): void {
    const at = this.around.now();
    const waiting = this.inbox.put(data);
    this.happen(() => {
      waiting.leave();
      return this.socket === socket ? this.message(waiting.bytes(), at) : [];
    });
  }

  private async message(message: Bytes, at: number): Promise<Action[]> {
    this.machine.received(message.length, at);
    const head = parseHeader(message);
    if (head.type === MessageType.RELAY) {
      return this.machine.relay(relayToViewer.decode(bodyOf(message)), at);
    }
    // Without keys there is nobody for it: it was on its way when the line changed.
    const { sealed } = this;
    if (sealed === null) return [];
    if (head.type === MessageType.MEDIA) return this.media(sealed, head, message, at);
    if (head.type === MessageType.TEAM) return this.overhear(sealed, head, message);
    if (!sealed.concerns(head)) return [];
    if (head.type === MessageType.PAIRWISE) {
      return this.machine.host(await sealed.open(message), at);
    }
    const outcome = await sealed.take(message);
    if ("resume" in outcome) {
      this.tellDecoders(sealed);
      return this.machine.verified(outcome, at);
    }
    this.send(outcome.send);
    return [];
  }

  /** Say on each new line what this browser decodes (SPEC D5), as soon as it is known. */
  private tellDecoders(sealed: Sealed): void {
    void this.around.codecs.decodable().then((codecs) => {
      const told: Action = { do: "tell", message: { t: "Decoders", codecs: [...codecs] } };
      this.happen(() => (this.sealed === sealed ? [told] : []));
    });
  }

  private async overhear(sealed: Sealed, head: Header, message: Bytes): Promise<Action[]> {
    const heard = await sealed.team.open(message, head);
    return heard === null ? [] : this.machine.overheard(heard);
  }

  // --- the picture

  private async media(sealed: Sealed, head: Header, message: Bytes, at: number): Promise<Action[]> {
    const plain = await sealed.openFrame(message, head);
    if (plain === null) return [];
    const frame = decodeFrame(plain);
    const { frameId, flags } = head;
    const { width, height } = frame;
    if (!this.machine.frame({ frameId, flags, width, height }, at)) return [];
    const paintedBytes = 4 * paintedArea(frame);
    const piled = this.undrawnBytes > 0 && this.undrawnBytes + paintedBytes > UNDRAWN_BYTES;
    if (piled || this.decoderBytes + plain.length > DECODER_BYTES) {
      this.machine.lost(at);
      return [];
    }
    this.undrawn.set(frameId, { arrived: at, paintedBytes });
    this.undrawnBytes += paintedBytes;
    this.decode({ frameId, keyframe: (flags & Flags.KEYFRAME) !== 0 }, frame, plain.length);
    return [];
  }

  private decode(facts: DrawingFacts, frame: Frame, bytes: number): void {
    this.decoderBytes += bytes;
    void this.decoding.run(async () => {
      try {
        if (facts.keyframe) this.isGap = false;
        if (this.machine.ended) return;
        if (this.isGap) throw new PictureLostError("a frame after one that could not be drawn");
        const drawing = await decodeDrawing(facts, frame, this.around.codecs, this.buffers);
        this.around.post({ t: "drawing", drawing }, transferables(drawing));
      } catch (error) {
        this.isGap = true;
        this.happen(() => this.undrawable(facts.frameId, error));
      } finally {
        this.decoderBytes -= bytes;
      }
    });
  }

  /** A picture that does not come: without a piece of video the next keyframe helps, all else ends the session. */
  private undrawable(frameId: number, error: unknown): Action[] {
    const now = this.around.now();
    if (!(error instanceof PictureLostError)) return this.machine.failed(error, now);
    this.undrawnBytes -= this.undrawn.get(frameId)?.paintedBytes ?? 0;
    this.undrawn.delete(frameId);
    this.machine.lost(now);
    return [];
  }

  private drawn(frameId: number, now: number): Action[] {
    const frame = this.undrawn.get(frameId);
    if (frame === undefined) return [];
    this.undrawn.delete(frameId);
    this.undrawnBytes -= frame.paintedBytes;
    return this.machine.drawn(frameId, now - frame.arrived, now);
  }
}
