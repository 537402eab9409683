import { Button, Text, TextInput } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import { type ReactElement, type SubmitEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { addPasskey, type Passkey, removePasskey } from "../../features/security/api";
import { passkeysWork } from "../../features/security/passkey";
import { Sure } from "../parts/Sure";
import { Kept, momentText, Section } from "./Section";
import { type Acting, useActing } from "./useAnswer";

const MAX_NAME_CHARS = 60;

function AddForm(props: {
  readonly acting: Acting;
  readonly onDone: (codes: readonly string[]) => void;
}): ReactElement {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const [tried, setTried] = useState(false);

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    setTried(true);
    const called = name.trim();
    if (called === "" || props.acting.busy) return;
    const made = await props.acting.run(() => addPasskey(called));
    if (made === null) return;
    setName("");
    setTried(false);
    props.onDone(made.value);
  }

  return (
    <form noValidate onSubmit={(event) => void submit(event)} className="security-form">
      <TextInput
        label={t("security.passkeyName")}
        description={t("security.passkeyNameHint")}
        maxLength={MAX_NAME_CHARS}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={tried && name.trim() === "" ? t("security.passkeyNameMissing") : null}
        data-testid="passkey-name"
      />
      <Button
        type="submit"
        mt="sm"
        variant="light"
        leftSection={<IconFingerprint size={18} aria-hidden="true" />}
        loading={props.acting.busy}
        data-testid="passkey-add"
      >
        {t("security.passkeyAdd")}
      </Button>
    </form>
  );
}

/** The account's passkeys: each with its name, one more, one less. */
export function PasskeySection(props: {
  readonly passkeys: readonly Passkey[];
  /** Whether the relay can take any: it needs a name (WebAuthn knows none for addresses). */
  readonly offered: boolean;
  readonly onChanged: (codes: readonly string[]) => void;
}): ReactElement {
  const { t } = useTranslation();
  const acting = useActing();
  const [leaving, setLeaving] = useState<Passkey | null>(null);

  async function remove(): Promise<void> {
    const id = leaving?.id ?? "";
    setLeaving(null);
    if ((await acting.run(() => removePasskey(id))) !== null) props.onChanged([]);
  }

  const about = ({ createdAtS, usedAtS }: Passkey): string =>
    usedAtS === null
      ? t("security.passkeyUnused", { added: momentText(createdAtS) })
      : t("security.passkeyUsed", { added: momentText(createdAtS), used: momentText(usedAtS) });

  return (
    <Section
      title={t("security.passkeys")}
      text={t("security.passkeysText")}
      fault={acting.fault}
      testId="passkeys"
    >
      {props.passkeys.length === 0 && <Text size="sm">{t("security.passkeysNone")}</Text>}
      <ul className="live-list security-list" aria-label={t("security.passkeys")}>
        {props.passkeys.map((one) => (
          <Kept key={one.id} name={one.name} lines={[about(one)]}>
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
      {props.offered && passkeysWork() ? (
        <AddForm acting={acting} onDone={props.onChanged} />
      ) : (
        <Text size="sm">{t("security.passkeysNot")}</Text>
      )}
      <Sure
        opened={leaving !== null}
        title={t("security.removeThis", { what: leaving?.name ?? "" })}
        text={t("security.passkeyRemoveText")}
        yes={t("security.remove")}
        danger
        onNo={() => setLeaving(null)}
        onYes={() => void remove()}
      />
    </Section>
  );
}
