/** What the page and the host's worker say to each other. */
import type { MarksView } from "../api";
import type { SessionKind } from "../../protocol/generated";
import type { HostView } from "./api";

export type ToHost =
  | {
      readonly t: "start";
      readonly url: string;
      readonly kind: SessionKind;
      readonly ticket: string | null;
      readonly name: string;
    }
  /** The frames of a capture, where the browser gives them as a stream. */
  | { readonly t: "frames"; readonly frames: ReadableStream<VideoFrame> }
  /** One frame, where it does not: sent as an answer to `want`, or `null` where nothing has changed. */
  | { readonly t: "frame"; readonly frame: VideoFrame | null }
  /** The capture is there again, or was stopped in the browser's own bar. */
  | { readonly t: "capture"; readonly sharing: boolean }
  | { readonly t: "answer"; readonly question: number; readonly yes: boolean }
  | { readonly t: "remove"; readonly person: number }
  | { readonly t: "allowMarks"; readonly person: number; readonly allowed: boolean }
  | { readonly t: "say"; readonly text: string }
  | { readonly t: "clearMarks" }
  | { readonly t: "nudge" }
  | { readonly t: "stop"; readonly reported?: boolean };

export type FromHost =
  | { readonly t: "view"; readonly view: HostView }
  | { readonly t: "marks"; readonly marks: MarksView }
  /** A frame may come, where they do not come by themselves. */
  | { readonly t: "want" }
  /** The last message: the socket is closed and the keys are forgotten. */
  | { readonly t: "finished" };
