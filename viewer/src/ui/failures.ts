/** Errors as people read them: what happened, and what to do. */
import type { TFunction } from "i18next";

import type { FailureCode } from "../core/api";
import type { AccountFault } from "../features/account/api";
import { ERROR_TEXTS } from "../protocol/generated";
import { currentLanguage } from "./i18n";

export interface CauseAndRemedy {
  readonly cause: string;
  readonly remedy: string;
}

/** The text of a session's failure. */
export function failureText(t: TFunction, code: FailureCode): CauseAndRemedy {
  if (code === "signed_out") return { cause: t("fault.signed_out"), remedy: t("fault.signed_outRemedy") };
  if (code === "unreachable") return { cause: t("fault.unreachable"), remedy: t("fault.unreachableRemedy") };
  const language = currentLanguage();
  const { cause, remedy } = ERROR_TEXTS[code];
  return { cause: cause[language], remedy: remedy[language] };
}

function wireText(t: TFunction, code: string): CauseAndRemedy | null {
  const known = Object.keys(ERROR_TEXTS).find((name) => name === code);
  return known === undefined ? null : failureText(t, known as FailureCode);
}

/** What this page itself found, without an answer of the relay. */
const LOCAL = ["passkey_cancelled", "passkey_known", "reauth_needed", "oidc_failed"] as const;

function localText(t: TFunction, code: string): CauseAndRemedy | null {
  const known = LOCAL.find((one) => one === code);
  if (known === undefined) return null;
  return { cause: t(`localFault.${known}`), remedy: t(`localFault.${known}Remedy`) };
}

/** The text of a refused sign-in; the relay brings its own, this is for when it could not. */
export function accountFaultText(t: TFunction, fault: AccountFault): CauseAndRemedy {
  const language = currentLanguage();
  const remedy =
    fault.retryAfterS === null ? fault.remedy?.[language] : t("signIn.retryIn", { count: fault.retryAfterS });
  if (fault.message !== null) return { cause: fault.message[language], remedy: remedy ?? "" };
  if (fault.code === "unreachable" || fault.code === "signed_out") return failureText(t, fault.code);
  return (
    localText(t, fault.code) ??
    wireText(t, fault.code) ?? { cause: t("fault.unknown"), remedy: t("fault.unknownRemedy") }
  );
}
