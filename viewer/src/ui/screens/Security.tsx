import "../style/security.css";

import { Alert, Button, Loader } from "@mantine/core";
import { IconArrowLeft, IconShieldLock } from "@tabler/icons-react";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import type { Account } from "../../features/account/api";
import { fetchFactors, fetchSignIns, fetchWays } from "../../features/security/api";
import { accountFaultText } from "../failures";
import { Frame } from "../parts/Frame";
import { Notice } from "../parts/Notice";
import { useRoute } from "../route";
import { AppSection } from "../security/AppSection";
import { Once } from "../security/Once";
import { PasskeySection } from "../security/PasskeySection";
import { RecoverySection } from "../security/RecoverySection";
import { SignIns } from "../security/SignIns";
import { PasswordForm } from "../security/PasswordForm";
import { TokenSection } from "../security/TokenSection";
import { useAnswer } from "../security/useAnswer";
import { useServices } from "../services";

/** What a sign-in asks for besides the password. */
function SecondFactors(props: { readonly mustEnrol: boolean }): ReactElement {
  const { t } = useTranslation();
  const { account } = useServices();
  const factors = useAnswer(fetchFactors);
  const ways = useAnswer(fetchWays);
  const [codes, setCodes] = useState<readonly string[]>([]);

  function changed(fresh: readonly string[]): void {
    if (fresh.length > 0) setCodes(fresh);
    else if (props.mustEnrol) void account.check();
    factors.reload();
  }

  function kept(): void {
    setCodes([]);
    // What was closed before a factor was added opens now.
    if (props.mustEnrol) void account.check();
  }

  const { value } = factors;
  if (value === null) {
    if (factors.fault !== null) return <Notice text={accountFaultText(t, factors.fault)} />;
    return <Loader size="sm" aria-label={t("security.looking")} />;
  }
  return (
    <>
      {codes.length > 0 && (
        <Once
          title={t("security.recoveryShown")}
          text={t("security.recoveryShownText")}
          lines={codes}
          kept={t("security.kept")}
          onKept={kept}
          testId="recovery-codes"
        />
      )}
      <AppSection on={value.totp} onChanged={changed} />
      <PasskeySection passkeys={value.passkeys} offered={ways.value?.passkeys ?? false} onChanged={changed} />
      <RecoverySection
        left={value.recoveryLeft}
        needed={value.totp || value.passkeys.length > 0}
        onMade={changed}
      />
    </>
  );
}

/** Where one is signed in; a new password ends all other places. */
function SignInsAndPassword(): ReactElement {
  const rows = useAnswer(fetchSignIns);
  const byLink = rows.value?.some(({ current, method }) => current && method === "link") ?? false;
  return (
    <>
      <SignIns rows={rows} />
      <PasswordForm byLink={byLink} onDone={rows.reload} />
    </>
  );
}

/** One's own account: where it is signed in, and what keeps others out of it. */
export function Security(props: { readonly account: Account }): ReactElement {
  const { t } = useTranslation();
  const route = useRoute();
  const { mustEnrol, permissions } = props.account;
  return (
    <Frame title={t("security.title")} lead={t("security.lead")}>
      <div className="security">
        {mustEnrol ? (
          <Alert
            variant="light"
            color="amber"
            role="status"
            icon={<IconShieldLock aria-hidden="true" />}
            title={t("security.enrolTitle")}
            data-testid="must-enrol"
          >
            {t("security.enrolText")}
          </Alert>
        ) : (
          <Button
            variant="default"
            leftSection={<IconArrowLeft size={16} aria-hidden="true" />}
            onClick={() => route.go("home")}
          >
            {t("security.back")}
          </Button>
        )}
        <SecondFactors mustEnrol={mustEnrol} />
        {!mustEnrol && <SignInsAndPassword />}
        {!mustEnrol && permissions.length > 0 && <TokenSection allowed={permissions} />}
      </div>
    </Frame>
  );
}
