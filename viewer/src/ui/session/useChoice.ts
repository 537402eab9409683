import { useRef } from "react";

interface Choice {
  /** Note that something was chosen. */
  readonly choose: () => void;
  readonly onExitTransitionEnd: () => void;
}

/**
 * Calls back when a menu has gone after a choice. A menu that closes gives the focus back to its button; whoever chose
 * something goes on typing on the other PC, whoever pressed Escape stays in the toolbar.
 */
export function useChoice(onChosen: () => void): Choice {
  const chosen = useRef(false);
  return {
    choose: () => {
      chosen.current = true;
    },
    onExitTransitionEnd: () => {
      if (chosen.current) onChosen();
      chosen.current = false;
    },
  };
}
