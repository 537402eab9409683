import { Button, CopyButton, Text, TextInput } from "@mantine/core";
import { IconCopy, IconTrash } from "@tabler/icons-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import type { InviteView } from "../../core/api";
import { fromBase64url } from "../../protocol/base64url";
import { useServices, useSession } from "../services";
import { useSecondsLeft } from "../useSecondsLeft";

const INVITE_BYTES = 16;

function Invite(props: { readonly invite: InviteView }): ReactElement | null {
  const { t } = useTranslation();
  const { session } = useServices();
  const { invite, link, role, expiresAt } = props.invite;
  const seconds = useSecondsLeft(expiresAt);
  if (seconds === null || seconds <= 0) return null;
  const id = fromBase64url(invite, INVITE_BYTES);
  return (
    <li className="invite" data-testid="invite">
      <Text size="xs">
        {t("invite.for", { role: t(`people.${role}`) })}
        <span className="dim numbers"> · {t("invite.minutes", { count: Math.ceil(seconds / 60) })}</span>
      </Text>
      <TextInput
        readOnly
        size="xs"
        value={link}
        aria-label={t("invite.link")}
        onFocus={(event) => event.currentTarget.select()}
        data-testid="invite-link"
      />
      <div className="person-actions">
        <CopyButton value={link}>
          {({ copied, copy }) => (
            <Button
              size="compact-xs"
              variant="default"
              leftSection={<IconCopy size={14} aria-hidden="true" />}
              onClick={copy}
            >
              {copied ? t("common.copied") : t("invite.copy")}
            </Button>
          )}
        </CopyButton>
        {id !== null && (
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<IconTrash size={14} aria-hidden="true" />}
            onClick={() => session.send({ t: "InviteRevoke", invite: id })}
          >
            {t("invite.revoke")}
          </Button>
        )}
      </div>
    </li>
  );
}

/** The links given out, for as long as they work. */
export function Invites(): ReactElement | null {
  const { t } = useTranslation();
  const { invites } = useSession();
  if (invites.length === 0) return null;
  return (
    <ul className="invites" aria-label={t("invite.open")}>
      {invites.map((invite) => (
        <Invite key={invite.invite} invite={invite} />
      ))}
    </ul>
  );
}
