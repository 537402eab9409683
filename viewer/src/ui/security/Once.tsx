import { Alert, Button, CopyButton, Group, Text } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

/** What is shown this once: recovery codes, a key for programs. It stays until the person says that they have it. */
export function Once(props: {
  readonly title: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly kept: string;
  readonly onKept: () => void;
  readonly testId: string;
}): ReactElement {
  const { t } = useTranslation();
  return (
    <Alert
      role="status"
      variant="light"
      color="amber"
      icon={<IconKey aria-hidden="true" />}
      title={props.title}
      w="100%"
    >
      <Text size="sm">{props.text}</Text>
      <pre className="security-once" data-testid={props.testId}>
        {props.lines.join("\n")}
      </pre>
      <Group gap="xs">
        <CopyButton value={props.lines.join("\n")}>
          {({ copied, copy }) => (
            <Button size="xs" variant="default" onClick={copy}>
              {t(copied ? "common.copied" : "security.copy")}
            </Button>
          )}
        </CopyButton>
        <Button size="xs" onClick={props.onKept} data-testid={`${props.testId}-kept`}>
          {props.kept}
        </Button>
      </Group>
    </Alert>
  );
}
