import { Stack, Text, Title } from "@mantine/core";
import { type ReactElement, type ReactNode, useId } from "react";
import { useTranslation } from "react-i18next";

import type { AccountFault } from "../../features/account/api";
import { accountFaultText } from "../failures";
import { currentLanguage } from "../i18n";
import { Notice } from "../parts/Notice";

/** One matter of the account's page, and why the last thing done in it failed. */
export function Section(props: {
  readonly title: string;
  readonly text: string;
  readonly fault: AccountFault | null;
  readonly testId: string;
  readonly children: ReactNode;
}): ReactElement {
  const { t } = useTranslation();
  const id = useId();
  return (
    <section className="security-section" aria-labelledby={id} data-testid={props.testId}>
      <Title order={2} size="h4" id={id}>
        {props.title}
      </Title>
      <Text size="sm" className="dim">
        {props.text}
      </Text>
      <Stack gap="sm" mt="sm" align="flex-start">
        {props.fault !== null && <Notice text={accountFaultText(t, props.fault)} />}
        {props.children}
      </Stack>
    </section>
  );
}

/** One kept thing: what it is, and its button. */
export function Kept(props: {
  readonly name: string;
  readonly lines: readonly string[];
  readonly mark?: ReactNode;
  readonly children: ReactNode;
}): ReactElement {
  return (
    <li className="live-row">
      <div className="live-about">
        <Text component="div" fw={600} dir="auto">
          <bdi>{props.name}</bdi> {props.mark}
        </Text>
        {props.lines.map((line) => (
          <Text key={line} size="sm" className="dim">
            {line}
          </Text>
        ))}
      </div>
      {props.children}
    </li>
  );
}

/** A moment in the reader's words; `s` is seconds since 1970. */
export function momentText(s: number): string {
  return new Date(s * 1000).toLocaleString(currentLanguage(), { dateStyle: "medium", timeStyle: "short" });
}
