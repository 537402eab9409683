import { Button, Stack } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import { type ReactElement, type SubmitEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { type AccountFault, judgedWrong, type SecondMethod } from "../../features/account/api";
import type { AccountView } from "../../features/account/store";
import { passkeyForStep } from "../../features/security/api";
import { passkeysWork } from "../../features/security/passkey";
import { accountFaultText } from "../failures";
import { Frame } from "../parts/Frame";
import { Notice } from "../parts/Notice";
import { CODE_DIGITS, OneTimeCode } from "../parts/OneTimeCode";
import { isWholeRecovery, RecoveryCode } from "../parts/RecoveryCode";
import { useServices } from "../services";

type Typed = Exclude<SecondMethod, "passkey">;

/** A code that is typed: of the app, or one of those kept for bad days. */
function TypedStep(props: {
  readonly methods: readonly SecondMethod[];
  readonly busy: boolean;
}): ReactElement | null {
  const { t } = useTranslation();
  const { account } = useServices();
  const typed = (["totp", "recovery"] as const).filter((one) => props.methods.includes(one));
  const [chosen, setChosen] = useState<Typed>(typed[0] ?? "totp");
  const [code, setCode] = useState("");
  const [tried, setTried] = useState(false);
  if (typed.length === 0) return null;
  const whole = chosen === "totp" ? code.length === CODE_DIGITS : isWholeRecovery(code);
  const error = tried && !whole ? t(`second.${chosen}Missing`) : null;
  const other = typed.find((one) => one !== chosen);

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    setTried(true);
    if (!whole || props.busy) return;
    await account.second(chosen === "totp" ? { totp: code } : { recovery: code });
    const now = account.getSnapshot();
    if (now.status !== "second" || !judgedWrong(now.fault)) return;
    setTried(false);
    setCode("");
  }

  function choose(next: Typed): void {
    setChosen(next);
    setCode("");
    setTried(false);
  }

  return (
    <form noValidate onSubmit={(event) => void submit(event)}>
      <Stack gap="md">
        {chosen === "totp" ? (
          <OneTimeCode
            label={t("second.totp")}
            hint={t("second.totpHint")}
            digits={code}
            onChange={setCode}
            error={error}
            focused={!props.methods.includes("passkey") || !passkeysWork()}
          />
        ) : (
          <RecoveryCode code={code} onChange={setCode} error={error} />
        )}
        <Button
          type="submit"
          size="md"
          variant={props.methods.includes("passkey") && passkeysWork() ? "light" : "filled"}
          loading={props.busy}
          aria-label={props.busy ? t("second.busy") : t("second.submit")}
        >
          {t("second.submit")}
        </Button>
        {other !== undefined && (
          <Button variant="subtle" size="md" onClick={() => choose(other)}>
            {t(other === "totp" ? "second.useTotp" : "second.useRecovery")}
          </Button>
        )}
      </Stack>
    </form>
  );
}

function PasskeyStep(props: {
  readonly challenge: string;
  readonly busy: boolean;
  readonly onFault: (fault: AccountFault | null) => void;
}): ReactElement {
  const { t } = useTranslation();
  const { account } = useServices();
  const [asking, setAsking] = useState(false);

  async function use(): Promise<void> {
    setAsking(true);
    props.onFault(null);
    const proof = await passkeyForStep(props.challenge);
    setAsking(false);
    if (proof.ok) await account.second({ passkey: proof.value });
    else if (proof.fault.code === "wrong_step") account.expired(proof.fault);
    else props.onFault(proof.fault);
  }

  return (
    <Button
      size="md"
      autoFocus
      leftSection={<IconFingerprint size={18} aria-hidden="true" />}
      loading={asking || props.busy}
      onClick={() => void use()}
      data-testid="passkey-step"
    >
      {t("second.passkey")}
    </Button>
  );
}

/** The second step of a sign-in whose first one was right. */
export function SecondStepScreen(props: {
  readonly view: Extract<AccountView, { readonly status: "second" }>;
}): ReactElement {
  const { t } = useTranslation();
  const { account } = useServices();
  const { step, busy } = props.view;
  const [local, setLocal] = useState<AccountFault | null>(null);
  const fault = local ?? props.view.fault;
  return (
    <Frame title={t("second.title")} lead={t("second.lead")}>
      <Stack gap="md">
        {fault !== null && <Notice text={accountFaultText(t, fault)} />}
        {step.methods.includes("passkey") && passkeysWork() && (
          <PasskeyStep challenge={step.challenge} busy={busy} onFault={setLocal} />
        )}
        <TypedStep methods={step.methods} busy={busy} />
        <Button variant="subtle" color="gray" size="md" onClick={() => account.expired(null)}>
          {t("second.back")}
        </Button>
      </Stack>
    </Frame>
  );
}
