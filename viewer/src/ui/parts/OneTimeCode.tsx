import { TextInput } from "@mantine/core";
import type { ReactElement } from "react";

export const CODE_DIGITS = 6;

/** The six digits of an authenticator app, however they are typed or pasted. */
export function OneTimeCode(props: {
  readonly label: string;
  readonly hint: string;
  readonly digits: string;
  readonly onChange: (digits: string) => void;
  readonly error: string | null;
  /** False where something else comes first. */
  readonly focused?: boolean;
}): ReactElement {
  return (
    <TextInput
      label={props.label}
      description={props.hint}
      name="one-time-code"
      autoComplete="one-time-code"
      inputMode="numeric"
      spellCheck={false}
      // The browser cuts what is pasted before the page sees it: leave room for spaces in it.
      maxLength={2 * CODE_DIGITS}
      size="md"
      autoFocus={props.focused !== false}
      value={props.digits}
      onChange={(event) =>
        props.onChange(event.currentTarget.value.replace(/\D/gu, "").slice(0, CODE_DIGITS))
      }
      error={props.error}
      data-testid="one-time-code"
    />
  );
}
