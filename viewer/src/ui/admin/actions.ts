/** What the record's actions are called for people. */
import type { TFunction } from "i18next";

/** Families of actions that one can look for, as the part before the dot is written. */
export const FAMILIES = [
  "sign_in",
  "reauth",
  "factor",
  "account",
  "token",
  "session",
  "viewer",
  "join",
  "mode",
  "act",
  "report",
  "policy",
  "record",
  "origin",
] as const;

/** Every action that the relay records, with `-` where it writes a dot, which a text's key cannot have. */
export const ACTIONS = [
  "account-change",
  "account-create",
  "account-disable",
  "account-enable",
  "account-link",
  "account-linked",
  "account-password",
  "act-consent_given",
  "act-consent_refused",
  "act-grant_changed",
  "act-grant_revoked",
  "act-hand_over",
  "act-held",
  "act-invited",
  "act-member_removed",
  "act-micro_handover",
  "act-process_ended",
  "act-reported",
  "act-restart",
  "act-service_changed",
  "act-step_up_refused",
  "act-take_over",
  "act-terminal_opened",
  "colleague-invited",
  "erased",
  "export",
  "factor-added",
  "factor-removed",
  "forbidden",
  "guest-ticket",
  "join-answered",
  "join-asked",
  "link-create",
  "mode-changed",
  "organisation-created",
  "origin-refused",
  "policy-changed",
  "pruned",
  "reauth",
  "reauth-refused",
  "record-checked",
  "record-continued",
  "record-gap",
  "recovery-made",
  "recovery-used",
  "report-handled",
  "session-ended",
  "session-opened",
  "session-resumed",
  "sign_in-link",
  "sign_in-oidc",
  "sign_in-passkey",
  "sign_in-password",
  "sign_in-recovery",
  "sign_in-refused",
  "sign_in-revoked",
  "sign_in-throttled",
  "sign_in-totp",
  "sign_out",
  "step_up",
  "throttled",
  "ticket-issued",
  "token-created",
  "token-revoked",
  "token-used",
  "viewer-admitted",
  "viewer-removed",
  "viewer-role",
] as const;

/** What an action is called; empty where this page does not know it: its code stands beside anyway. */
export function actionText(t: TFunction, action: string): string {
  const known = ACTIONS.find((one) => one === action.replaceAll(".", "-"));
  return known === undefined ? "" : t(`office.action.${known}`);
}

const ACTORS = ["customer", "agent", "relay", "command_line"] as const;

/** Who acts where it is no account: the record's own words for them; others as they stand. */
export function actorText(t: TFunction, actor: string): string {
  const known = ACTORS.find((one) => one === actor.replaceAll(" ", "_"));
  if (known !== undefined) return t(`office.actor.${known}`);
  return actor === "" ? t("office.audit.nobody") : actor;
}
