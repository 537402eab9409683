import { Alert, Button, Group, Stack } from "@mantine/core";
import { IconDoorExit } from "@tabler/icons-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import type { FailureCode } from "../../core/api";
import { failureText } from "../failures";
import { Checklist } from "../parts/Checklist";
import { Frame } from "../parts/Frame";
import { Notice } from "../parts/Notice";
import { Undelivered } from "../parts/Undelivered";
import { useSession } from "../services";

/** Failures after which the same code may still be good: it is spent as soon as it has been checked. */
const RETRY: ReadonlySet<FailureCode> = new Set<FailureCode>([
  "unreachable",
  "deadline",
  "throttled",
  "internal",
  "shutting_down",
  "ticket_invalid",
]);

/** Why it is over, and what comes next. */
export function Ended(props: {
  readonly onAgain: () => void;
  readonly onRetry: (() => void) | null;
  /** The way on leads to the list of live sessions rather than to a code. */
  readonly fromList?: boolean;
}): ReactElement {
  const { t } = useTranslation();
  const view = useSession();
  const { error, steps } = view;
  const neverLive = error !== null && steps.consent !== "done";
  const retry = error !== null && steps.encryption !== "done" && RETRY.has(error.code) ? props.onRetry : null;
  return (
    <Frame title={neverLive ? t("ended.failedTitle") : t("ended.title")}>
      <Stack gap="lg">
        {error === null ? (
          <Alert
            role="status"
            variant="light"
            icon={<IconDoorExit aria-hidden="true" />}
            title={t("ended.left")}
          >
            {t("ended.leftRemedy")}
          </Alert>
        ) : (
          <Notice
            text={failureText(t, error.code)}
            detail={error.detail}
            calm={error.code === "session_ended"}
          />
        )}
        {neverLive && <Checklist view={view} />}
        <Undelivered />
        <Group>
          {retry !== null && (
            <Button size="md" onClick={retry} autoFocus>
              {t("ended.retry")}
            </Button>
          )}
          <Button
            size="md"
            variant={retry === null ? "filled" : "default"}
            onClick={props.onAgain}
            autoFocus={retry === null}
          >
            {t(props.fromList === true ? "live.back" : "ended.again")}
          </Button>
        </Group>
      </Stack>
    </Frame>
  );
}
