import { Button, Group, Text } from "@mantine/core";
import { IconDeviceMobile } from "@tabler/icons-react";
import { type ReactElement, type SubmitEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { judgedWrong } from "../../features/account/api";
import { beginTotp, confirmTotp, type NewTotp, removeTotp } from "../../features/security/api";
import { CODE_DIGITS, OneTimeCode } from "../parts/OneTimeCode";
import { Sure } from "../parts/Sure";
import { Section } from "./Section";
import { type Acting, useActing } from "./useAnswer";

const GROUP_SIGNS = 4;

/** The key in groups, for whoever types it. */
function grouped(secret: string): string {
  return secret.match(new RegExp(`.{1,${GROUP_SIGNS}}`, "gu"))?.join(" ") ?? "";
}

function SetUp(props: {
  readonly secret: NewTotp;
  readonly acting: Acting;
  readonly onDone: (codes: readonly string[]) => void;
}): ReactElement {
  const { t } = useTranslation();
  const [code, setCode] = useState("");
  const [tried, setTried] = useState(false);
  const whole = code.length === CODE_DIGITS;

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    setTried(true);
    if (!whole || props.acting.busy) return;
    const done = await props.acting.run(async () => {
      const answer = await confirmTotp(code);
      if (!answer.ok && judgedWrong(answer.fault)) setCode("");
      return answer;
    });
    setTried(false);
    if (done !== null) props.onDone(done.value);
  }

  return (
    <form noValidate onSubmit={(event) => void submit(event)} className="security-form">
      <Text size="sm">{t("security.appSecret")}</Text>
      <pre className="security-once" data-testid="totp-secret">
        {grouped(props.secret.secret)}
      </pre>
      <Button
        component="a"
        size="xs"
        variant="default"
        href={props.secret.uri}
        mb="sm"
        leftSection={<IconDeviceMobile size={15} aria-hidden="true" />}
      >
        {t("security.appOpen")}
      </Button>
      <OneTimeCode
        label={t("security.appCode")}
        hint={t("second.totpHint")}
        digits={code}
        onChange={setCode}
        error={tried && !whole ? t("second.totpMissing") : null}
      />
      <Button type="submit" mt="sm" loading={props.acting.busy} data-testid="totp-confirm">
        {t("security.appConfirm")}
      </Button>
    </form>
  );
}

/** An authenticator app: set up, or taken away. */
export function AppSection(props: {
  readonly on: boolean;
  readonly onChanged: (codes: readonly string[]) => void;
}): ReactElement {
  const { t } = useTranslation();
  const acting = useActing();
  const [secret, setSecret] = useState<NewTotp | null>(null);
  const [sure, setSure] = useState(false);

  async function begin(): Promise<void> {
    const begun = await acting.run(beginTotp);
    if (begun !== null) setSecret(begun.value);
  }

  async function remove(): Promise<void> {
    setSure(false);
    if ((await acting.run(removeTotp)) !== null) props.onChanged([]);
  }

  function finish(codes: readonly string[]): void {
    setSecret(null);
    props.onChanged(codes);
  }

  return (
    <Section title={t("security.app")} text={t("security.appText")} fault={acting.fault} testId="app">
      {props.on && (
        <Group gap="sm">
          <Text size="sm" fw={600} data-testid="app-on">
            {t("security.appOn")}
          </Text>
          <Button size="xs" variant="default" loading={acting.busy} onClick={() => setSure(true)}>
            {t("security.appRemove")}
          </Button>
        </Group>
      )}
      {!props.on && secret === null && (
        <Button variant="light" loading={acting.busy} onClick={() => void begin()} data-testid="app-add">
          {t("security.appAdd")}
        </Button>
      )}
      {!props.on && secret !== null && <SetUp secret={secret} acting={acting} onDone={finish} />}
      <Sure
        opened={sure}
        title={t("security.appRemove")}
        text={t("security.appRemoveText")}
        yes={t("security.remove")}
        danger
        onNo={() => setSure(false)}
        onYes={() => void remove()}
      />
    </Section>
  );
}
