/**
 * The effective right of one participant, exactly as `relevo_protocol.rights` (SPEC R4, R5, G5, T4).
 *
 * The interface greys buttons by it and the simulator page explains by it; the host decides. Both languages are held
 * to `vectors/rights/grid.json`.
 */
import {
  type Act,
  CAPABILITIES,
  type Capability,
  type Factor,
  MODE_TABLE,
  type Mode,
  NEEDS_GRANT,
  type Permit,
  type Policy,
  type Role,
  ROLE_ACTS,
  ROLE_CEILING,
  type SessionKind,
} from "./generated";

/** The answer: what is permitted, and the first factor that removed something (`null` if none did). */
export interface Right {
  readonly permit: Permit;
  readonly removedBy: Factor | null;
}

type Policies = Readonly<Partial<Record<Capability, Policy>>>;

/** Everything an effective right depends on; what is not given removes nothing. */
export interface Circumstances {
  readonly mode: Mode;
  /** `lead` where it is not given. */
  readonly role?: Role;
  readonly policy?: Policies;
  readonly granted?: readonly Capability[];
  readonly refused?: readonly Capability[];
  readonly consented?: readonly Capability[];
  readonly floor?: Policies;
  readonly unavailable?: readonly Capability[];
  /** False where it is not given. */
  readonly adminTools?: boolean;
  /** Whether this participant holds the control token (SPEC G2); true where it is not given. */
  readonly token?: boolean;
}

const INPUT: readonly Capability[] = ["input.pointer", "input.text", "input.keys", "input.special"];
const ADMIN: readonly Capability[] = [
  ...CAPABILITIES.filter((capability) => MODE_TABLE.administrator[capability] === "elevated"),
  "session.hold",
  "session.reconnect",
  "power.logoff",
  "power.reboot",
  "elevate",
];

/** Tell whether a role may do this at all. */
export function mayAct(act: Act, role: Role): boolean {
  return ROLE_ACTS[act].includes(role);
}

/** Tell whether two members of the team hear each other's whispers (SPEC T4). */
export function mayWhisper(one: Role, other: Role): boolean {
  if (!mayAct("whisper", one) || !mayAct("whisper", other)) return false;
  const pair = [one, other];
  return !pair.includes("external") || pair.includes("lead");
}

/** Tell whether the host may send a picture: nobody captures a customer's PC in a demo (SPEC G13). */
export function mayShow(kind: SessionKind, mode: Mode): boolean {
  return MODE_TABLE[mode][kind === "support" ? "screen.view" : "screen.present"] !== "never";
}

/** What one participant may do now, and the first factor that removed it. */
export function effectiveRight(capability: Capability, given: Circumstances): Right {
  const permit = MODE_TABLE[given.mode][capability];
  if (permit === "never") return { permit, removedBy: "mode" };
  const removedBy = firstRemoval(capability, given);
  if (removedBy !== null) return { permit: "never", removedBy };
  if (permit === "elevated" && given.adminTools !== true) return { permit: "never", removedBy: "role" };
  return asked(capability, permit, given);
}

function firstRemoval(capability: Capability, given: Circumstances): Factor | null {
  const role = given.role ?? "lead";
  const adminDenied = role === "external" && ADMIN.includes(capability);
  const removals: readonly (readonly [Factor, boolean])[] = [
    ["policy", given.policy?.[capability] === "deny"],
    ["role", adminDenied || !ROLE_CEILING[role].includes(capability)],
    ["grant", NEEDS_GRANT[role].includes(capability) && given.granted?.includes(capability) !== true],
    ["consent", given.refused?.includes(capability) === true],
    ["floor", given.floor?.[capability] === "deny"],
    ["platform", given.unavailable?.includes(capability) === true],
    ["token", INPUT.includes(capability) && given.token === false],
  ];
  return removals.find(([, removed]) => removed)?.[0] ?? null;
}

/** `ask` becomes `allow` once the customer consented in this session; `ask_each` never does. */
function asked(capability: Capability, permit: Permit, given: Circumstances): Right {
  const byPolicy = given.policy?.[capability] === "ask" || given.floor?.[capability] === "ask";
  if (permit === "allow" && !byPolicy) return { permit, removedBy: null };
  if (permit === "ask_each") return { permit, removedBy: "consent" };
  if (given.consented?.includes(capability) === true) return { permit: "allow", removedBy: null };
  return { permit: permit === "elevated" ? permit : "ask", removedBy: "consent" };
}
