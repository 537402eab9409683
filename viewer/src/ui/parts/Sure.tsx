import { Button, Group, Modal, Text } from "@mantine/core";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

/** What is in the way, where something is. */
export function Barred(props: { readonly reason: string | null }): ReactElement {
  return (
    <Text size="sm" mt="sm" c="red.8" role="status">
      {props.reason}
    </Text>
  );
}

/** Asks before something that cannot be taken back; not doing it is the first answer. */
export function Sure(props: {
  readonly opened: boolean;
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  readonly danger?: boolean;
  /** Why it cannot be done at the moment, in words. */
  readonly barred?: string | null;
  readonly onNo: () => void;
  readonly onYes: () => void;
}): ReactElement {
  const { t } = useTranslation();
  const barred = props.barred ?? null;
  return (
    <Modal
      opened={props.opened}
      onClose={props.onNo}
      centered
      withCloseButton={false}
      title={<Text fw={600}>{props.title}</Text>}
    >
      <Text size="sm">{props.text}</Text>
      <Barred reason={barred} />
      <Group justify="flex-end" mt="lg">
        <Button variant="default" data-autofocus onClick={props.onNo}>
          {t("common.cancel")}
        </Button>
        <Button
          color={props.danger === true ? "red.8" : "petrol"}
          disabled={barred !== null}
          onClick={props.onYes}
          data-testid="sure-yes"
        >
          {props.yes}
        </Button>
      </Group>
    </Modal>
  );
}
