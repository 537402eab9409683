import { Alert, Button, Text } from "@mantine/core";
import { IconPhone } from "@tabler/icons-react";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import type { Answer } from "../../features/account/api";
import { type Reservation, reserveNumber } from "../../features/team/api";
import { accountFaultText } from "../failures";
import { useSecondsLeft } from "../useSecondsLeft";
import { Notice } from "./Notice";

function Reserved(props: { readonly reservation: Reservation; readonly onAgain: () => void }): ReactElement {
  const { t } = useTranslation();
  const { routing, expiresAt } = props.reservation;
  const seconds = useSecondsLeft(expiresAt) ?? 0;
  const number = `${routing.slice(0, 3)} ${routing.slice(3)}`;
  if (seconds === 0) {
    return (
      <Alert variant="light" color="amber" role="status" title={t("reserve.over")}>
        <Button size="xs" variant="default" onClick={props.onAgain}>
          {t("reserve.again")}
        </Button>
      </Alert>
    );
  }
  return (
    <Alert
      variant="light"
      role="status"
      icon={<IconPhone aria-hidden="true" />}
      title={t("reserve.title")}
      data-testid="reserved"
    >
      <Text className="reserved-number numbers" data-testid="reserved-number">
        {number}
      </Text>
      <Text size="sm">{t("reserve.tell", { number })}</Text>
      <Text size="xs" className="dim numbers" mt={4}>
        {t("reserve.minutes", { count: Math.ceil(seconds / 60) })}
      </Text>
    </Alert>
  );
}

/** Keep a number for a customer on the phone, whose Relevo is then started with it. */
export function ReserveNumber(): ReactElement {
  const { t } = useTranslation();
  const [answer, setAnswer] = useState<Answer<Reservation> | null>(null);
  const [busy, setBusy] = useState(false);

  async function reserve(): Promise<void> {
    setBusy(true);
    setAnswer(await reserveNumber());
    setBusy(false);
  }

  if (answer?.ok === true) return <Reserved reservation={answer.value} onAgain={() => void reserve()} />;
  return (
    <>
      {answer !== null && <Notice text={accountFaultText(t, answer.fault)} />}
      <Button
        variant="subtle"
        size="sm"
        leftSection={<IconPhone size={16} aria-hidden="true" />}
        loading={busy}
        aria-label={busy ? t("reserve.busy") : undefined}
        onClick={() => void reserve()}
        data-testid="reserve-number"
      >
        {t("reserve.button")}
      </Button>
    </>
  );
}
