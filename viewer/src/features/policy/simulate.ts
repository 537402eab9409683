/** Suppositions about a session, and what follows from them: the same function that decides, asked for everything. */
import {
  CAPABILITIES,
  type Capability,
  MODES,
  type Mode,
  NEEDS_GRANT,
  type Policy,
  ROLES,
  type Role,
} from "../../protocol/generated";
import { type Circumstances, effectiveRight, type Right } from "../../protocol/rights";

/** What may be supposed of one capability. */
export const SUPPOSITIONS = [
  "granted",
  "consented",
  "refused",
  "policyAsk",
  "policyDeny",
  "floorAsk",
  "floorDeny",
  "unavailable",
] as const;
export type Supposition = (typeof SUPPOSITIONS)[number];

/** A supposed session. */
export interface Scene {
  readonly mode: Mode;
  readonly role: Role;
  readonly adminTools: boolean;
  readonly token: boolean;
  readonly supposed: Readonly<Partial<Record<Capability, readonly Supposition[]>>>;
}

export const FIRST_SCENE: Scene = {
  mode: "shared",
  role: "lead",
  adminTools: false,
  token: true,
  supposed: {},
};

/** Of two that cannot both be true the newer one holds. */
const RIVALS: Readonly<Partial<Record<Supposition, Supposition>>> = {
  consented: "refused",
  refused: "consented",
  policyAsk: "policyDeny",
  policyDeny: "policyAsk",
  floorAsk: "floorDeny",
  floorDeny: "floorAsk",
};

/** The scene with a supposition made, or taken back. */
export function suppose(scene: Scene, capability: Capability, what: Supposition): Scene {
  const before = scene.supposed[capability] ?? [];
  const after = before.includes(what)
    ? before.filter((one) => one !== what)
    : [...before.filter((one) => one !== RIVALS[what]), what];
  return { ...scene, supposed: { ...scene.supposed, [capability]: after } };
}

function having(scene: Scene, what: Supposition): readonly Capability[] {
  return CAPABILITIES.filter((capability) => scene.supposed[capability]?.includes(what) === true);
}

function policies(scene: Scene, ask: Supposition, deny: Supposition): Partial<Record<Capability, Policy>> {
  const words: Partial<Record<Capability, Policy>> = {};
  for (const capability of having(scene, ask)) words[capability] = "ask";
  for (const capability of having(scene, deny)) words[capability] = "deny";
  return words;
}

/** A scene as the deciding function wants it. */
export function circumstancesOf(scene: Scene): Circumstances {
  return {
    mode: scene.mode,
    role: scene.role,
    policy: policies(scene, "policyAsk", "policyDeny"),
    granted: having(scene, "granted"),
    refused: having(scene, "refused"),
    consented: having(scene, "consented"),
    floor: policies(scene, "floorAsk", "floorDeny"),
    unavailable: having(scene, "unavailable"),
    adminTools: scene.adminTools,
    token: scene.token,
  };
}

/** Tell whether a grant of the lead means anything for a role. */
export function needsGrant(role: Role, capability: Capability): boolean {
  return NEEDS_GRANT[role].includes(capability);
}

/** One cell of the whole table: somebody with the token, administrator tools and every grant. */
export function ceilingOf(mode: Mode, role: Role, capability: Capability): Right {
  return effectiveRight(capability, { mode, role, granted: CAPABILITIES, adminTools: true, token: true });
}

/** Every mode with every role, in the table's order. */
export const COLUMNS: readonly { readonly mode: Mode; readonly roles: readonly Role[] }[] = MODES.map(
  (mode) => ({
    mode,
    roles: ROLES,
  }),
);
