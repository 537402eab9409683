/** What the main thread and the session worker say to each other. */
import type { Outgoing, SessionView } from "./api";
import type { Mode, Quality } from "../protocol/generated";
import type { Credential } from "../crypto/schedule";
import type { Drawing } from "./display/ops";
import type { Passing } from "./session/passing";

export type ToWorker =
  | {
      readonly t: "join";
      readonly url: string;
      readonly ticket: string;
      /** The secret digits or an invitation's secret; it goes into the handshake and nowhere else. */
      readonly credential: Credential;
      readonly mode: Mode;
      readonly quality: Quality;
    }
  | { readonly t: "send"; readonly message: Outgoing }
  | { readonly t: "whisper"; readonly text: string }
  | { readonly t: "quality"; readonly quality: Quality }
  /** A frame is on the canvas; its buffer comes back. */
  | { readonly t: "drawn"; readonly frameId: number; readonly buffer: ArrayBuffer }
  /** What was on the canvas is gone. */
  | { readonly t: "blank" }
  | { readonly t: "nudge" }
  | { readonly t: "leave" };

export type FromWorker =
  /** What has changed in the view; the first one is whole. */
  | { readonly t: "view"; readonly view: Partial<SessionView> }
  /** Marks of others and what terminals say, as they come. */
  | { readonly t: "told"; readonly message: Passing }
  | { readonly t: "drawing"; readonly drawing: Drawing }
  /** The last message: the socket is closed and the keys are forgotten. */
  | { readonly t: "finished" };
