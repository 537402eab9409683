/** What the main thread and the session worker say to each other. */
import type { Outgoing, SessionView } from "./api";
import type { Mode, Quality } from "../protocol/generated";
import type { Drawing } from "./display/ops";

export type ToWorker =
  | {
      readonly t: "join";
      readonly url: string;
      readonly ticket: string;
      /** The six secret digits; they go into the handshake and nowhere else. */
      readonly digits: string;
      readonly mode: Mode;
      readonly quality: Quality;
    }
  | { readonly t: "send"; readonly message: Outgoing }
  | { readonly t: "mode"; readonly mode: Mode }
  | { readonly t: "quality"; readonly quality: Quality }
  | { readonly t: "drawn"; readonly frameId: number }
  | { readonly t: "nudge" }
  | { readonly t: "leave" };

export type FromWorker =
  | { readonly t: "view"; readonly view: SessionView }
  | { readonly t: "drawing"; readonly drawing: Drawing }
  /** The last message: the socket is closed and the keys are forgotten. */
  | { readonly t: "finished" };
