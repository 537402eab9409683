/** Which mode can be asked for now, and what keeps the others away. */
import type { CalmView } from "../../core/api";
import { LADDER, type Mode } from "../../protocol/generated";
import { mayAct } from "../../protocol/rights";
import { ownRole } from "../team/people";
import type { Obstacle } from "./rights";

/** `account`: the account was not given administrator tools. */
export type ModeObstacle = Obstacle | "account";

/** Whether a change asks the customer. */
export function isStepUp(current: Mode, wanted: Mode): boolean {
  return wanted === "demo" || LADDER.indexOf(wanted) > LADDER.indexOf(current);
}

/** What keeps a person from a mode; `adminTools`: the account's own flag (SPEC V1). */
export function obstacleToMode(wanted: Mode, view: CalmView, adminTools: boolean): ModeObstacle | null {
  if (view.phase !== "live" || view.mode === null) return "offline";
  if (wanted === view.mode) return null;
  if (view.kind === "presentation") return "mode";
  const role = ownRole(view);
  // Leaving a demo is a step down: it leads to observer, and to nothing else.
  if (view.mode === "demo" && wanted !== "observer") return "mode";
  const act = isStepUp(view.mode, wanted) ? "raise_mode" : "lower_mode";
  if (role === null || !mayAct(act, role)) return "role";
  if (wanted === "administrator" && !adminTools) return "account";
  if (view.hostModes !== undefined && !view.hostModes.includes(wanted)) return "platform";
  return null;
}
