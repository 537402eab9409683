import { Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { failureText } from "./failures";
import { useSession } from "./services";
import { tell } from "./tell";

const SHOWN_MS = 6000;
const LOST = "refusal-lost";

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
    const id = lost ? LOST : `refusal-${refusal.code}-${refusal.removedBy ?? ""}`;
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
    // What may be lost is looked at when the picture is back, however long that takes; after the end it is no matter.
    tell(t, { id, title, message, color: "amber", autoClose: lost ? false : SHOWN_MS });
  }, [refusal, t]);
  useEffect(() => () => void notifications.hide(LOST), []);
}
