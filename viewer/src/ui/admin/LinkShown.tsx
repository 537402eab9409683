import { Button, CopyButton, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import type { OneTimeLink } from "../../features/admin/api";

/** A one-time link, shown this once, to be sent to somebody by a way that one trusts. */
export function LinkShown(props: {
  readonly link: OneTimeLink;
  readonly name: string;
  /** With what this person signs in by name later. */
  readonly signInName: string;
  readonly onClose: () => void;
}): ReactElement {
  const { t } = useTranslation();
  const { address, expiresInS } = props.link;
  const minutes = Math.max(1, Math.round(expiresInS / 60));
  return (
    <Modal
      opened
      centered
      onClose={props.onClose}
      title={t("office.link.title", { name: props.name })}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <Stack gap="sm">
        <Text size="sm">{t("office.link.text", { count: minutes })}</Text>
        <TextInput
          readOnly
          aria-label={t("office.link.label")}
          value={address}
          data-testid="one-time-link"
          onFocus={(event) => event.currentTarget.select()}
        />
        <Text size="sm" data-testid="sign-in-name">
          {t("office.people.name")}: <bdi>{props.signInName}</bdi>
        </Text>
        <Group justify="flex-end">
          <CopyButton value={address}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy}>
                {copied ? t("common.copied") : t("office.link.copy")}
              </Button>
            )}
          </CopyButton>
          <Button onClick={props.onClose}>{t("office.link.done")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
