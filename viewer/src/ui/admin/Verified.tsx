import { Alert, Button, Group, Text } from "@mantine/core";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import { type Verdict, verifyRecord } from "../../features/admin/record";
import { Fault, useActing } from "./parts";

const FLAWS = [
  "changed",
  "removed",
  "added",
  "cut_off",
  "bad_head",
  "erased_without_record",
  "old_record",
] as const;

/** What is wrong at a line; a kind that this page does not know is told as it stands. */
export function flawText(t: TFunction, kind: string): string {
  const known = FLAWS.find((one) => one === kind.replaceAll(" ", "_"));
  return known === undefined ? kind : t(`office.verify.flaw.${known}`);
}

function Result(props: { readonly verdict: Verdict }): ReactElement {
  const { t } = useTranslation();
  const { good, lines, flaws, signedTo, unsigned } = props.verdict;
  const signed =
    signedTo === null
      ? t("office.verify.unsigned")
      : t("office.verify.signed", { seq: signedTo, count: unsigned });
  return (
    <Alert
      role={good ? "status" : "alert"}
      variant="light"
      color={good ? "petrol" : "red"}
      icon={good ? <IconCheck aria-hidden="true" /> : <IconAlertTriangle aria-hidden="true" />}
      title={good ? t("office.verify.good", { count: lines }) : t("office.verify.bad")}
    >
      <Text size="sm">{signed}</Text>
      {flaws.length > 0 && (
        <ul>
          {flaws.map(({ seq, kind }, place) => {
            return (
              <li key={place}>
                {t("office.verify.at", { seq })} <bdi>{flawText(t, kind)}</bdi>
              </li>
            );
          })}
        </ul>
      )}
    </Alert>
  );
}

/** Checks the whole record when asked to. */
export function Verified(props: {
  readonly verdict: Verdict | null;
  readonly onVerdict: (verdict: Verdict) => void;
}): ReactElement {
  const { t } = useTranslation();
  const acting = useActing();
  const { verdict } = props;
  return (
    <>
      <Group>
        <Button
          size="xs"
          variant="default"
          loading={acting.busy}
          onClick={() => void acting.run(verifyRecord, props.onVerdict)}
        >
          {t("office.verify.button")}
        </Button>
      </Group>
      <Fault fault={acting.fault} />
      {verdict !== null && <Result verdict={verdict} />}
    </>
  );
}
