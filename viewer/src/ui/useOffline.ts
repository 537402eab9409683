import { useTranslation } from "react-i18next";

import { useSession } from "./services";

/** Why nothing can be said to the other side at the moment, in words; `null` while it can. */
export function useOffline(): string | null {
  const { t } = useTranslation();
  return useSession().phase === "live" ? null : t("obstacle.offline");
}
