/** Relay and host at the other end of a fake socket, with the real cryptography. */
import { encodeMsgpack, viewerToHost, viewerToRelay } from "../../../src/protocol/codec";
import { type Bytes, concat, randomBytes } from "../../../src/crypto/bytes";
import { HostHandshake } from "../../../src/crypto/handshake";
import { mediaBaseKey } from "../../../src/crypto/media";
import { hostChannel, type PairwiseChannel } from "../../../src/crypto/pairwise";
import { rosterHash, rosterMember } from "../../../src/crypto/roster";
import { codeCredential, type Credential } from "../../../src/crypto/schedule";
import { sealBytes } from "../../../src/crypto/sealing";
import { deriveSFrameKey, encodeSFrameHeader, type SFrameKey, sframeNonce } from "../../../src/crypto/sframe";
import {
  Flags,
  type HostToViewer,
  type Member,
  MessageType,
  type RelayToViewer,
  type ViewerToHost,
  type ViewerToRelay,
} from "../../../src/protocol/generated";
import { bodyOf, header, packHeader, parseHeader } from "../../../src/protocol/header";
import type { Socket } from "../../../src/core/worker/shell";
import { eventually } from "../../support/eventually";

export const ORIGIN = "https://relay.test";
export const SESSION_ID = Uint8Array.from({ length: 16 }, (_, i) => i);
export const ACCOUNT = { account_id: "a1", display_name: "Núria Peña", organisation: "Ayuda" };
export const SLOT = 2;

/** A socket whose other end is the test. */
export class FakeSocket implements Socket {
  binaryType: BinaryType = "blob";
  bufferedAmount = 0;
  readyState: Socket["readyState"] = 0;
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  readonly sent: Bytes[] = [];
  closed = false;

  send(data: unknown): void {
    this.sent.push(data as Bytes);
  }

  close(): void {
    this.closed = true;
    this.readyState = 3;
    setTimeout(() => (this.onclose as (() => void) | null)?.(), 1);
  }

  open(): void {
    this.readyState = 1;
    (this.onopen as (() => void) | null)?.();
  }

  deliver(data: Bytes | string): void {
    const given = typeof data === "string" ? data : data.slice().buffer;
    (this.onmessage as ((event: { data: unknown }) => void) | null)?.({ data: given });
  }

  /** The other end closes it with a reason, or it is cut. */
  drop(reason = ""): void {
    this.readyState = 3;
    (this.onclose as ((event: { reason: string }) => void) | null)?.({ reason });
  }
}

/** What the viewer has sent, opened. */
export type Heard =
  | ViewerToHost
  | ViewerToRelay
  | { readonly t: "flight"; readonly body: Bytes }
  | { readonly t: "team"; readonly message: Bytes };

export class Host {
  link = 7;
  epoch = 0;
  frameId = 0;
  resume: Credential | null = null;
  private counter = 0n;
  private channel: PairwiseChannel | null = null;
  private run: HostHandshake | null = null;
  private key: SFrameKey | null = null;
  private readCount = 0;

  constructor(
    public socket: FakeSocket,
    private readonly digits = "123456",
  ) {}

  /** The next message of the viewer; waits for it. */
  async next(): Promise<Heard> {
    const message = await eventually(() => {
      const next = this.socket.sent[this.readCount];
      if (next === undefined) throw new Error("the viewer says nothing");
      return next;
    });
    this.readCount += 1;
    const head = parseHeader(message);
    if (head.type === MessageType.RELAY) return viewerToRelay.decode(bodyOf(message));
    if (head.type === MessageType.HANDSHAKE) return { t: "flight", body: bodyOf(message) };
    if (head.type === MessageType.TEAM) return { t: "team", message };
    if (this.channel === null) throw new Error("a sealed message without a channel");
    return viewerToHost.decode(await this.channel.receiver.openMessage(message));
  }

  /** The next message with this name; others are passed over. */
  async until<T extends Heard["t"]>(t: T): Promise<Extract<Heard, { t: T }>> {
    for (;;) {
      const heard = await this.next();
      if (heard.t === t) return heard as Extract<Heard, { t: T }>;
    }
  }

  /** The same host on a new socket. */
  moveTo(socket: FakeSocket, link: number): void {
    this.socket = socket;
    this.link = link;
    this.readCount = 0;
  }

  relay(message: RelayToViewer): void {
    this.socket.deliver(concat(packHeader(header(MessageType.RELAY)), encodeMsgpack(message)));
  }

  welcome(given: Partial<Extract<RelayToViewer, { t: "ViewerWelcome" }>> = {}): void {
    const resume = "resume-token-0000".padEnd(20, String(this.link));
    const base = { session_id: SESSION_ID, origin: ORIGIN, link: this.link, slot: SLOT, resume };
    this.relay({ t: "ViewerWelcome", ...base, resume_life_s: 600, ...ACCOUNT, ...given });
  }

  /** Run the handshake; `spoil` may change flight 4. */
  async verify(spoil: (flight: Bytes) => Bytes = (flight) => flight): Promise<void> {
    const identity = {
      device_key: this.deviceKey,
      agent_version: "1",
      modes: ["observer", "full"],
      recording: "off" as const,
      flags: 0,
    };
    const context = { relayOrigin: ORIGIN, sessionId: SESSION_ID };
    const lookup = (kind: string) =>
      kind === "code" ? codeCredential(this.digits).secret : (this.resume?.secret ?? null);
    this.run = new HostHandshake(context, identity, lookup);
    this.flight(await this.run.offer((await this.until("flight")).body));
    const { flight, keys, viewer } = await this.run.accept((await this.until("flight")).body);
    this.viewer = viewer;
    this.channel = hostChannel(keys);
    this.resume = keys.resume;
    this.flight(spoil(flight));
  }

  viewer: unknown = null;
  deviceKey: Bytes = new Uint8Array(32);

  /** Seal and send. */
  async tell(message: HostToViewer): Promise<void> {
    this.socket.deliver(await this.sealed(message));
  }

  async sealed(message: HostToViewer): Promise<Bytes> {
    if (this.channel === null) throw new Error("no channel");
    const head = header(MessageType.PAIRWISE, { dst: SLOT, keyId: BigInt(this.link) });
    return this.channel.sender.sealMessage(head, encodeMsgpack(message));
  }

  /** Who is there besides the viewer, and the viewer's own role and key. */
  others: readonly Member[] = [];
  self: Partial<Member> = {};

  members(): Member[] {
    return [{ slot: SLOT, link: this.link, role: "lead", ...ACCOUNT, ...this.self }, ...this.others];
  }

  async newEpoch(): Promise<void> {
    this.epoch += 1;
    const secret = randomBytes(32);
    const members = this.members();
    const material = {
      epoch: BigInt(this.epoch),
      secret,
      rosterHash: await rosterHash(members.map(rosterMember)),
    };
    const usages: KeyUsage[] = ["deriveBits", "deriveKey"];
    const base = await crypto.subtle.importKey("raw", await mediaBaseKey(material), "HKDF", false, usages);
    this.key = await deriveSFrameKey(material.epoch, base);
    await this.tell({ t: "Epoch", epoch: this.epoch, secret, members });
  }

  /** Seal a frame; `keyframe` and `skip` make gaps. */
  async frame(data: Bytes, keyframe: boolean, skip = 0): Promise<number> {
    this.frameId += 1 + skip;
    this.counter += 1n;
    if (this.key === null) throw new Error("no epoch");
    const flags = Flags.DROPPABLE | (keyframe ? Flags.KEYFRAME : 0);
    const [keyId, counter] = [BigInt(this.epoch), this.counter];
    const head = packHeader(
      header(MessageType.MEDIA, { dst: 0, flags, frameId: this.frameId, keyId, counter }),
    );
    const additional = concat(encodeSFrameHeader(keyId, counter), head);
    const sealed = await sealBytes(this.key.key, sframeNonce(this.key, counter), additional, data);
    this.socket.deliver(concat(head, sealed));
    return this.frameId;
  }

  /** From the open socket to a live seat. */
  async letIn(): Promise<void> {
    await this.until("ViewerHello");
    this.welcome();
    await this.verify();
    await this.tell({ t: "ConsentPending", mode: "full", deadline_s: 60 });
    await this.tell({ t: "ConsentResult", granted: true, mode: "full" });
    await this.goLive();
  }

  /** What follows consent, and a resume. */
  async goLive(): Promise<void> {
    await this.newEpoch();
    await this.tell({ t: "ModeState", mode: "full", rights: { "input.pointer": { permit: "allow" } } });
    await this.tell({ t: "ScreenLayout", width: 4, height: 2, monitors: [] });
  }

  private flight(body: Bytes): void {
    const head = packHeader(header(MessageType.HANDSHAKE, { dst: SLOT, keyId: BigInt(this.link) }));
    this.socket.deliver(concat(head, body));
  }
}
