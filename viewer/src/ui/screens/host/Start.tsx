import "../../style/host.css";

import { Alert, Button, List, Stack, Text } from "@mantine/core";
import { IconDoorExit, IconInfoCircle, IconScreenShare } from "@tabler/icons-react";
import type { ReactElement, ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { failureText } from "../../failures";
import { Frame } from "../../parts/Frame";
import { Notice } from "../../parts/Notice";
import { useHostView } from "./useHost";

function Outcome(props: { readonly reported: boolean }): ReactElement | null {
  const { t } = useTranslation();
  const { phase, choice, error } = useHostView();
  const over = props.reported
    ? { title: t("report.hostSent"), text: t("report.hostSentText") }
    : { title: t("host.ended"), text: t("host.endedText") };
  if (error !== null) return <Notice text={failureText(t, error.code)} detail={error.detail} />;
  if (choice !== null) {
    const icon = <IconInfoCircle aria-hidden="true" />;
    return (
      <Alert variant="light" role="status" icon={icon} title={t(`host.${choice}`)}>
        {t(`host.${choice}Remedy`)}
      </Alert>
    );
  }
  if (phase !== "ended") return null;
  return (
    <Alert variant="light" role="status" icon={<IconDoorExit aria-hidden="true" />} title={over.title}>
      {over.text}
    </Alert>
  );
}

/** Before the screen is shown, and after: what will happen, in plain words, and one button. */
export function Start(props: {
  readonly title: string;
  readonly lead: string;
  readonly steps: readonly string[];
  readonly button: string;
  readonly note: string;
  /** Whoever was let in has just been reported: nobody is led to let them in again. */
  readonly reported?: boolean;
  readonly onStart: () => void;
  readonly children?: ReactNode;
}): ReactElement {
  const { t } = useTranslation();
  const reported = props.reported === true;
  const able = useHostView().choice !== "unsupported";
  const led = able && !reported;
  return (
    <Frame title={props.title} lead={props.lead}>
      <Stack gap="lg">
        <Outcome reported={reported} />
        {led && (
          <List type="ordered" spacing="xs">
            {props.steps.map((step) => (
              <List.Item key={step}>{step}</List.Item>
            ))}
          </List>
        )}
        <Button
          size={led ? "xl" : "md"}
          variant={led ? "filled" : "default"}
          leftSection={<IconScreenShare size={22} aria-hidden="true" />}
          onClick={props.onStart}
          data-testid="host-start"
        >
          {able ? props.button : t("host.tryAgain")}
        </Button>
        {led && (
          <Text size="sm" className="dim">
            {props.note}
          </Text>
        )}
        {props.children}
      </Stack>
    </Frame>
  );
}
