import { Button, Code, CopyButton, Stack, Text } from "@mantine/core";
import { IconCopy, IconDeviceDesktop } from "@tabler/icons-react";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import type { FailureCode } from "../../../core/api";
import { fetchPresentation } from "../../../core/host/ticket";
import { failureText } from "../../failures";
import { Notice } from "../../parts/Notice";

type Asked = { readonly command: string } | { readonly failed: FailureCode } | null;

/** The other way to present: with the program on this PC, which gets a ticket that is good once (SPEC C24). */
export function ByAgent(): ReactElement {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<Asked>(null);

  async function ask(): Promise<void> {
    const answer = await fetchPresentation();
    if (!answer.ok) setAsked({ failed: answer.failure.code });
    else if (answer.ticket !== null) {
      const server = window.location.origin;
      setAsked({ command: `relevo-agent present --server ${server} --ticket ${answer.ticket}` });
    }
  }

  if (asked !== null && "command" in asked) {
    const { command } = asked;
    return (
      <Stack gap="xs" role="status">
        <Text size="sm">{t("host.agentText")}</Text>
        <Code block data-testid="host-agent-command">
          {command}
        </Code>
        <CopyButton value={command}>
          {({ copied, copy }) => (
            <Button variant="default" leftSection={<IconCopy size={16} aria-hidden="true" />} onClick={copy}>
              {copied ? t("common.copied") : t("host.agentCopy")}
            </Button>
          )}
        </CopyButton>
      </Stack>
    );
  }
  return (
    <Stack gap="xs">
      {asked !== null && <Notice text={failureText(t, asked.failed)} />}
      <Button
        variant="subtle"
        leftSection={<IconDeviceDesktop size={16} aria-hidden="true" />}
        onClick={() => void ask()}
        data-testid="host-by-agent"
      >
        {t("host.agentButton")}
      </Button>
    </Stack>
  );
}
