import { Button, Divider, Stack } from "@mantine/core";
import { IconBuilding, IconFingerprint } from "@tabler/icons-react";
import { type ReactElement, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import type { AccountFault } from "../../features/account/api";
import { fetchWays, passkeyForSignIn, type SignInWays } from "../../features/security/api";
import { passkeysWork } from "../../features/security/passkey";
import { useServices } from "../services";

/** What the relay offers besides name and password; nothing until it has said so. */
function useWays(): SignInWays {
  const [ways, setWays] = useState<SignInWays>({ oidc: null, passkeys: false });
  useEffect(() => {
    let gone = false;
    void fetchWays().then((answer) => {
      if (answer.ok && !gone) setWays(answer.value);
    });
    return () => {
      gone = true;
    };
  }, []);
  return ways;
}

/** Sign in by a passkey, or through the organisation's own service. */
export function OtherWays(props: {
  readonly busy: boolean;
  readonly onFault: (fault: AccountFault | null) => void;
}): ReactElement | null {
  const { t } = useTranslation();
  const { account } = useServices();
  const ways = useWays();
  const [asking, setAsking] = useState(false);
  const passkeys = ways.passkeys && passkeysWork();

  async function signInByPasskey(): Promise<void> {
    setAsking(true);
    props.onFault(null);
    const proof = await passkeyForSignIn();
    setAsking(false);
    if (proof.ok) await account.signInByPasskey(proof.value);
    else props.onFault(proof.fault);
  }

  if (!passkeys && ways.oidc === null) return null;
  return (
    <Stack gap="md">
      <Divider label={t("ways.or")} />
      {passkeys && (
        <Button
          variant="light"
          size="md"
          leftSection={<IconFingerprint size={18} aria-hidden="true" />}
          loading={asking}
          disabled={props.busy}
          onClick={() => void signInByPasskey()}
          data-testid="passkey-sign-in"
        >
          {t("ways.passkey")}
        </Button>
      )}
      {ways.oidc !== null && (
        <Button
          component="a"
          variant="light"
          size="md"
          leftSection={<IconBuilding size={18} aria-hidden="true" />}
          href={`/api/oidc/start?to=${encodeURIComponent(window.location.pathname)}`}
          data-testid="oidc-sign-in"
        >
          {t("ways.oidc", { name: ways.oidc })}
        </Button>
      )}
    </Stack>
  );
}
