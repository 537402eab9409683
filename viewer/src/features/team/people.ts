/** The people of a session, and what each may do to the others (SPEC G1-G10). */
import type { CalmView } from "../../core/api";
import { hearersOf } from "../../core/session/team";
import {
  type Act,
  type Capability,
  type Member,
  MODE_TABLE,
  NEEDS_GRANT,
  PERSON_COLOURS,
  type Role,
  ROLE_CEILING,
} from "../../protocol/generated";
import { mayAct } from "../../protocol/rights";

/** The slot of the person at the host. */
export const HOST_SLOT = 0;

/** The colour of a person, the same on every screen. */
export function colourOf(slot: number): string {
  return PERSON_COLOURS[slot] ?? PERSON_COLOURS[HOST_SLOT] ?? "#6b7280";
}

/** What a name is shortened to in a circle. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
  return (
    letters
      .map((word) => Array.from(word ?? "")[0] ?? "")
      .join("")
      .toLocaleUpperCase() || "?"
  );
}

/** One's own role; `null` before the list of members has come. */
export function ownRole(view: CalmView): Role | null {
  return view.members.find((member) => member.slot === view.self?.slot)?.role ?? null;
}

/** Tell whether one's own role may do this at all. */
export function iMay(act: Act, view: CalmView): boolean {
  const role = ownRole(view);
  return role !== null && mayAct(act, role);
}

/** Tell whether the lead may be this member. */
export function mayLead(member: Member): boolean {
  return mayAct("become_lead", member.role);
}

/** Tell whether a member may be sent away by this side: never the lead by a supervisor, never oneself. */
export function mayRemove(member: Member, view: CalmView): boolean {
  if (!iMay("remove", view) || member.slot === view.self?.slot) return false;
  return member.role !== "lead";
}

/** A toggle of the lead: a few capabilities that belong together in people's minds. */
export interface GrantGroup {
  readonly name:
    "input" | "special" | "marks" | "view" | "clipboard" | "files" | "system" | "terminal" | "administration";
  readonly capabilities: readonly Capability[];
}

const GROUPS: readonly GrantGroup[] = [
  { name: "view", capabilities: ["screen.view", "snapshot"] },
  { name: "marks", capabilities: ["point.laser", "point.annotate"] },
  { name: "input", capabilities: ["input.pointer", "input.text", "input.keys"] },
  { name: "special", capabilities: ["input.special"] },
  { name: "clipboard", capabilities: ["clipboard.to_customer", "clipboard.from_customer"] },
  { name: "files", capabilities: ["file.send", "file.fetch", "file.browse"] },
  {
    name: "system",
    capabilities: ["system.info", "system.processes.list", "system.processes.end", "system.services"],
  },
  { name: "terminal", capabilities: ["terminal.user", "terminal.admin", "script.run"] },
  {
    name: "administration",
    capabilities: [
      "elevate",
      "power.logoff",
      "power.reboot",
      "power.safe_mode",
      "session.hold",
      "session.reconnect",
      "input.block_local",
      "screen.blank",
    ],
  },
];

/** What the lead may toggle for a role: needs a grant and is not above the role's ceiling. */
export function grantable(role: Role): readonly GrantGroup[] {
  const fits = (capability: Capability): boolean =>
    NEEDS_GRANT[role].includes(capability) && ROLE_CEILING[role].includes(capability);
  return GROUPS.map((group) => ({ ...group, capabilities: group.capabilities.filter(fits) })).filter(
    (group) => group.capabilities.length > 0,
  );
}

/** How much of a group a member has. */
export function grantedOf(group: GrantGroup, granted: readonly Capability[]): "all" | "some" | "none" {
  const count = group.capabilities.filter((capability) => granted.includes(capability)).length;
  if (count === 0) return "none";
  return count === group.capabilities.length ? "all" : "some";
}

/** Why a group is of no use now, whoever has it: the mode, or the PC itself; `null` where it is of use. */
export function uselessBy(group: GrantGroup, view: CalmView): "mode" | "platform" | null {
  const { mode, rights } = view;
  const inMode = group.capabilities.filter((one) => mode !== null && MODE_TABLE[mode][one] !== "never");
  if (inMode.length === 0) return "mode";
  return inMode.every((one) => rights[one]?.removed_by === "platform") ? "platform" : null;
}

/** Who hears one's own whispers now. */
export function whisperHearers(view: CalmView): readonly Member[] {
  return view.self === null ? [] : hearersOf(view.members, view.self.slot);
}
