/**
 * The keys of one socket: handshake, pairwise channel, media key (SPEC K). WebCrypto answers later; whoever calls
 * it waits for one call before the next, so messages are opened in the order of the wire.
 */
import type { HandshakeOrder } from "./actions";
import type { Verified } from "./machine";
import { Team } from "./team";
import { concat } from "../../crypto/bytes";
import type { Bytes } from "../../crypto/bytes";
import { OpenError } from "../../crypto/errors";
import { ViewerHandshake } from "../../crypto/handshake";
import { MediaReceiver } from "../../crypto/media";
import { type PairwiseChannel, viewerChannel } from "../../crypto/pairwise";
import { rosterHash, rosterMember, signatureRequired } from "../../crypto/roster";
import { encodeMessage, hostToViewer } from "../../protocol/codec";
import { ProtocolError } from "../../protocol/errors";
import {
  DST_HOST,
  type Epoch,
  type HostToViewer,
  MessageType,
  type ViewerToHost,
} from "../../protocol/generated";
import { bodyOf, type Header, header, packHeader } from "../../protocol/header";

/** What a flight of the host led to: our next flight, or what a finished handshake tells. */
export type FlightOutcome = { readonly send: Bytes } | Verified;

interface Run {
  readonly handshake: ViewerHandshake;
  proved: boolean;
}

export class Sealed {
  /** Whispers on this link. */
  readonly team: Team;
  private readonly slot: number;
  private readonly link: bigint;
  private run: Run | null;
  private channel: PairwiseChannel | null = null;
  private deviceKey: Bytes | null = null;
  private media: MediaReceiver | null = null;

  constructor(order: HandshakeOrder) {
    this.slot = order.slot;
    this.link = BigInt(order.link);
    this.team = new Team(order.context, this.slot, this.link);
    this.run = {
      handshake: new ViewerHandshake(order.context, order.credential, order.identity),
      proved: false,
    };
  }

  /** Flight 1 as a whole message. */
  async hello(): Promise<Bytes> {
    if (this.run === null) throw new ProtocolError("the handshake is over");
    return this.flight(await this.run.handshake.hello());
  }

  /**
   * Tell whether a message is for this link; one of an older link may still be on its way (SPEC C11).
   *
   * @throws ProtocolError it is for somebody else
   */
  concerns({ keyId, dst }: Header): boolean {
    if (dst !== this.slot) throw new ProtocolError(`a message for ${dst} reached slot ${this.slot}`);
    return keyId === this.link;
  }

  /** Take flight 2 or 4. Throws HandshakeError; ProtocolError `unexpected` where no handshake runs. */
  async take(message: Bytes): Promise<FlightOutcome> {
    const { run } = this;
    if (run === null) throw new ProtocolError("a flight while no handshake runs");
    if (!run.proved) {
      run.proved = true;
      return { send: this.flight(await run.handshake.prove(bodyOf(message))) };
    }
    this.run = null;
    const { keys, host } = await run.handshake.finish(bodyOf(message));
    this.channel = viewerChannel(keys);
    this.deviceKey = host.device_key;
    return { resume: keys.resume, modes: host.modes };
  }

  /** A message for the host, sealed and whole. */
  seal(message: ViewerToHost): Promise<Bytes> {
    if (this.channel === null) throw new ProtocolError("nothing to seal with", "internal");
    const head = header(MessageType.PAIRWISE, { dst: DST_HOST, keyId: this.link });
    return this.channel.sender.sealMessage(head, encodeMessage(message));
  }

  /** Open a message of the host. Throws DesyncError, OpenError, MalformedError. */
  async open(message: Bytes): Promise<HostToViewer> {
    if (this.channel === null) throw new ProtocolError("a sealed message before the handshake was over");
    return hostToViewer.decode(await this.channel.receiver.openMessage(message));
  }

  /** From now on frames of this epoch are opened, and no others. */
  async enter(message: Epoch): Promise<void> {
    if (this.deviceKey === null) throw new ProtocolError("an epoch before the handshake was over");
    this.team.meet(message.members);
    const members = message.members.map(rosterMember);
    const secrets = {
      epoch: BigInt(message.epoch),
      secret: new Uint8Array(message.secret),
      rosterHash: await rosterHash(members),
    };
    const policy = { deviceKey: this.deviceKey, required: signatureRequired(members) };
    this.media = await MediaReceiver.create(secrets, policy);
  }

  /**
   * The frame container inside a media message; `null` for one whose key is not here (any more) or that came twice.
   *
   * @throws OpenError the frame is not the host's (`tampered`, `unsigned`, `malformed`)
   */
  async openFrame(message: Bytes, { keyId }: Header): Promise<Bytes | null> {
    if (this.media?.epoch !== keyId) return null;
    try {
      return await this.media.openMessage(message);
    } catch (error) {
      if (error instanceof OpenError && error.kind === "replay") return null;
      throw error;
    }
  }

  private flight(body: Bytes): Bytes {
    return concat(packHeader(header(MessageType.HANDSHAKE, { dst: DST_HOST, keyId: this.link })), body);
  }
}
