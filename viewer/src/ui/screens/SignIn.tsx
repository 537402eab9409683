import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { type SubmitEvent, type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import { accountFaultText } from "../failures";
import { Frame } from "../parts/Frame";
import { Notice } from "../parts/Notice";
import { useRoute } from "../route";
import { useAccount, useServices } from "../services";

const MAX_NAME_CHARS = 64;
const MAX_PASSWORD_CHARS = 256;

/** Name and password. What is missing is said beside the field, what the relay refuses above the button. */
export function SignIn(props: { readonly onBack?: () => void }): ReactElement {
  const { t } = useTranslation();
  const { account } = useServices();
  const route = useRoute();
  const view = useAccount();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [tried, setTried] = useState(false);
  const busy = view.status === "signing_in";
  const fault = view.status === "out" ? view.fault : null;

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    setTried(true);
    if (name.trim() === "" || password === "" || busy) return;
    if (!(await account.signIn(name, password))) setPassword("");
  }

  return (
    <Frame title={t("signIn.title")} lead={t("signIn.lead")}>
      <form noValidate onSubmit={(event) => void submit(event)}>
        <Stack gap="md">
          <TextInput
            label={t("signIn.name")}
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={MAX_NAME_CHARS}
            size="md"
            autoFocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={tried && name.trim() === "" ? t("signIn.nameMissing") : null}
          />
          <PasswordInput
            label={t("signIn.password")}
            name="password"
            autoComplete="current-password"
            maxLength={MAX_PASSWORD_CHARS}
            size="md"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            error={tried && password === "" && fault === null && !busy ? t("signIn.passwordMissing") : null}
          />
          {fault !== null && <Notice text={accountFaultText(t, fault)} />}
          <Button
            type="submit"
            size="md"
            loading={busy}
            aria-label={busy ? t("signIn.busy") : t("signIn.submit")}
          >
            {t("signIn.submit")}
          </Button>
          {props.onBack === undefined && (
            <Button variant="subtle" size="md" onClick={() => route.go("share")}>
              {t("signIn.toShare")}
            </Button>
          )}
          {props.onBack !== undefined && (
            <Button variant="subtle" size="md" onClick={props.onBack}>
              {t("guest.withoutAccount")}
            </Button>
          )}
        </Stack>
      </form>
    </Frame>
  );
}
