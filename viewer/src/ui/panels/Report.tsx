import { Button, Group, Modal, Text } from "@mantine/core";
import { IconFlag } from "@tabler/icons-react";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import type { AccountFault } from "../../features/account/api";
import { reportSession } from "../../features/security/api";
import { accountFaultText } from "../failures";
import { Notice } from "../parts/Notice";
import { useAccount, useServices, useSession } from "../services";
import { tell } from "../tell";

/** Tell the organisation that something is wrong here, and leave where one wishes to. Guests have nobody to tell. */
export function Report(): ReactElement | null {
  const { t } = useTranslation();
  const { session } = useServices();
  const account = useAccount();
  const { sessionId } = useSession();
  const [opened, setOpened] = useState(false);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<AccountFault | null>(null);
  if (account.status !== "in" || sessionId === undefined) return null;

  async function report(id: string, leave: boolean): Promise<void> {
    setBusy(true);
    setFault(null);
    const done = await reportSession(id);
    setBusy(false);
    if (!done.ok) {
      setFault(done.fault);
      return;
    }
    setOpened(false);
    tell(t, { id: "reported", message: t("report.sent"), color: "petrol" });
    if (leave) session.leave();
  }

  return (
    <>
      <Button
        size="xs"
        variant="subtle"
        color="red.8"
        leftSection={<IconFlag size={15} aria-hidden="true" />}
        onClick={() => setOpened(true)}
        data-testid="report"
      >
        {t("report.open")}
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        centered
        withCloseButton={false}
        title={<Text fw={600}>{t("report.title")}</Text>}
      >
        <Text size="sm">{t("report.text")}</Text>
        {fault !== null && <Notice text={accountFaultText(t, fault)} />}
        <Group justify="flex-end" mt="lg">
          <Button variant="default" data-autofocus onClick={() => setOpened(false)}>
            {t("common.cancel")}
          </Button>
          <Button
            variant="light"
            loading={busy}
            onClick={() => void report(sessionId, false)}
            data-testid="report-only"
          >
            {t("report.only")}
          </Button>
          <Button
            color="red.8"
            loading={busy}
            onClick={() => void report(sessionId, true)}
            data-testid="report-and-end"
          >
            {t("report.andEnd")}
          </Button>
        </Group>
      </Modal>
    </>
  );
}
