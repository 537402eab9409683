/** Rights as the interface asks for them: is it possible now, and if not, what took it away. */
import type { SessionView } from "../../core/api";
import type { Capability, Factor } from "../../protocol/generated";

/** What keeps somebody from doing something; `offline` while the session stands still. */
export type Obstacle = Factor | "offline";

/** The obstacle between the person and a capability, or `null`. The gate itself is at the agent (SPEC R6). */
export function obstacleTo(capability: Capability, view: SessionView): Obstacle | null {
  if (view.phase !== "live") return "offline";
  const right = view.rights[capability];
  if (right?.permit === "allow") return null;
  return right?.removed_by ?? "mode";
}

/** Tell whether a capability is there now. */
export function may(capability: Capability, view: SessionView): boolean {
  return obstacleTo(capability, view) === null;
}
