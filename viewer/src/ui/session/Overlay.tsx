import { Button, Loader, Text } from "@mantine/core";
import {
  IconAlertTriangle,
  IconDeviceDesktopOff,
  IconLock,
  IconMoon,
  IconPlugConnectedX,
  IconShieldOff,
} from "@tabler/icons-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import type { SessionView } from "../../core/api";
import type { CaptureCondition } from "../../protocol/generated";
import { useServices, useSession } from "../services";

type Cause = Exclude<CaptureCondition, "ok"> | "reconnecting" | "host_away" | "waitingPicture";

const ICONS: Readonly<Record<Cause, typeof IconLock | null>> = {
  reconnecting: null,
  waitingPicture: null,
  host_away: IconPlugConnectedX,
  no_display: IconDeviceDesktopOff,
  locked: IconLock,
  permission_missing: IconShieldOff,
  asleep: IconMoon,
  failed: IconAlertTriangle,
};

/** Why there is no living picture now, the most pressing reason first; `null` when there is one. */
export function causeOf(view: SessionView): Cause | null {
  if (view.phase === "reconnecting" || view.phase === "host_away") return view.phase;
  if (view.capture !== null && view.capture !== "ok") return view.capture;
  if (view.screen === null || view.steps.picture !== "done") return "waitingPicture";
  return null;
}

/** Words over the picture, or in its place: never a black or frozen screen without them. */
export function Overlay(): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const cause = causeOf(useSession());
  const Icon = cause === null ? null : ICONS[cause];
  return (
    <div className="overlay" role="status" aria-live="polite" data-shown={cause !== null || undefined}>
      {cause !== null && (
        <div className="overlay-card">
          {Icon === null ? <Loader size={28} /> : <Icon size={32} stroke={1.6} aria-hidden="true" />}
          <div>
            <Text fw={600}>{t(`overlay.${cause}`)}</Text>
            <Text size="sm" className="dim">
              {t(`overlay.${cause}Text`)}
            </Text>
            {(cause === "reconnecting" || cause === "host_away") && (
              <Button mt="sm" size="xs" variant="default" onClick={() => session.leave()}>
                {t("overlay.leave")}
              </Button>
            )}
          </div>
        </div>
      )}
    </div>
  );
}
