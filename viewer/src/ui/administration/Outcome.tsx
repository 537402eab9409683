import { CloseButton } from "@mantine/core";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import { useSession } from "../services";

/** What became of the last act: the PC's own words beside ours. */
export function Outcome(): ReactElement {
  const { t } = useTranslation();
  const { done } = useSession().machine;
  const [closed, setClosed] = useState<number | null>(null);
  const shown = done !== null && done.at !== closed ? done : null;
  return (
    <div role="status" aria-live="polite" className="outcome-place">
      {shown !== null && (
        <p className="outcome" data-done={shown.done || undefined}>
          {shown.done ? (
            <IconCheck size={15} aria-hidden="true" />
          ) : (
            <IconAlertTriangle size={15} aria-hidden="true" />
          )}
          <span>
            {shown.done ? t("admin.done") : t("admin.notDone")}
            {shown.detail !== undefined && shown.detail !== "" && <bdi> {shown.detail}</bdi>}
          </span>
          <CloseButton size="xs" aria-label={t("common.close")} onClick={() => setClosed(shown.at)} />
        </p>
      )}
    </div>
  );
}
