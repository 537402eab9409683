import { TextInput } from "@mantine/core";
import { type ChangeEvent, type ReactElement, useLayoutEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { caretAfter, digitsOf, grouped } from "../../features/join/code";

/** Twelve digits in groups of three, however they are typed or pasted; nothing happens before Enter. */
export function CodeField(props: {
  readonly digits: string;
  readonly onChange: (digits: string) => void;
  readonly error: string | null;
}): ReactElement {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const caret = useRef<number | null>(null);

  // Grouping rewrites the field; without this the caret would jump to its end in the middle of a correction.
  useLayoutEffect(() => {
    if (caret.current === null || document.activeElement !== input.current) return;
    input.current?.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  }, [props.digits]);

  function change(event: ChangeEvent<HTMLInputElement>): void {
    const { value, selectionStart } = event.currentTarget;
    caret.current = caretAfter(digitsOf(value.slice(0, selectionStart ?? value.length)).length);
    props.onChange(digitsOf(value));
  }

  return (
    <TextInput
      ref={input}
      classNames={{ input: "code-input", label: "code-label", description: "code-hint", error: "code-hint" }}
      label={t("join.code")}
      description={t("join.codeHint")}
      placeholder="000 000 000 000"
      inputMode="numeric"
      autoComplete="off"
      spellCheck={false}
      autoFocus
      size="xl"
      value={grouped(props.digits)}
      onChange={change}
      error={props.error}
      data-testid="code"
    />
  );
}
