/** Who is in a session, as bytes that have one form only, and their hash, which enters the media key (SPEC K15). */
import type { Member } from "../protocol/generated";
import { type Bytes, lv, u64, utf8 } from "./bytes";
import { OpenError } from "./errors";

const LABEL = "relevo1 roster";

/**
 * One who can open the frames of an epoch besides the host.
 *
 * `slot` is the destination in headers (1 to 5 for viewers), `linkId` the key id of the pairwise channel.
 */
export interface RosterMember {
  readonly slot: number;
  readonly role: string;
  readonly accountId: string;
  readonly displayName: string;
  readonly organisation: string;
  readonly linkId: bigint;
}

/** A member as an `Epoch` message lists them. */
export function rosterMember(member: Member): RosterMember {
  return {
    slot: member.slot,
    role: member.role,
    accountId: member.account_id,
    displayName: member.display_name,
    organisation: member.organisation,
    linkId: BigInt(member.link),
  };
}

function memberBytes(member: RosterMember): Bytes {
  const texts = [member.role, member.accountId, member.displayName, member.organisation];
  return lv(Uint8Array.of(member.slot), ...texts.map(utf8), u64(member.linkId));
}

/** The list in its one form, by rising slot. Throws OpenError `malformed` where two members have the same slot. */
export function encodeRoster(members: readonly RosterMember[]): Bytes {
  const ordered = [...members].sort((a, b) => a.slot - b.slot);
  if (new Set(ordered.map((member) => member.slot)).size !== ordered.length) {
    throw new OpenError("malformed", "two members of the roster have the same slot");
  }
  return lv(utf8(LABEL), ...ordered.map(memberBytes));
}

/** SHA-256 of the list's one form, 32 bytes. */
export async function rosterHash(members: readonly RosterMember[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", encodeRoster(members)));
}

/** Tell whether frames must be signed: two or more hold the key, so that one of them could forge (SPEC K16). */
export function signatureRequired(members: readonly RosterMember[]): boolean {
  return members.length > 1;
}
