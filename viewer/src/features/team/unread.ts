/** Which lines of the chat have been read. */
import type { LineView } from "../../core/api";

export type ChatTab = "all" | "team";

/** The lines of one tab. */
export function linesOf<L extends Pick<LineView, "whisper">>(
  lines: readonly L[],
  tab: ChatTab,
): readonly L[] {
  return lines.filter((line) => line.whisper === (tab === "team"));
}

/** The lines of others that came after the last one that was read; `read` is that line's key. */
export function unreadIn(
  lines: readonly LineView[],
  tab: ChatTab,
  read: string | null,
  own: number | undefined,
): number {
  const all = linesOf(lines, tab);
  const from = read === null ? 0 : all.findIndex((line) => line.key === read) + 1;
  return all.slice(from).filter((line) => line.slot !== own).length;
}
