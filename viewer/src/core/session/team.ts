/** Whispers of the team on one link: who can be reached, sealing to each, opening from each (SPEC T2-T5). */
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
import { type Member, MessageType, type Whisper } from "../../protocol/generated";
import { type Header, header } from "../../protocol/header";
import { mayWhisper } from "../../protocol/rights";

// More members and keys than anybody meets on one link.
const MAX_TIES = 64;

/** Both directions with one member, by one key of theirs. */
interface Tie {
  readonly sender: WhisperSender;
  readonly receiver: WhisperReceiver;
}

/** A whisper that was opened, and who said it. */
export interface HeardWhisper {
  readonly from: Member;
  readonly whisper: Whisper;
}

function teamKeyOf(member: Member | undefined): Bytes | null {
  const given = member?.team_key ?? null;
  return given === null ? null : new Uint8Array(given);
}

/** Those in the list who hear this slot's whispers; nobody before its own key has reached the list. */
export function listenersOf(members: readonly Member[], slot: number): readonly Member[] {
  const self = members.find((member) => member.slot === slot);
  if (self === undefined || teamKeyOf(self) === null) return [];
  return members.filter(
    (other) => other.slot !== slot && teamKeyOf(other) !== null && mayWhisper(self.role, other.role),
  );
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

  /** The whole messages to be sent, one for each who hears it; none where nobody does. */
  async seal(whisper: Whisper): Promise<readonly Bytes[]> {
    const { own } = this;
    const listed = teamKeyOf(this.members.find((member) => member.slot === this.slot));
    if (own === null || listed === null || !equalInConstantTime(listed, own.public)) return [];
    const body = encodeMessage(whisper);
    const sealed: Bytes[] = [];
    for (const listener of listenersOf(this.members, this.slot)) {
      const tie = await this.tie(own, listener);
      const head = header(MessageType.TEAM, { dst: listener.slot, keyId: this.link });
      if (tie !== null) sealed.push(await tie.sender.sealMessage(head, body));
    }
    return sealed;
  }

  /** Open what came from another viewer; `null` for whatever does not open, comes again or may not be said. */
  async open(message: Bytes, { dst, keyId }: Header): Promise<HeardWhisper | null> {
    const { own } = this;
    const self = this.members.find((member) => member.slot === this.slot);
    const from = this.members.find((member) => BigInt(member.link) === keyId);
    if (own === null || dst !== this.slot || self === undefined || from === undefined || from === self)
      return null;
    if (!mayWhisper(from.role, self.role)) return null;
    try {
      const tie = await this.tie(own, from);
      if (tie === null) return null;
      return { from, whisper: viewerToViewer.decode(await tie.receiver.openMessage(message)) };
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
