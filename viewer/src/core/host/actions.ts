/** What the host's machine wants done; the worker's shell does it, in this order. */
import type { Credential } from "../../crypto/schedule";
import type { AgentToRelay, HostToViewer, Member, Quality } from "../../protocol/generated";

export type HostAction =
  /** Open a new socket; an old one is closed already. */
  | { readonly do: "connect" }
  /** Close the socket when everything has been sent, and forget the keys of all links. */
  | { readonly do: "disconnect" }
  | { readonly do: "relay"; readonly message: AgentToRelay }
  /** Seal and send; without keys on that link there is nobody to tell. */
  | { readonly do: "tell"; readonly slot: number; readonly link: number; readonly message: HostToViewer }
  | { readonly do: "flight"; readonly slot: number; readonly link: number; readonly body: Uint8Array }
  /** Forget what belongs to a link. */
  | { readonly do: "forget"; readonly link: number }
  /** A fresh media key for these members, told to each of them before anything is sealed with it. */
  | { readonly do: "epoch"; readonly epoch: number; readonly members: readonly Member[] }
  /** Whether anybody is there to see the picture. */
  | { readonly do: "watch"; readonly watched: boolean }
  | { readonly do: "keyframe" }
  | { readonly do: "acked"; readonly frameId: number }
  | { readonly do: "quality"; readonly quality: Quality }
  /** Nothing follows any more. */
  | { readonly do: "finish" };

/** A finished handshake as the machine hears of it. */
export interface Accepted {
  readonly flight: Uint8Array;
  readonly resume: Credential;
  readonly accountId: string;
  readonly displayName: string;
  readonly organisation: string;
}
