/** Whispers of the team on one link: who can be reached, sealing to each, opening from each (SPEC T2-T5, T9). */
import type { Bytes } from "../../crypto/bytes";
import { equalInConstantTime, hex } from "../../crypto/bytes";
import { CryptoError } from "../../crypto/errors";
import type { ChannelContext } from "../../crypto/schedule";
import {
  newTeamKey,
  type TeamKeyPair,
  whisperKeys,
  WhisperReceiver,
  WhisperSender,
} from "../../crypto/whisper";
import { encodeMessage, viewerToViewer } from "../../protocol/codec";
import { ProtocolError } from "../../protocol/errors";
import { type Member, MessageType, type ViewerToViewer } from "../../protocol/generated";
import { type Header, header } from "../../protocol/header";
import { mayWhisper } from "../../protocol/rights";

// More members and keys than anybody meets on one link.
const MAX_TIES = 64;

/** Both directions with one member, by one key of theirs. */
interface Tie {
  readonly sender: WhisperSender;
  readonly receiver: WhisperReceiver;
}

/** What another viewer said, opened, and who it was. */
export interface Overheard {
  readonly from: Member;
  readonly message: ViewerToViewer;
}

function teamKeyOf(member: Member | undefined): Bytes | null {
  const given = member?.team_key ?? null;
  return given === null ? null : new Uint8Array(given);
}

/** Those in the list who may hear this slot's whispers (SPEC T4). */
export function hearersOf(members: readonly Member[], slot: number): readonly Member[] {
  const self = members.find((member) => member.slot === slot);
  if (self === undefined) return [];
  return members.filter((other) => other.slot !== slot && mayWhisper(self.role, other.role));
}

/** Those of them who can be reached now; nobody before this slot's own key has reached the list. */
export function listenersOf(members: readonly Member[], slot: number): readonly Member[] {
  if (teamKeyOf(members.find((member) => member.slot === slot)) === null) return [];
  return hearersOf(members, slot).filter((other) => teamKeyOf(other) !== null);
}

export class Team {
  private own: TeamKeyPair | null = null;
  private members: readonly Member[] = [];
  /** Kept as long as the own key: begun anew, a host that lists somebody twice would have counters used twice. */
  private readonly ties = new Map<string, Tie>();

  constructor(
    private readonly context: ChannelContext,
    private readonly slot: number,
    private readonly link: bigint,
  ) {}

  /** Make this link's key; the public half is told to the host, which passes it on. */
  async newKey(): Promise<Bytes> {
    this.own = await newTeamKey();
    this.ties.clear();
    return this.own.public;
  }

  /** The list of a new epoch. */
  meet(members: readonly Member[]): void {
    this.members = members;
  }

  /** The whole messages to be sent, one for each of these slots that can be reached; none where none can. */
  async seal(message: ViewerToViewer, slots: readonly number[]): Promise<readonly Bytes[]> {
    const { own } = this;
    const listed = teamKeyOf(this.members.find((member) => member.slot === this.slot));
    if (own === null || listed === null || !equalInConstantTime(listed, own.public)) return [];
    const body = encodeMessage(message);
    const sealed: Bytes[] = [];
    for (const listener of listenersOf(this.members, this.slot)) {
      if (!slots.includes(listener.slot)) continue;
      const tie = await this.tie(own, listener);
      const head = header(MessageType.TEAM, { dst: listener.slot, keyId: this.link });
      if (tie !== null) sealed.push(await tie.sender.sealMessage(head, body));
    }
    return sealed;
  }

  /** Open what came from another viewer; `null` for whatever does not open, comes again or may not be said. */
  async open(message: Bytes, { dst, keyId }: Header): Promise<Overheard | null> {
    const { own } = this;
    const self = this.members.find((member) => member.slot === this.slot);
    const from = this.members.find((member) => BigInt(member.link) === keyId);
    if (own === null || dst !== this.slot || self === undefined || from === undefined || from === self)
      return null;
    if (!mayWhisper(from.role, self.role)) return null;
    try {
      const tie = await this.tie(own, from);
      if (tie === null) return null;
      return { from, message: viewerToViewer.decode(await tie.receiver.openMessage(message)) };
    } catch (error) {
      // T5: what a member says ends nothing.
      if (error instanceof ProtocolError) return null;
      throw error;
    }
  }

  private async tie(own: TeamKeyPair, member: Member): Promise<Tie | null> {
    const key = teamKeyOf(member);
    // One's own key in another's name would make both directions one.
    if (key === null || equalInConstantTime(key, own.public)) return null;
    const name = `${member.link} ${hex(key)}`;
    const known = this.ties.get(name);
    if (known !== undefined) return known;
    if (this.ties.size >= MAX_TIES) return null;
    try {
      const tie = {
        sender: new WhisperSender(await whisperKeys(this.context, own, key, "own")),
        receiver: new WhisperReceiver(await whisperKeys(this.context, own, key, "theirs")),
      };
      this.ties.set(name, tie);
      return tie;
    } catch (error) {
      // A member whose key is no key cannot be reached; the others can.
      if (error instanceof CryptoError) return null;
      throw error;
    }
  }
}
