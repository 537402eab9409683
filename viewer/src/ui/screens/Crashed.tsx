import { Button, Group, Stack } from "@mantine/core";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import { Frame } from "../parts/Frame";
import { Notice } from "../parts/Notice";

/** This page has a fault of its own. */
export function Crashed(): ReactElement {
  const { t } = useTranslation();
  return (
    <Frame title={t("crashed.title")}>
      <Stack gap="lg">
        <Notice text={{ cause: t("crashed.cause"), remedy: t("crashed.remedy") }} />
        <Group>
          <Button size="md" autoFocus onClick={() => window.location.reload()}>
            {t("crashed.reload")}
          </Button>
        </Group>
      </Stack>
    </Frame>
  );
}
