import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { type ReactElement, type SubmitEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import type { GuestLink } from "../../features/guest/link";
import { guestName, MAX_GUEST_NAME_CHARS } from "../../features/guest/name";
import { Frame } from "../parts/Frame";
import { Notice } from "../parts/Notice";
import { useAccount } from "../services";

/** The address is not whole: nothing can be joined by it. */
export function BrokenLink(): ReactElement {
  const { t } = useTranslation();
  return (
    <Frame title={t("guest.broken.title")}>
      <Notice text={{ cause: t("guest.broken.cause"), remedy: t("guest.broken.remedy") }} />
    </Frame>
  );
}

function NameField(props: {
  readonly name: string;
  readonly missing: boolean;
  readonly onChange: (name: string) => void;
}): ReactElement {
  const { t } = useTranslation();
  return (
    <TextInput
      label={t("guest.name")}
      description={t("guest.nameHint")}
      size="md"
      autoFocus
      autoComplete="name"
      maxLength={MAX_GUEST_NAME_CHARS}
      value={props.name}
      onChange={(event) => props.onChange(event.currentTarget.value)}
      error={props.missing ? t("guest.nameMissing") : null}
      data-testid="guest-name"
    />
  );
}

/** Who are you? Nothing else is asked, and nothing is installed. `name` is `null` for somebody who is signed in. */
export function GuestDoor(props: {
  readonly kind: GuestLink["kind"];
  readonly initialName: string;
  readonly onJoin: (name: string | null) => void;
  readonly onSignIn: () => void;
}): ReactElement {
  const { t } = useTranslation();
  const account = useAccount();
  const [typed, setTyped] = useState(props.initialName);
  const [tried, setTried] = useState(false);
  const { kind } = props;
  // A presentation is seen under a name of one's own, with an account or without one.
  const known = kind === "session" && account.status === "in" ? account.account : null;
  const name = guestName(typed);

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    setTried(true);
    if (known !== null) props.onJoin(null);
    else if (name !== "") props.onJoin(name);
  }

  return (
    <Frame title={t(`guest.${kind}.title`)} lead={t(`guest.${kind}.lead`)}>
      <form noValidate onSubmit={submit}>
        <Stack gap="lg">
          {known === null ? (
            <NameField name={typed} missing={tried && name === ""} onChange={setTyped} />
          ) : (
            <Text>{t("guest.as", { name: known.displayName })}</Text>
          )}
          <Group>
            <Button type="submit" size="lg" data-testid="guest-join">
              {t("guest.join")}
            </Button>
            {kind === "session" && known === null && (
              <Button variant="subtle" size="lg" onClick={props.onSignIn}>
                {t("guest.haveAccount")}
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Frame>
  );
}
