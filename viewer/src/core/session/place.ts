/** Where the relay has put this viewer: session, link, slot, and the account it vouches for. */
import { hex } from "../../crypto/bytes";
import type { ViewerIdentity } from "../../crypto/flights";
import type { ChannelContext } from "../../crypto/schedule";
import type { SessionView } from "../api";
import type { Mode, SessionKind, ViewerWelcome } from "../../protocol/generated";

/** What the first message on a socket presents: a ticket the first time, then the token of the last welcome. */
export type Pass = { readonly ticket: string } | { readonly resume: string };

/** The account as the relay vouches for it; the handshake says the same, and the host compares (SPEC C8). */
export interface Account {
  readonly account_id: string;
  readonly display_name: string;
  readonly organisation: string;
}

export interface Place {
  readonly context: ChannelContext;
  readonly link: number;
  readonly slot: number;
  readonly account: Account;
  readonly resumeLifeMs: number;
  readonly kind: SessionKind;
  /** Who presents, in a presentation. */
  readonly hostName: string;
}

/** The place that a welcome gives. */
export function placeOf(welcome: ViewerWelcome): Place {
  const { account_id, display_name, organisation } = welcome;
  return {
    context: { relayOrigin: welcome.origin, sessionId: new Uint8Array(welcome.session_id) },
    link: welcome.link,
    slot: welcome.slot,
    account: { account_id, display_name, organisation },
    resumeLifeMs: welcome.resume_life_s * 1000,
    kind: welcome.kind ?? "support",
    hostName: welcome.host_name ?? "",
  };
}

/** Tell whether two places are in the same session of the same relay. */
export function sameSession(one: Place, other: Place): boolean {
  const [a, b] = [one.context, other.context];
  return a.relayOrigin === b.relayOrigin && a.sessionId.every((byte, i) => byte === b.sessionId[i]);
}

/** What this viewer says of itself in the handshake: nobody asks for a mode in a presentation (SPEC G12). */
export function identityAt({ account, kind }: Place, mode: Mode): ViewerIdentity {
  return { ...account, mode: kind === "presentation" ? "demo" : mode, org_certificate: new Uint8Array() };
}

/** What a place shows. */
export function arrivedView({ slot, account, kind, hostName, context }: Place): Partial<SessionView> {
  return {
    self: { slot, name: account.display_name },
    kind,
    hostName: kind === "presentation" ? hostName : null,
    sessionId: hex(context.sessionId),
  };
}
