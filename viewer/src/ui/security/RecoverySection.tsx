import { Button, Text } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import { newRecovery } from "../../features/security/api";
import { Sure } from "../parts/Sure";
import { Section } from "./Section";
import { useActing } from "./useAnswer";

/** Codes for the day when the second step is lost. */
export function RecoverySection(props: {
  readonly left: number;
  /** Whether there is a second step to be recovered. */
  readonly needed: boolean;
  readonly onMade: (codes: readonly string[]) => void;
}): ReactElement {
  const { t } = useTranslation();
  const acting = useActing();
  const [sure, setSure] = useState(false);

  async function make(): Promise<void> {
    setSure(false);
    const made = await acting.run(newRecovery);
    if (made !== null) props.onMade(made.value);
  }

  return (
    <Section
      title={t("security.recovery")}
      text={t("security.recoveryText")}
      fault={acting.fault}
      testId="recovery"
    >
      <Text size="sm" fw={600}>
        {props.needed ? t("security.recoveryLeft", { count: props.left }) : t("security.recoveryFirst")}
      </Text>
      {props.needed && (
        <Button
          variant="light"
          loading={acting.busy}
          onClick={() => (props.left > 0 ? setSure(true) : void make())}
        >
          {t("security.recoveryNew")}
        </Button>
      )}
      <Sure
        opened={sure}
        title={t("security.recoveryNew")}
        text={t("security.recoveryNewText")}
        yes={t("security.recoveryNew")}
        onNo={() => setSure(false)}
        onYes={() => void make()}
      />
    </Section>
  );
}
