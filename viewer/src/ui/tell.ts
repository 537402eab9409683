import { type NotificationData, notifications } from "@mantine/notifications";
import type { TFunction } from "i18next";

/** Say something in a corner of the page, for a while unless told otherwise; what closes it has a name. */
export function tell(t: TFunction, said: NotificationData): void {
  notifications.show({ ...said, closeButtonProps: { "aria-label": t("common.close") } });
}
