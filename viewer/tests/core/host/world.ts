/** A browser as host without a browser: sockets, clock and screen belong to the test; relay and viewers are here. */
import { afterEach } from "vitest";

import type { MarksView } from "../../../src/core/api";
import type { InOrder } from "../../../src/crypto/order";
import type { HostView } from "../../../src/core/host/api";
import type { EyeEvents, Seeing } from "../../../src/core/host/eye/eye";
import type { FromHost, ToHost } from "../../../src/core/host/port";
import { HostShell } from "../../../src/core/host/shell";
import { type Bytes, concat } from "../../../src/crypto/bytes";
import { ViewerHandshake } from "../../../src/crypto/handshake";
import { MediaReceiver } from "../../../src/crypto/media";
import { type PairwiseChannel, viewerChannel } from "../../../src/crypto/pairwise";
import { rosterHash, rosterMember, signatureRequired } from "../../../src/crypto/roster";
import { codeCredential, type Credential } from "../../../src/crypto/schedule";
import { fromBase64url } from "../../../src/protocol/base64url";
import { direction, encodeMsgpack, hostToViewer } from "../../../src/protocol/codec";
import {
  AGENT_TO_RELAY_TAGS,
  type AgentToRelay,
  DST_HOST,
  type Epoch,
  type HostToViewer,
  MAX_CONTROL_BYTES,
  MessageType,
  type RelayToAgent,
  type SessionKind,
  type ViewerToHost,
} from "../../../src/protocol/generated";
import { bodyOf, header, packHeader, parseHeader } from "../../../src/protocol/header";
import { FakeSocket, ORIGIN, SESSION_ID } from "../support/host";
import { eventually } from "../../support/eventually";

const agentToRelay = direction<AgentToRelay>(AGENT_TO_RELAY_TAGS, MAX_CONTROL_BYTES);
const CONTEXT = { relayOrigin: ORIGIN, sessionId: SESSION_ID };
const running: HostWorld[] = [];

afterEach(() => {
  for (const world of running.splice(0)) world.shell.receive({ t: "stop" });
});

/** A value that has to be there. */
export function given<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error("something that had to be there is missing");
  return value;
}

/** The eye as the session sees it: what it is told is written down, what it makes the test says. */
export class FakeEye implements Seeing {
  readonly told: string[] = [];
  watched = false;
  constructor(readonly events: EyeEvents) {}
  look = (): void => undefined;
  watch = (watched: boolean): void => {
    this.watched = watched;
  };
  keyframe = (): void => void this.told.push("keyframe");
  choose = (quality: string): void => void this.told.push(quality);
  went = (frameId: number): void => void this.told.push(`went ${frameId}`);
  acked = (frameId: number): void => void this.told.push(`acked ${frameId}`);
  forget = (): void => void this.told.push("forget");
  act = (): void => undefined;
  close = (): void => void this.told.push("close");
}

/** One viewer behind the relay. */
export class FakeViewer {
  readonly heard: HostToViewer[] = [];
  channel: PairwiseChannel | null = null;
  resume: Credential | null = null;
  media: MediaReceiver | null = null;
  epoch: Epoch | null = null;
  private deviceKey: Bytes = new Uint8Array();

  constructor(
    readonly slot: number,
    public link: number,
    readonly account = { account_id: `guest-${slot}`, display_name: `Guest ${slot}`, organisation: "" },
  ) {}

  handshake(credential: Credential, as: Partial<typeof this.account> = {}): ViewerHandshake {
    const identity = { ...this.account, ...as, mode: "observer", org_certificate: new Uint8Array() };
    return new ViewerHandshake(CONTEXT, credential, identity);
  }

  flight(body: Bytes): Bytes {
    return concat(
      packHeader(header(MessageType.HANDSHAKE, { dst: DST_HOST, keyId: BigInt(this.link) })),
      body,
    );
  }

  async finish(run: ViewerHandshake, flight4: Bytes): Promise<void> {
    const { keys, host } = await run.finish(flight4);
    this.channel = viewerChannel(keys);
    this.resume = keys.resume;
    this.deviceKey = host.device_key;
  }

  async seal(message: ViewerToHost | object): Promise<Bytes> {
    if (this.channel === null) throw new Error("no channel");
    const head = header(MessageType.PAIRWISE, { dst: DST_HOST, keyId: BigInt(this.link) });
    return this.channel.sender.sealMessage(head, encodeMsgpack(message));
  }

  async take(message: Bytes): Promise<void> {
    if (this.channel === null) throw new Error("a sealed message for nobody");
    const opened = hostToViewer.decode(await this.channel.receiver.openMessage(message));
    this.heard.push(opened);
    if (opened.t !== "Epoch") return;
    this.epoch = opened;
    const members = opened.members.map(rosterMember);
    this.media = await MediaReceiver.create(
      {
        epoch: BigInt(opened.epoch),
        secret: new Uint8Array(opened.secret),
        rosterHash: await rosterHash(members),
      },
      { deviceKey: this.deviceKey, required: signatureRequired(members) },
    );
  }

  last<T extends HostToViewer["t"]>(t: T): Extract<HostToViewer, { t: T }> | undefined {
    return this.heard.findLast((one): one is Extract<HostToViewer, { t: T }> => one.t === t);
  }
}

export class HostWorld {
  clock = 1_000_000;
  view: HostView | null = null;
  marks: MarksView = { lasers: {}, strokes: [] };
  finished = false;
  socket = new FakeSocket();
  sockets: FakeSocket[] = [];
  readonly relayHeard: AgentToRelay[] = [];
  readonly media: Bytes[] = [];
  readonly viewers: FakeViewer[] = [];
  readonly flights: { readonly link: number; readonly body: Bytes }[] = [];
  readonly shell: HostShell;
  eye!: FakeEye;
  private read = 0;

  constructor(readonly kind: SessionKind) {
    this.shell = new HostShell({
      openSocket: () => {
        this.socket = new FakeSocket();
        this.sockets.push(this.socket);
        this.read = 0;
        return this.socket;
      },
      openEye: (events) => (this.eye = new FakeEye(events)),
      post: (message) => this.posted(message),
      now: () => this.clock,
      timeOfDay: () => this.clock,
      random: () => 0,
    });
    running.push(this);
  }

  private posted(message: FromHost): void {
    if (message.t === "view") this.view = message.view;
    if (message.t === "marks") this.marks = message.marks;
    if (message.t === "finished") this.finished = true;
  }

  tell(message: ToHost): Promise<void> {
    this.shell.receive(message);
    return this.settle();
  }

  /** Let everything that was begun come to its end, and read what the host has sent. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3;) {
      const before = this.read;
      await new Promise((resolve) => setTimeout(resolve, 0));
      // What is asked of the shell is done one after the other: behind this, all that was asked before is done.
      await (Reflect.get(this.shell, "events") as InOrder).run(() => Promise.resolve());
      await this.drain();
      quiet = this.read === before ? quiet + 1 : 0;
    }
  }

  private async drain(): Promise<void> {
    for (; this.read < this.socket.sent.length; this.read += 1) {
      const message = this.socket.sent[this.read] ?? new Uint8Array();
      const head = parseHeader(message);
      const viewer = this.viewers.find(({ link }) => BigInt(link) === head.keyId);
      if (head.type === MessageType.RELAY) this.relayHeard.push(agentToRelay.decode(bodyOf(message)));
      else if (head.type === MessageType.MEDIA) this.media.push(message);
      else if (head.type === MessageType.HANDSHAKE)
        this.flights.push({ link: Number(head.keyId), body: bodyOf(message) });
      else await viewer?.take(message);
    }
  }

  async relay(message: RelayToAgent): Promise<void> {
    this.socket.deliver(concat(packHeader(header(MessageType.RELAY)), encodeMsgpack(message)));
    await this.settle();
  }

  async start(): Promise<void> {
    const ticket = this.kind === "presentation" ? "ticket-of-sixteen-characters" : null;
    this.shell.receive({
      t: "start",
      url: "wss://relay.test/ws/agent",
      kind: this.kind,
      ticket,
      name: "Núria",
    });
    await eventually(() => {
      if (this.sockets.length === 0) throw new Error("no socket yet");
    });
    await this.welcome(false);
  }

  async welcome(resumed: boolean): Promise<void> {
    this.socket.open();
    const routing = this.kind === "support" && !resumed ? "482913" : null;
    const token = `token-of-the-session-${this.sockets.length}`;
    const base = { session_id: SESSION_ID, origin: ORIGIN, token, resumed, code_life_s: 600 };
    await this.relay({ t: "AgentWelcome", ...base, routing });
  }

  /** The secret by which people come in: the code's, or the link's. */
  get credential(): Credential {
    if (this.kind === "support") return codeCredential((this.view?.code ?? "").slice(6));
    const { invite, secret } = this.view ?? {};
    const [ref, key] = [fromBase64url(invite ?? "", 16), fromBase64url(secret ?? "", 32)];
    if (ref === null || key === null) throw new Error("no link yet");
    return { kind: "invite", ref, secret: key };
  }

  async announce(viewer: FakeViewer, resumed = false): Promise<void> {
    if (!this.viewers.includes(viewer)) this.viewers.push(viewer);
    const { slot, link, account } = viewer;
    await this.relay({ t: "ViewerJoining", slot, link, ...account, resumed, standing: "guest" });
  }

  deliver(message: Bytes): Promise<void> {
    this.socket.deliver(message);
    return this.settle();
  }

  private async answerTo(viewer: FakeViewer): Promise<Bytes> {
    return eventually(async () => {
      await this.drain();
      const at = this.flights.findIndex(({ link }) => link === viewer.link);
      const [flight] = at < 0 ? [] : this.flights.splice(at, 1);
      if (flight === undefined) throw new Error(`no flight for slot ${viewer.slot}`);
      return flight.body;
    });
  }

  /** The whole handshake of somebody who was announced. */
  async verify(viewer: FakeViewer, credential = this.credential): Promise<void> {
    const run = viewer.handshake(credential);
    await this.deliver(viewer.flight(await run.hello()));
    this.socket.deliver(viewer.flight(await run.prove(await this.answerTo(viewer))));
    // Flight 4 opens the channel: what is sealed comes right behind it.
    const flight4 = await this.flight4(viewer);
    await viewer.finish(run, flight4);
    await this.settle();
  }

  /** The handshake of somebody who cannot finish it: up to the proof, which is wrong. */
  async guess(viewer: FakeViewer, credential: Credential): Promise<void> {
    const run = viewer.handshake(credential);
    await this.deliver(viewer.flight(await run.hello()));
    const flight2 = await this.answerTo(viewer);
    await this.deliver(viewer.flight(await run.prove(flight2)));
    if (this.flights.length > 0) throw new Error("a wrong proof was answered");
  }

  private async flight4(viewer: FakeViewer): Promise<Bytes> {
    return eventually(() => {
      const { sent } = this.socket;
      const at = sent.findIndex((message, i) => {
        const { type, keyId } = parseHeader(message);
        return i >= this.read && type === MessageType.HANDSHAKE && keyId === BigInt(viewer.link);
      });
      const message = sent[at];
      if (message === undefined) throw new Error(`no flight 4 for slot ${viewer.slot}`);
      return bodyOf(message);
    });
  }

  /** Somebody comes in by the link or the code, up to the question, if there is one. */
  async join(slot: number): Promise<FakeViewer> {
    const viewer = new FakeViewer(slot, 10 + slot);
    await this.announce(viewer);
    await this.verify(viewer);
    this.flights.length = 0;
    return viewer;
  }

  async say(viewer: FakeViewer, message: ViewerToHost | object): Promise<void> {
    await this.deliver(await viewer.seal(message));
  }

  /** The eye has made something; the answer is the sealed message, if one went out. */
  async made(keyframe: boolean, data: Bytes = Uint8Array.of(1, 2, 3)): Promise<Bytes | undefined> {
    const before = this.media.length;
    this.eye.events.made({ keyframe, data });
    await this.settle();
    return this.media[before];
  }

  said<T extends AgentToRelay["t"]>(t: T): readonly Extract<AgentToRelay, { t: T }>[] {
    return this.relayHeard.filter((one): one is Extract<AgentToRelay, { t: T }> => one.t === t);
  }

  /** Let time pass, in steps in which the timer comes round. */
  async pass(ms: number): Promise<void> {
    this.clock += ms;
    await new Promise((resolve) => setTimeout(resolve, 130));
    await this.settle();
  }
}
