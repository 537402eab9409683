import { CloseButton } from "@mantine/core";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import { useSession } from "../services";

/** What the PC calls an act, and our words for it; any other act is just done. */
const ACTS = {
  "process.end": "processEnd",
  "service.start": "serviceStart",
  "service.stop": "serviceStop",
  "service.restart": "serviceRestart",
} as const;

function isKnown(act: string): act is keyof typeof ACTS {
  return Object.hasOwn(ACTS, act);
}

/** What became of the last act; a failure in the PC's own words beside ours. `tab` is where one looks now. */
export function Outcome(props: { readonly tab: string }): ReactElement {
  const { t } = useTranslation();
  const { done } = useSession().machine;
  const [closed, setClosed] = useState<number | null>(null);
  const [tab, setTab] = useState(props.tab);
  if (tab !== props.tab) {
    // Elsewhere it would be read as something about what is shown there.
    setTab(props.tab);
    setClosed(done?.at ?? null);
  }
  const shown = done !== null && done.at !== closed && tab === props.tab ? done : null;
  const detail = shown?.detail ?? "";
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
            {shown.done && isKnown(shown.act) && detail !== "" ? (
              t(`admin.did.${ACTS[shown.act]}`, { detail })
            ) : (
              <>
                {shown.done ? t("admin.done") : t("admin.notDone")}
                {detail !== "" && <bdi> {detail}</bdi>}
              </>
            )}
          </span>
          <CloseButton size="xs" aria-label={t("common.close")} onClick={() => setClosed(shown.at)} />
        </p>
      )}
    </div>
  );
}
