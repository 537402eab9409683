import { Text } from "@mantine/core";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";

import { stepUp } from "../../features/security/api";
import type { Mode } from "../../protocol/generated";
import { accountFaultText } from "../failures";
import { useFresh } from "../parts/Reauth";
import { useServices } from "../services";
import { tell } from "../tell";

/** Asks for a mode; for administrator mode one first shows anew who one is, where that was long ago (SPEC V10). */
export function useModeRequest(): (mode: Mode) => Promise<void> {
  const { t } = useTranslation();
  const { session } = useServices();
  const fresh = useFresh();
  return useCallback(
    async (mode) => {
      const { sessionId } = session.getSnapshot();
      if (mode === "administrator" && sessionId !== undefined) {
        const proved = await fresh(() => stepUp(sessionId));
        if (!proved.ok) {
          const { cause, remedy } = accountFaultText(t, proved.fault);
          const message = (
            <>
              <Text size="sm">{cause}</Text>
              <Text size="sm">{remedy}</Text>
            </>
          );
          tell(t, { id: "step-up", title: t("refusal.mode"), message, color: "amber" });
          return;
        }
      }
      session.requestMode(mode);
    },
    [fresh, session, t],
  );
}
