/** Rights as the interface asks for them: is it possible now, and if not, what took it away. */
import type { CalmView } from "../../core/api";
import type { Capability, Factor, RightView } from "../../protocol/generated";

/** What keeps somebody from doing something; `offline` while the session stands still. */
export type Obstacle = Factor | "offline";

const BY_TOKEN: ReadonlySet<Capability> = new Set<Capability>([
  "input.pointer",
  "input.text",
  "input.keys",
  "input.special",
]);

/** Who holds the token is told sooner than the rights that follow from it. */
function withToken(capability: Capability, right: RightView | undefined, view: CalmView): Obstacle | null {
  const removed = right?.removed_by ?? "mode";
  if (!BY_TOKEN.has(capability) || view.token === null) return right?.permit === "never" ? removed : null;
  const barred = right?.permit === "never" && removed !== "token";
  if (barred) return removed;
  return view.token.holder === view.self?.slot ? null : "token";
}

/**
 * The obstacle between the person and a capability, or `null`: also where the customer will be asked first.
 * The gate itself is at the agent (SPEC R6).
 */
export function obstacleTo(capability: Capability, view: CalmView): Obstacle | null {
  if (view.phase !== "live") return "offline";
  const right = view.rights[capability];
  if (right === undefined) return "mode";
  return withToken(capability, right, view);
}

/** Tell whether the customer is asked before this is done. */
export function asksFor(capability: Capability, view: CalmView): boolean {
  const permit = view.rights[capability]?.permit;
  return obstacleTo(capability, view) === null && permit !== "allow" && permit !== "never";
}

/** Tell whether a capability is there now, without asking anybody. */
export function may(capability: Capability, view: CalmView): boolean {
  return obstacleTo(capability, view) === null && !asksFor(capability, view);
}
