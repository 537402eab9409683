import { Alert, Button, PasswordInput, Stack } from "@mantine/core";
import { type ReactElement, type SubmitEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { changePassword } from "../../features/security/api";
import { Section } from "./Section";
import { useActing } from "./useAnswer";

const MIN_CHARS = 10;
const MAX_CHARS = 256;
const EMPTY = { old: "", next: "", again: "" };

type Fields = typeof EMPTY;
type Wrong = Partial<Record<keyof Fields, "oldMissing" | "newShort" | "different">>;

function wrongIn(fields: Fields, byLink: boolean): Wrong {
  return {
    ...(fields.old === "" && !byLink ? { old: "oldMissing" } : {}),
    ...(Array.from(fields.next).length < MIN_CHARS ? { next: "newShort" } : {}),
    ...(fields.next !== fields.again ? { again: "different" } : {}),
  };
}

/** A new password by oneself; after a one-time link the old one may be forgotten. */
export function PasswordForm(props: { readonly byLink: boolean; readonly onDone: () => void }): ReactElement {
  const { t } = useTranslation();
  const acting = useActing();
  const [fields, setFields] = useState(EMPTY);
  const [tried, setTried] = useState(false);
  const [done, setDone] = useState(false);
  const wrong = tried ? wrongIn(fields, props.byLink) : {};

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    setTried(true);
    setDone(false);
    if (Object.keys(wrongIn(fields, props.byLink)).length > 0 || acting.busy) return;
    const old = fields.old === "" ? null : fields.old;
    if ((await acting.run(() => changePassword(old, fields.next))) === null) return;
    setFields(EMPTY);
    setTried(false);
    setDone(true);
    props.onDone();
  }

  const input = (name: keyof Fields, label: string, autoComplete: string, hint?: string): ReactElement => (
    <PasswordInput
      label={label}
      description={hint}
      autoComplete={autoComplete}
      maxLength={MAX_CHARS}
      value={fields[name]}
      onChange={(event) => setFields({ ...fields, [name]: event.currentTarget.value })}
      error={wrong[name] === undefined ? null : t(`security.${wrong[name]}`)}
    />
  );

  const hint = props.byLink ? t("security.oldPasswordByLink") : undefined;
  return (
    <Section
      title={t("security.password")}
      text={t("security.passwordText")}
      fault={acting.fault}
      testId="password"
    >
      {done && (
        <Alert role="status" variant="light">
          {t("security.passwordChanged")}
        </Alert>
      )}
      <form noValidate onSubmit={(event) => void submit(event)} className="security-form">
        <Stack gap="sm" align="stretch">
          {input("old", t("security.oldPassword"), "current-password", hint)}
          {input("next", t("security.newPassword"), "new-password")}
          {input("again", t("security.again"), "new-password")}
          <Button type="submit" variant="light" loading={acting.busy}>
            {t("security.changePassword")}
          </Button>
        </Stack>
      </form>
    </Section>
  );
}
