import { Button, Group, Modal, Progress, Text } from "@mantine/core";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import { CONSENT_DEADLINE_S } from "../../../protocol/generated";
import { useSecondsLeft } from "../../useSecondsLeft";
import { useHost, useHostView } from "./useHost";

/** Who wants to look: No stands first, and silence is No (SPEC P1, N1). */
export function Consent(): ReactElement {
  const { t } = useTranslation();
  const host = useHost();
  const { question } = useHostView();
  const seconds = useSecondsLeft(question?.deadline ?? null) ?? 0;
  const answer = (yes: boolean): void => {
    if (question !== null) host.answer(question.id, yes);
  };
  return (
    <Modal
      opened={question !== null}
      onClose={() => answer(false)}
      closeOnClickOutside={false}
      withCloseButton={false}
      centered
      size="lg"
      title={<Text fw={650}>{t("host.askTitle", { name: question?.name ?? "" })}</Text>}
    >
      {question !== null && (
        <div className="host-ask" data-testid="host-question">
          <Text>
            {question.organisation === ""
              ? t("host.askWhoAlone", { name: question.name })
              : t("host.askWho", { name: question.name, organisation: question.organisation })}
          </Text>
          <Text>{t("host.askWhat")}</Text>
          <Text className="host-warning">{t("host.askWarning")}</Text>
          <Progress
            value={(100 * seconds) / CONSENT_DEADLINE_S}
            color="amber.5"
            size="sm"
            aria-hidden="true"
            transitionDuration={250}
          />
          <Text size="sm" role="timer">
            {t("steps.secondsLeft", { count: seconds })}
          </Text>
          <Group justify="flex-end" mt="md">
            <Button
              size="md"
              variant="default"
              data-autofocus
              onClick={() => answer(false)}
              data-testid="host-no"
            >
              {t("host.askNo")}
            </Button>
            <Button size="md" onClick={() => answer(true)} data-testid="host-yes">
              {t("host.askYes")}
            </Button>
          </Group>
        </div>
      )}
    </Modal>
  );
}
