import { Button, Group, Loader, Stack, Text } from "@mantine/core";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import type { CalmView } from "../../core/api";
import { Frame } from "../parts/Frame";
import { useServices, useSession } from "../services";
import { useSecondsLeft } from "../useSecondsLeft";

type Moment = "looking" | "verifying" | "asking" | "picture" | "lost";

function momentOf({ phase }: CalmView): Moment {
  switch (phase) {
    case "verifying":
    case "asking":
      return phase;
    case "live":
      return "picture";
    case "reconnecting":
    case "host_away":
      return "lost";
    case "idle":
    case "ticket":
    case "connecting":
    case "ended":
      return "looking";
  }
}

/** From the link to the picture, for people who have never done this. */
export function GuestWaiting(): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const view = useSession();
  const seconds = useSecondsLeft(view.consentDeadline);
  const moment = momentOf(view);
  const presenter = view.hostName ?? "";
  const lead = presenter === "" ? {} : { lead: t("guest.presents", { name: presenter }) };
  return (
    <Frame title={t("guest.waiting.title")} {...lead}>
      <Stack gap="lg">
        <Group role="status" wrap="nowrap">
          <Loader size="sm" />
          <div>
            <Text>{t(`guest.waiting.${moment}`)}</Text>
            {moment === "asking" && seconds !== null && (
              <Text size="sm" className="dim" role="timer">
                {t("steps.secondsLeft", { count: seconds })}
              </Text>
            )}
          </div>
        </Group>
        <Group>
          <Button variant="default" size="md" onClick={() => session.leave()}>
            {t("guest.waiting.cancel")}
          </Button>
        </Group>
      </Stack>
    </Frame>
  );
}
