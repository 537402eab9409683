import { Button, Checkbox, NumberInput, Stack, Text, TextInput } from "@mantine/core";
import { type ReactElement, type SubmitEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { type Permission, PERMISSIONS } from "../../features/account/api";
import { type ApiToken, createToken, fetchTokens, revokeToken } from "../../features/security/api";
import { Sure } from "../parts/Sure";
import { Kept, momentText, Section } from "./Section";
import { Once } from "./Once";
import { type Acting, useActing, useAnswer } from "./useAnswer";

const MAX_NAME_CHARS = 60;
const MAX_DAYS = 365;
const DEFAULT_DAYS = 90;

function NewToken(props: {
  readonly allowed: readonly Permission[];
  readonly acting: Acting;
  readonly onMade: (token: string) => void;
}): ReactElement {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const [days, setDays] = useState(DEFAULT_DAYS);
  const [scopes, setScopes] = useState<readonly Permission[]>([]);
  const [tried, setTried] = useState(false);

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    setTried(true);
    const called = name.trim();
    if (called === "" || scopes.length === 0 || props.acting.busy) return;
    const made = await props.acting.run(() => createToken(called, scopes, days));
    if (made === null) return;
    setName("");
    setScopes([]);
    setTried(false);
    props.onMade(made.value);
  }

  return (
    <form noValidate onSubmit={(event) => void submit(event)} className="security-form">
      <Stack gap="sm" align="stretch">
        <TextInput
          label={t("security.tokenName")}
          maxLength={MAX_NAME_CHARS}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={tried && name.trim() === "" ? t("security.tokenNameMissing") : null}
        />
        <NumberInput
          label={t("security.tokenDays")}
          min={1}
          max={MAX_DAYS}
          clampBehavior="strict"
          allowDecimal={false}
          value={days}
          onChange={(value) => setDays(Math.min(MAX_DAYS, Math.max(1, Math.trunc(Number(value)) || 1)))}
        />
        <Checkbox.Group
          label={t("security.tokenScopes")}
          value={[...scopes]}
          onChange={(chosen) => setScopes(PERMISSIONS.filter((one) => chosen.includes(one)))}
          error={tried && scopes.length === 0 ? t("security.tokenScopesMissing") : null}
        >
          <Stack gap={6} mt={6}>
            {props.allowed.map((one) => (
              <Checkbox key={one} value={one} label={t(`security.scope.${one}`)} />
            ))}
          </Stack>
        </Checkbox.Group>
        <Button type="submit" variant="light" loading={props.acting.busy}>
          {t("security.tokenMake")}
        </Button>
      </Stack>
    </form>
  );
}

/** Keys by which the person's own programs may ask the relay. */
export function TokenSection(props: { readonly allowed: readonly Permission[] }): ReactElement {
  const { t } = useTranslation();
  const tokens = useAnswer(fetchTokens);
  const acting = useActing();
  const [made, setMade] = useState<string | null>(null);
  const [leaving, setLeaving] = useState<ApiToken | null>(null);

  async function revoke(): Promise<void> {
    const id = leaving?.id ?? "";
    setLeaving(null);
    await acting.run(() => revokeToken(id));
    tokens.reload();
  }

  function show(token: string): void {
    setMade(token);
    tokens.reload();
  }

  const about = ({ expiresAtS, usedAtS }: ApiToken): string => {
    const until = momentText(expiresAtS);
    if (usedAtS === null) return t("security.tokenUnused", { until });
    return t("security.tokenUntil", { until, used: momentText(usedAtS) });
  };

  return (
    <Section
      title={t("security.tokens")}
      text={t("security.tokensText")}
      fault={acting.fault ?? tokens.fault}
      testId="tokens"
    >
      {tokens.value?.length === 0 && <Text size="sm">{t("security.tokensNone")}</Text>}
      <ul className="live-list security-list" aria-label={t("security.tokens")}>
        {(tokens.value ?? []).map((one) => (
          <Kept key={one.id} name={one.name} lines={[about(one), one.scopes.join(" · ")]}>
            <Button
              size="xs"
              variant="default"
              disabled={acting.busy}
              aria-label={t("security.removeThis", { what: one.name })}
              onClick={() => setLeaving(one)}
            >
              {t("security.remove")}
            </Button>
          </Kept>
        ))}
      </ul>
      {made !== null && (
        <Once
          title={t("security.tokenShown")}
          text={t("security.tokenShownText")}
          lines={[made]}
          kept={t("security.tokenKept")}
          onKept={() => setMade(null)}
          testId="new-token"
        />
      )}
      <NewToken allowed={props.allowed} acting={acting} onMade={show} />
      <Sure
        opened={leaving !== null}
        title={t("security.removeThis", { what: leaving?.name ?? "" })}
        text={t("security.tokenRemoveText")}
        yes={t("security.remove")}
        danger
        onNo={() => setLeaving(null)}
        onYes={() => void revoke()}
      />
    </Section>
  );
}
