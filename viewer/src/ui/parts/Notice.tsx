import { Alert, Text } from "@mantine/core";
import { IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import type { CauseAndRemedy } from "../failures";

/** What went wrong and what to do, read out at once. */
export function Notice(props: {
  readonly text: CauseAndRemedy;
  readonly detail?: string | undefined;
  /** Nothing went wrong: it is only how things stand. */
  readonly calm?: boolean;
}): ReactElement {
  const { t } = useTranslation();
  return (
    <Alert
      role="alert"
      variant="light"
      color={props.calm === true ? "petrol" : "red"}
      icon={
        props.calm === true ? <IconInfoCircle aria-hidden="true" /> : <IconAlertTriangle aria-hidden="true" />
      }
      title={props.text.cause}
      className="notice"
    >
      <Text size="sm">{props.text.remedy}</Text>
      {props.detail !== undefined && props.detail !== "" && (
        <Text size="xs" className="dim">
          {t("fault.detail", { detail: props.detail })}
        </Text>
      )}
    </Alert>
  );
}
