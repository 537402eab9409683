/**
 * The host's keys: handshakes and channels by link, and the media key of the epoch (SPEC K).
 *
 * WebCrypto answers later; whoever calls waits for one call before the next, so counters follow the order of the wire.
 */
import { type Bytes, concat, randomBytes } from "../../crypto/bytes";
import { type CredentialKind, decodeFlight, type HostIdentity } from "../../crypto/flights";
import { type CredentialLookup, HostHandshake } from "../../crypto/handshake";
import { type DeviceKey, MediaSender } from "../../crypto/media_sender";
import { hostChannel, type PairwiseChannel } from "../../crypto/pairwise";
import { rosterHash, rosterMember, signatureRequired } from "../../crypto/roster";
import type { ChannelContext } from "../../crypto/schedule";
import { viewerToHost } from "../../protocol/codec";
import { ProtocolError } from "../../protocol/errors";
import {
  Flags,
  type HostToViewer,
  type Member,
  MessageType,
  type SessionKind,
  type ViewerToHost,
} from "../../protocol/generated";
import { header, packHeader } from "../../protocol/header";
import type { Accepted } from "./actions";
import { viewerBody } from "./wire";

const EPOCH_SECRET_BYTES = 32;

/** Flight 2, and which secret the run goes by. */
export interface Offered {
  readonly flight: Bytes;
  readonly kind: CredentialKind;
}

export class Vault {
  private readonly runs = new Map<number, HostHandshake>();
  private readonly channels = new Map<number, PairwiseChannel>();
  private media: MediaSender | null = null;

  constructor(
    private readonly device: DeviceKey,
    private readonly version: string,
    private readonly kind: SessionKind,
  ) {}

  private get identity(): HostIdentity {
    const mode = this.kind === "presentation" ? "demo" : "observer";
    const { raw } = this.device;
    return { device_key: raw, agent_version: this.version, modes: [mode], recording: "off", flags: 0 };
  }

  /** Whether a run on this link waits for flight 3. */
  isRunning(link: number): boolean {
    return this.runs.has(link);
  }

  /** Take flight 1 and make flight 2. Throws HandshakeError. */
  async offer(
    link: number,
    context: ChannelContext,
    body: Bytes,
    lookup: CredentialLookup,
  ): Promise<Offered> {
    const { kind } = decodeFlight(body, 1);
    const run = new HostHandshake(context, this.identity, lookup);
    const flight = await run.offer(body);
    this.channels.delete(link);
    this.runs.set(link, run);
    return { flight, kind };
  }

  /** Take flight 3: the channel of this link opens. Throws HandshakeError; the run is over either way. */
  async accept(link: number, body: Bytes): Promise<Accepted> {
    const run = this.runs.get(link);
    if (run === undefined) throw new ProtocolError("no handshake runs on this link", "unexpected");
    this.runs.delete(link);
    const { flight, keys, viewer } = await run.accept(body);
    this.channels.set(link, hostChannel(keys));
    const { account_id: accountId, display_name: displayName, organisation } = viewer;
    return { flight, resume: keys.resume, accountId, displayName, organisation };
  }

  /** A flight as a whole message. */
  flight(slot: number, link: number, body: Uint8Array): Bytes {
    return concat(packHeader(header(MessageType.HANDSHAKE, { dst: slot, keyId: BigInt(link) })), body);
  }

  has(link: number): boolean {
    return this.channels.has(link);
  }

  /** Open a message of a viewer. Throws DesyncError, OpenError, ProtocolError. */
  async open(link: number, message: Bytes): Promise<ViewerToHost> {
    const channel = this.channels.get(link);
    if (channel === undefined) throw new ProtocolError("a sealed message before the handshake was over");
    return viewerToHost.decode(await channel.receiver.openMessage(message));
  }

  /** A whole message for a viewer; `null` where there are no keys on this link (any more). */
  async seal(slot: number, link: number, message: HostToViewer): Promise<Bytes | null> {
    const channel = this.channels.get(link);
    if (channel === undefined) return null;
    const head = header(MessageType.PAIRWISE, { dst: slot, keyId: BigInt(link) });
    return channel.sender.sealMessage(head, viewerBody(message));
  }

  /** A fresh media key for these members; the answer is its secret, which goes to each of them. */
  async renew(epoch: number, members: readonly Member[]): Promise<Bytes> {
    const secret = randomBytes(EPOCH_SECRET_BYTES);
    this.media = null;
    if (members.length === 0) return secret;
    const roster = members.map(rosterMember);
    const secrets = { epoch: BigInt(epoch), secret, rosterHash: await rosterHash(roster) };
    const signer = signatureRequired(roster) ? this.device.sign : null;
    this.media = await MediaSender.create(secrets, signer);
    return secret;
  }

  /** A whole media message; `null` where nobody holds a key. */
  async sealFrame(frameId: number, keyframe: boolean, data: Bytes): Promise<Bytes | null> {
    if (this.media === null) return null;
    const flags = Flags.DROPPABLE | (keyframe ? Flags.KEYFRAME : 0);
    return this.media.sealMessage(header(MessageType.MEDIA, { flags, dst: 0, frameId }), data);
  }

  forget(link: number): void {
    this.runs.delete(link);
    this.channels.delete(link);
  }

  forgetAll(): void {
    this.runs.clear();
    this.channels.clear();
    this.media = null;
  }
}
