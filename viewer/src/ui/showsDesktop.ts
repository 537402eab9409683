import type { CalmView } from "../core/api";

/** The desktop belongs on the page from the host's consent until the end, through every interruption. */
export function showsDesktop(view: CalmView): boolean {
  return view.mode !== null && ["live", "reconnecting", "host_away"].includes(view.phase);
}
