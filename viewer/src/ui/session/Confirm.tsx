import { Button, Group, Modal, Text } from "@mantine/core";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

export type Question = "end" | "leave" | "signOut";

/** Asks before the session is given up; staying is the first answer. */
export function Confirm(props: {
  readonly question: Question | null;
  readonly onStay: () => void;
  readonly onYes: (question: Question) => void;
}): ReactElement {
  const { t } = useTranslation();
  const { question } = props;
  return (
    <Modal
      opened={question !== null}
      onClose={props.onStay}
      centered
      withCloseButton={false}
      title={question !== null && <Text fw={600}>{t(`confirm.${question}Title`)}</Text>}
    >
      {question !== null && (
        <>
          <Text size="sm">{t(`confirm.${question}Text`)}</Text>
          <Group justify="flex-end" mt="lg">
            <Button variant="default" data-autofocus onClick={props.onStay}>
              {t("confirm.stay")}
            </Button>
            <Button color="red.8" onClick={() => props.onYes(question)} data-testid="confirm-yes">
              {t(`confirm.${question}`)}
            </Button>
          </Group>
        </>
      )}
    </Modal>
  );
}
