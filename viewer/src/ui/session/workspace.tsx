import { createContext, type ReactElement, type ReactNode, use, useCallback, useMemo, useState } from "react";

import type { MarkTool } from "../../features/marks/pen";
import { WHOLE_SCREEN } from "../../features/session/monitors";

/** Tries within this time count as one: somebody who types on need not have the page drawn at every key. */
const TRY_MS = 500;

export type PanelName = "people" | "chat" | "admin";

/** How this person has arranged the page; nothing of it is known to anybody else. */
export interface Workspace {
  readonly panel: PanelName | null;
  readonly togglePanel: (panel: PanelName) => void;
  readonly closePanel: () => void;
  /** The mark tool in the hand; while there is one the pointer goes nowhere else. */
  readonly tool: MarkTool | null;
  readonly setTool: (tool: MarkTool | null) => void;
  /** The monitor looked at, 0 for all. */
  readonly monitor: number;
  readonly setMonitor: (monitor: number) => void;
  /** When (ms) the person last clicked in vain because another drives. */
  readonly triedAt: number;
  readonly noteTry: () => void;
  /** The keyboard goes to the other PC. */
  readonly toScreen: () => void;
}

const WorkspaceContext = createContext<Workspace | null>(null);

/** The arrangement of the page. */
export function useWorkspace(): Workspace {
  const workspace = use(WorkspaceContext);
  if (workspace === null) throw new Error("used outside of WorkspaceProvider");
  return workspace;
}

/** Holds the arrangement for everything inside. */
export function WorkspaceProvider(props: {
  readonly toScreen: () => void;
  readonly children: ReactNode;
}): ReactElement {
  const { toScreen } = props;
  const [panel, setPanel] = useState<PanelName | null>(null);
  const [tool, setTool] = useState<MarkTool | null>(null);
  const [monitor, setMonitor] = useState(WHOLE_SCREEN);
  const [triedAt, setTriedAt] = useState(0);
  const togglePanel = useCallback((name: PanelName) => setPanel((open) => (open === name ? null : name)), []);
  const closePanel = useCallback(() => setPanel(null), []);
  const noteTry = useCallback(
    () => setTriedAt((before) => Math.max(before, Date.now() - (Date.now() % TRY_MS))),
    [],
  );
  const value = useMemo(
    () => ({
      panel,
      togglePanel,
      closePanel,
      tool,
      setTool,
      monitor,
      setMonitor,
      triedAt,
      noteTry,
      toScreen,
    }),
    [panel, togglePanel, closePanel, tool, monitor, triedAt, noteTry, toScreen],
  );
  return <WorkspaceContext value={value}>{props.children}</WorkspaceContext>;
}
