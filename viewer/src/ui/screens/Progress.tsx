import { Alert, Button, Stack } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import type { Mode } from "../../protocol/generated";
import { Checklist } from "../parts/Checklist";
import { Frame } from "../parts/Frame";
import { useServices, useSession } from "../services";

/** From the code to the picture. */
export function ProgressScreen(props: { readonly mode: Mode | null }): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const view = useSession();
  const mode = view.pendingMode ?? props.mode;
  const lead = mode === null ? {} : { lead: t("steps.asked", { mode: t(`mode.${mode}`) }) };
  return (
    <Frame title={t("steps.title")} {...lead}>
      <Stack gap="lg">
        <Checklist view={view} />
        {(view.phase === "reconnecting" || view.phase === "host_away") && (
          <Alert color="amber" variant="light" role="status" icon={<IconPlugConnectedX aria-hidden="true" />}>
            {view.phase === "reconnecting" ? t("steps.interrupted") : t("steps.hostAway")}
          </Alert>
        )}
        <Button variant="default" size="md" onClick={() => session.leave()}>
          {t("steps.cancel")}
        </Button>
      </Stack>
    </Frame>
  );
}
