/** What stands beside an action in the record, called as people call it. */
import type { TFunction } from "i18next";

import { PERMISSIONS } from "../../features/account/api";
import { PLACES, REPORT_STATES, SECOND_FACTOR_RULES } from "../../features/admin/api";
import { ERROR_CODES, ERROR_TEXTS, MODES, ROLES } from "../../protocol/generated";
import { currentLanguage } from "../i18n";

/** The names that the relay gives to what it records; a name of figures alone is somebody's place in a session. */
export const DETAILS = [
  "accused",
  "account",
  "address",
  "admin_tools",
  "browser",
  "by",
  "changed",
  "code",
  "count",
  "days",
  "detail",
  "display_name",
  "first",
  "format",
  "from",
  "good",
  "is_admin",
  "kind",
  "lines",
  "machines_per_day",
  "method",
  "mode",
  "name",
  "night",
  "note",
  "oidc_only",
  "origin",
  "outcome",
  "recovery",
  "report",
  "retention_days",
  "role",
  "scopes",
  "second_factor",
  "sign_in",
  "slot",
  "standing",
  "state",
  "step",
  "team",
  "through",
  "token",
  "what",
] as const;

/** Words that the relay says by which means, or of which kind, something was. */
const VALUES = [
  "code",
  "customer",
  "invite",
  "link",
  "oidc",
  "passkey",
  "password",
  "presentation",
  "recovery",
  "support",
  "totp",
  "viewer",
] as const;
const WORDED: ReadonlySet<string> = new Set(["by", "kind", "method", "step"]);

/** What a detail is called; one that this page does not know stands as it is. */
export function detailName(t: TFunction, name: string): string {
  if (/^\d$/u.test(name)) return t("office.detail.person", { slot: name });
  const known = DETAILS.find((one) => one === name);
  return known === undefined ? name : t(`office.detail.${known}`);
}

/** What a detail says: words of the wire and of the rules as people say them, everything else as it stands. */
export function detailText(t: TFunction, name: string, value: string): string {
  if (value === "true" || value === "false") return t(value === "true" ? "office.yes" : "office.detailNo");
  const mode = MODES.find((one) => one === value);
  if (mode !== undefined && (name === "mode" || name === "detail")) return t(`mode.${mode}`);
  const role = ROLES.find((one) => one === value);
  if (role !== undefined && name === "role") return t(`people.${role}`);
  const place = PLACES.find((one) => one === value);
  if (place !== undefined && name === "standing") return t(`office.place.${place}`);
  const state = REPORT_STATES.find((one) => one === value);
  if (state !== undefined && name === "state") return t(`office.reports.state.${state}`);
  const rule = SECOND_FACTOR_RULES.find((one) => one === value);
  if (rule !== undefined && name === "second_factor") return t(`office.policy.rule.${rule}`);
  const code = ERROR_CODES.find((one) => one === value);
  if (code !== undefined && name === "code") return ERROR_TEXTS[code].cause[currentLanguage()];
  const word = VALUES.find((one) => one === value);
  if (word !== undefined && WORDED.has(name)) return t(`office.value.${word}`);
  if (name === "scopes")
    return value
      .split(" ")
      .map((one) => scopeText(t, one))
      .join(", ");
  return value;
}

/** What a key for programs may do. */
export function scopeText(t: TFunction, scope: string): string {
  const known = PERMISSIONS.find((one) => one === scope);
  return known === undefined ? scope : t(`security.scope.${known}`);
}
