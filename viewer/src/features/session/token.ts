/** Who drives, as the interface says it (SPEC G2-G7). */
import type { CalmView } from "../../core/api";
import { ownRole } from "../team/people";
import { type Obstacle, obstacleTo } from "./rights";
import { mayAct } from "../../protocol/rights";

/** `nobody`: a mode in which only the person at the PC uses it. */
export type Driver =
  | { readonly kind: "you" | "customer" | "nobody" }
  | { readonly kind: "member"; readonly slot: number; readonly name: string };

/** Who has mouse and keyboard of the customer's PC now. */
export function driverOf(view: CalmView): Driver {
  const holder = view.token?.holder ?? null;
  if (holder === null) return { kind: "nobody" };
  if (holder === 0) return { kind: "customer" };
  if (holder === view.self?.slot) return { kind: "you" };
  const member = view.members.find(({ slot }) => slot === holder);
  // Whoever is not in (any more) drives nothing.
  return member === undefined
    ? { kind: "nobody" }
    : { kind: "member", slot: holder, name: member.display_name };
}

/** Who gets the token next by itself, and when (ms, `Date.now()`); `null` where it stays. */
export function nextDriver(view: CalmView): { readonly driver: Driver; readonly at: number } | null {
  const { token } = view;
  const at = token?.returnsAt ?? null;
  if (token === null || at === null) return null;
  return { driver: driverOf({ ...view, token: { ...token, holder: token.nextSlot } }), at };
}

function noInput(view: CalmView): Obstacle | null {
  const obstacle = obstacleTo("input.pointer", view);
  return obstacle === "token" ? null : obstacle;
}

/** What keeps this person from taking control. */
export function obstacleToTaking(view: CalmView): Obstacle | null {
  if (view.phase !== "live") return "offline";
  const role = ownRole(view);
  if (role !== null && !mayAct("take_control", role)) return "role";
  return noInput(view);
}

/** What keeps a supervisor from the micro-handover; grants are not among it (SPEC G7). */
export function obstacleToShowing(view: CalmView): Obstacle | null {
  if (view.phase !== "live") return "offline";
  const obstacle = noInput(view);
  return obstacle === "grant" ? null : obstacle;
}

/** Tell whether input failed for the token alone: nothing is wrong, somebody else is driving. */
export function waitsForToken(view: CalmView): boolean {
  return obstacleTo("input.pointer", view) === "token";
}
