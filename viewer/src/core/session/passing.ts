/** What the host says that is no state of the view: it is passed on to the page as it comes. */
import type { HostToViewer } from "../../protocol/generated";

const MARK_TAGS = ["MemberLaser", "MemberLaserOff", "MemberStroke", "MarksCleared"] as const;
const TERMINAL_TAGS = ["TerminalOpened", "TerminalOutput", "TerminalClosed"] as const;

type MarkTag = (typeof MARK_TAGS)[number];
type TerminalTag = (typeof TERMINAL_TAGS)[number];

/** Somebody else's laser and lines. */
export type MarkMessage = Extract<HostToViewer, { t: MarkTag }>;
/** What a terminal says. */
export type TerminalMessage = Extract<HostToViewer, { t: TerminalTag }>;
export type Passing = MarkMessage | TerminalMessage;

const MARKS: ReadonlySet<string> = new Set(MARK_TAGS);
const TERMINALS: ReadonlySet<string> = new Set(TERMINAL_TAGS);

/** Tell whether it is about marks. */
export function isMark(message: { readonly t: string }): message is MarkMessage {
  return MARKS.has(message.t);
}

/** Tell whether it is to be passed on. */
export function isPassing(message: HostToViewer): message is Passing {
  return isMark(message) || TERMINALS.has(message.t);
}
