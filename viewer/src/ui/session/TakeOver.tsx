import { Button, Group, Modal, Text, TextInput } from "@mantine/core";
import { type ReactElement, type SubmitEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { MIN_REASON_CHARS, reasonText } from "../../features/team/text";
import { MAX_TOLD_REASON_CHARS } from "../../protocol/generated";
import { Barred } from "../parts/Sure";
import { useServices } from "../services";
import { useOffline } from "../useOffline";

/** A supervisor becomes the lead, and says why: everybody, the customer too, reads the reason. */
export function TakeOver(props: { readonly opened: boolean; readonly onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const offline = useOffline();
  const told = reasonText(reason);
  const short = Array.from(told).length < MIN_REASON_CHARS;

  function close(): void {
    setReason("");
    setTried(false);
    props.onClose();
  }

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    setTried(true);
    if (short || offline !== null) return;
    session.send({ t: "TakeOver", reason: told });
    close();
  }

  return (
    <Modal
      opened={props.opened}
      onClose={close}
      centered
      withCloseButton={false}
      title={<Text fw={600}>{t("takeOver.title")}</Text>}
    >
      <form noValidate onSubmit={submit}>
        <Text size="sm" mb="sm">
          {t("takeOver.text")}
        </Text>
        <TextInput
          label={t("takeOver.reason")}
          description={t("takeOver.reasonHint")}
          value={reason}
          maxLength={MAX_TOLD_REASON_CHARS}
          error={tried && short ? t("takeOver.reasonMissing") : null}
          onChange={(event) => setReason(event.currentTarget.value)}
          data-autofocus
          data-testid="take-over-reason"
        />
        <Barred reason={offline} />
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={close}>
            {t("common.cancel")}
          </Button>
          <Button type="submit" disabled={offline !== null} data-testid="take-over-yes">
            {t("takeOver.yes")}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
