import { TextInput } from "@mantine/core";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

const RECOVERY_SIGNS = 24;

/** Whether it is as long as a recovery code is, however it is grouped. */
export function isWholeRecovery(code: string): boolean {
  return code.replace(/[^A-Za-z0-9]/gu, "").length === RECOVERY_SIGNS;
}

/** One of the codes that are kept for bad days. */
export function RecoveryCode(props: {
  readonly code: string;
  readonly onChange: (code: string) => void;
  readonly error: string | null;
}): ReactElement {
  const { t } = useTranslation();
  return (
    <TextInput
      label={t("second.recovery")}
      description={t("second.recoveryHint")}
      name="recovery"
      autoComplete="off"
      autoCapitalize="characters"
      spellCheck={false}
      maxLength={64}
      size="md"
      autoFocus
      value={props.code}
      onChange={(event) => props.onChange(event.currentTarget.value)}
      error={props.error}
      data-testid="recovery-code"
    />
  );
}
