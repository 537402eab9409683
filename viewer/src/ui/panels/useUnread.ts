import { useState } from "react";

import { type ChatTab, linesOf, unreadIn } from "../../features/team/unread";
import { useSession } from "../services";

/** How many lines of each room this person has not seen; what is on the screen counts as seen. */
export function useUnread(shown: ChatTab | null): Readonly<Record<ChatTab, number>> {
  const { lines, self } = useSession();
  const [read, setRead] = useState<Readonly<Record<ChatTab, string | null>>>({ all: null, team: null });
  if (shown !== null) {
    const last = linesOf(lines, shown).at(-1)?.key ?? null;
    // Adjusting state while rendering is React's own way to follow a value without drawing the old one first.
    if (last !== read[shown]) setRead({ ...read, [shown]: last });
  }
  const count = (tab: ChatTab): number => (tab === shown ? 0 : unreadIn(lines, tab, read[tab], self?.slot));
  return { all: count("all"), team: count("team") };
}
