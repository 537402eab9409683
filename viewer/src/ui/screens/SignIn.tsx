import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { type SubmitEvent, type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import { type AccountFault, judgedWrong } from "../../features/account/api";
import { accountFaultText } from "../failures";
import { Frame } from "../parts/Frame";
import { Notice } from "../parts/Notice";
import { useRoute } from "../route";
import { useAccount, useServices } from "../services";
import { OtherWays } from "./OtherWays";
import { SecondStepScreen } from "./SecondStep";

const MAX_NAME_CHARS = 64;
const MAX_PASSWORD_CHARS = 256;

/** Name and password. What is missing is said beside the field, what the relay refuses above the button. */
function Password(props: { readonly fault: AccountFault | null; readonly onTry: () => void }): ReactElement {
  const { t } = useTranslation();
  const { account } = useServices();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [tried, setTried] = useState(false);
  const busy = useAccount().status === "signing_in";
  const { fault } = props;

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    setTried(true);
    if (name.trim() === "" || password === "" || busy) return;
    props.onTry();
    await account.signIn(name, password);
    const now = account.getSnapshot();
    if (now.status === "out" && judgedWrong(now.fault)) setPassword("");
  }

  return (
    <form noValidate onSubmit={(event) => void submit(event)}>
      <Stack gap="md">
        <TextInput
          label={t("signIn.name")}
          description={t("signIn.nameText")}
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
      </Stack>
    </form>
  );
}

/** Sign in: by name and password, and by whatever else the relay offers. */
export function SignIn(props: { readonly onBack?: () => void }): ReactElement {
  const { t } = useTranslation();
  const route = useRoute();
  const view = useAccount();
  const [local, setLocal] = useState<AccountFault | null>(null);
  if (view.status === "second") return <SecondStepScreen key={view.step.challenge} view={view} />;
  const fault = local ?? (view.status === "out" ? view.fault : null);
  const { onBack } = props;
  return (
    <Frame title={t("signIn.title")} lead={t("signIn.lead")}>
      <Stack gap="md">
        <Password fault={fault} onTry={() => setLocal(null)} />
        <OtherWays busy={view.status === "signing_in"} onFault={setLocal} />
        <Button variant="subtle" size="md" onClick={onBack ?? (() => route.go("share"))}>
          {t(onBack === undefined ? "signIn.toShare" : "guest.withoutAccount")}
        </Button>
      </Stack>
    </Frame>
  );
}
