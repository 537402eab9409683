import { Button, Loader, Text } from "@mantine/core";
import {
  IconAlertTriangle,
  IconDeviceDesktopOff,
  IconHandStop,
  IconLock,
  IconMessageQuestion,
  IconMoon,
  IconPlayerPause,
  IconPlugConnectedX,
  IconPower,
  IconShieldOff,
  IconShieldQuestion,
} from "@tabler/icons-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import type { CalmView } from "../../core/api";
import type { CaptureCondition } from "../../protocol/generated";
import { useServices, useSession } from "../services";
import { useSecondsLeft } from "../useSecondsLeft";

type Cause = Exclude<CaptureCondition, "ok"> | "reconnecting" | "host_away" | "restarting" | "waitingPicture";

const ICONS: Readonly<Record<Cause, typeof IconLock | null>> = {
  reconnecting: null,
  waitingPicture: null,
  host_away: IconPlugConnectedX,
  no_display: IconDeviceDesktopOff,
  locked: IconLock,
  permission_missing: IconShieldOff,
  asking: IconMessageQuestion,
  refused: IconHandStop,
  system_prompt: IconShieldQuestion,
  asleep: IconMoon,
  failed: IconAlertTriangle,
  paused: IconPlayerPause,
  restarting: IconPower,
};

/** Why there is no living picture now, the most pressing reason first; `null` when there is one. */
export function causeOf(view: CalmView): Cause | null {
  if (view.phase === "host_away" && view.restartingUntil !== null) return "restarting";
  if (view.phase === "reconnecting" || view.phase === "host_away") return view.phase;
  if (view.capture !== null && view.capture !== "ok") return view.capture;
  if (view.screen === null || view.steps.picture !== "done") return "waitingPicture";
  return null;
}

/** How long a restarting PC has to come back: minutes, and in the last one seconds. */
function RestartClock(): ReactElement | null {
  const { t } = useTranslation();
  const seconds = useSecondsLeft(useSession().restartingUntil);
  if (seconds === null) return null;
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  return (
    <Text size="sm" className="numbers" role="timer" mt={4}>
      {t("overlay.restartingLeft", { time })}
    </Text>
  );
}

/** Words over the picture, or in its place: never a black or frozen screen without them. */
export function Overlay(): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const cause = causeOf(useSession());
  const Icon = cause === null ? null : ICONS[cause];
  return (
    <div
      className="overlay"
      role="status"
      aria-live="polite"
      data-shown={cause !== null || undefined}
      data-cause={cause ?? undefined}
    >
      {cause !== null && (
        <div className="overlay-card">
          {Icon === null ? <Loader size={28} /> : <Icon size={32} stroke={1.6} aria-hidden="true" />}
          <div>
            <Text fw={600}>{t(`overlay.${cause}`)}</Text>
            <Text size="sm" className="dim">
              {t(`overlay.${cause}Text`)}
            </Text>
            {cause === "restarting" && <RestartClock />}
            {(cause === "reconnecting" || cause === "host_away" || cause === "restarting") && (
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
