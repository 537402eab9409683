import { useTranslation } from "react-i18next";

import { asksFor, obstacleTo } from "../../features/session/rights";
import type { Capability } from "../../protocol/generated";
import { useSession } from "../services";

/** Why something cannot be done now, and what is to be said about it otherwise. */
export interface Reason {
  readonly barred: string | null;
  readonly remark: string | null;
}

/** The reason against a capability, in words; `remark` also tells that the customer is asked first. */
export function useReason(needs: Capability): Reason {
  const { t } = useTranslation();
  const view = useSession();
  const obstacle = obstacleTo(needs, view);
  const barred = obstacle === null ? null : t(`obstacle.${obstacle}`);
  return { barred, remark: barred ?? (asksFor(needs, view) ? t("asking.first") : null) };
}
