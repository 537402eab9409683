import { Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { failureText } from "./failures";
import { useSession } from "./services";

const SHOWN_MS = 6000;

/** Says why something was not carried out, once for each refusal; the same reason replaces itself. */
export function useRefusalToasts(): void {
  const { t } = useTranslation();
  const { refusal } = useSession();
  const shownAt = useRef(refusal?.at ?? 0);
  useEffect(() => {
    if (refusal === null || refusal.at === shownAt.current) return;
    shownAt.current = refusal.at;
    // Who drives is shown all the time, and a hint over the picture says the rest: nothing went wrong.
    if (refusal.removedBy === "token") return;
    const lost = refusal.code === "desync";
    const { cause, remedy } = lost
      ? { cause: t("refusal.lostText"), remedy: t("refusal.lostRemedy") }
      : failureText(t, refusal.code);
    const reason = refusal.removedBy === null ? null : t(`obstacle.${refusal.removedBy}`);
    const id = `refusal-${refusal.code}-${refusal.removedBy ?? ""}`;
    const message = (
      <>
        <Text size="sm">{reason ?? cause}</Text>
        {reason === null && <Text size="sm">{remedy}</Text>}
      </>
    );
    const title = lost
      ? t("refusal.lost")
      : refusal.capability === null
        ? t("refusal.mode")
        : t("refusal.title");
    notifications.hide(id);
    notifications.show({ id, title, message, color: "amber", autoClose: SHOWN_MS });
  }, [refusal, t]);
}
