/**
 * The host's one gate: may this message of this viewer be obeyed now? (SPEC R4-R9, G5)
 *
 * A browser shows its screen and nothing else: every capability but looking, pointing, drawing and talking is one
 * that this host does not have, whatever mode and role would permit.
 */
import {
  type Act,
  ACTS,
  CAPABILITIES,
  type Capability,
  type ErrorCode,
  type Factor,
  type Mode,
  NEEDS,
  type RightView,
  type ViewerToHost,
} from "../../protocol/generated";
import { effectiveRight, mayAct } from "../../protocol/rights";
import type { Seat } from "./seat";

const HERE: readonly Capability[] = [
  "screen.view",
  "screen.present",
  "point.laser",
  "point.annotate",
  "snapshot",
  "chat",
];
const NOT_HERE = CAPABILITIES.filter((capability) => !HERE.includes(capability));
const BEFORE_CONSENT: ReadonlySet<ViewerToHost["t"]> = new Set<ViewerToHost["t"]>([
  "Heartbeat",
  "Goodbye",
  "Decoders",
]);

/** Why a message is not obeyed. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly capability: Capability | null;
  readonly removedBy: Factor | null;
}

const OUT_OF_TURN: Refusal = { code: "unexpected", capability: null, removedBy: null };

/** What one viewer may do now, and the first factor that removed it. Nothing is ever asked at first use here. */
export function rightOf(capability: Capability, mode: Mode, seat: Seat): RightView {
  const given = { mode, role: seat.role, granted: [...seat.granted], unavailable: NOT_HERE, token: false };
  const { permit, removedBy } = effectiveRight(capability, given);
  return removedBy === null ? { permit } : { permit, removed_by: removedBy };
}

/** Everything that one viewer may do, as `ModeState` tells it. */
export function rightsOf(mode: Mode, seat: Seat): Readonly<Record<Capability, RightView>> {
  const rights = CAPABILITIES.map((capability) => [capability, rightOf(capability, mode, seat)] as const);
  return Object.fromEntries(rights) as Record<Capability, RightView>;
}

function isAct(needed: Capability | Act): needed is Act {
  return ACTS.some((act) => act === needed);
}

/** Decide on a message of this kind; `null` means that it may be obeyed. */
export function refusalOf(kind: ViewerToHost["t"], mode: Mode, seat: Seat): Refusal | null {
  // A kind that the table does not know is shut out, whatever the types say.
  if (!Object.hasOwn(NEEDS, kind)) return OUT_OF_TURN;
  if (seat.state !== "live" && !(seat.state === "asking" && BEFORE_CONSENT.has(kind))) return OUT_OF_TURN;
  const needed = NEEDS[kind];
  if (needed === null) return null;
  if (isAct(needed)) {
    if (mayAct(needed, seat.role)) return null;
    return { code: "not_permitted", capability: null, removedBy: "role" };
  }
  const right = rightOf(needed, mode, seat);
  if (right.permit === "allow") return null;
  return { code: "not_permitted", capability: needed, removedBy: right.removed_by ?? "mode" };
}
