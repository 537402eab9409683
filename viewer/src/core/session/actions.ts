/** What the session wants done. The worker's shell does it, in this order. */
import type { ChannelContext, Credential } from "../../crypto/schedule";
import type { ViewerIdentity } from "../../crypto/flights";
import type { Passing } from "./passing";
import type { Epoch, ViewerToHost, ViewerToRelay, ViewerToViewer } from "../../protocol/generated";

/** One handshake to be run on a link. */
export interface HandshakeOrder {
  readonly link: number;
  readonly slot: number;
  readonly context: ChannelContext;
  readonly credential: Credential;
  readonly identity: ViewerIdentity;
}

export type Action =
  /** Open a new socket; an old one is closed already. */
  | { readonly do: "connect" }
  /** Close the socket, when everything has been sent, and forget the keys. */
  | { readonly do: "disconnect" }
  /** Forget the keys: the link is another one from now on. */
  | { readonly do: "forget" }
  | { readonly do: "relay"; readonly message: ViewerToRelay }
  /** Send flight 1; what follows comes back as `verified`. */
  | { readonly do: "handshake"; readonly order: HandshakeOrder }
  | { readonly do: "tell"; readonly message: ViewerToHost }
  /** Frames of this epoch can be opened from now on. */
  | { readonly do: "epoch"; readonly epoch: Epoch }
  /** Make a key for whispers on this link and tell the host its public half (SPEC T2). */
  | { readonly do: "team_key" }
  /** Seal to each of these slots that can be reached. */
  | { readonly do: "whisper"; readonly message: ViewerToViewer; readonly slots: readonly number[] }
  /** Not of the view: the page has its own place for it. */
  | { readonly do: "pass"; readonly message: Passing }
  /** Nothing follows any more. */
  | { readonly do: "finish" };
