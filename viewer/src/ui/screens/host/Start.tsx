import "../../style/host.css";

import { Alert, Button, List, Stack, Text } from "@mantine/core";
import { IconDoorExit, IconInfoCircle, IconScreenShare } from "@tabler/icons-react";
import type { ReactElement, ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { failureText } from "../../failures";
import { Frame } from "../../parts/Frame";
import { Notice } from "../../parts/Notice";
import { useHostView } from "./useHost";

function Outcome(): ReactElement | null {
  const { t } = useTranslation();
  const { phase, choice, error } = useHostView();
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
    <Alert variant="light" role="status" icon={<IconDoorExit aria-hidden="true" />} title={t("host.ended")}>
      {t("host.endedText")}
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
  readonly onStart: () => void;
  readonly children?: ReactNode;
}): ReactElement {
  const { t } = useTranslation();
  const able = useHostView().choice !== "unsupported";
  return (
    <Frame title={props.title} lead={props.lead}>
      <Stack gap="lg">
        <Outcome />
        {able && (
          <List type="ordered" spacing="xs">
            {props.steps.map((step) => (
              <List.Item key={step}>{step}</List.Item>
            ))}
          </List>
        )}
        <Button
          size={able ? "xl" : "md"}
          variant={able ? "filled" : "default"}
          leftSection={<IconScreenShare size={22} aria-hidden="true" />}
          onClick={props.onStart}
          data-testid="host-start"
        >
          {able ? props.button : t("host.tryAgain")}
        </Button>
        {able && (
          <Text size="sm" className="dim">
            {props.note}
          </Text>
        )}
        {props.children}
      </Stack>
    </Frame>
  );
}
