import { Button, Group, Text, Title } from "@mantine/core";
import { IconEye, IconHandStop, IconLock, IconLogout } from "@tabler/icons-react";
import type { ReactElement, ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { useAccount, useServices } from "../services";
import { Brand } from "./Brand";
import { LanguageSwitch } from "./LanguageSwitch";

function Promises(): ReactElement {
  const { t } = useTranslation();
  return (
    <aside className="promises">
      <Brand size={36} />
      <p className="tagline">{t("brand.tagline")}</p>
      <ul>
        <li>
          <IconLock size={18} aria-hidden="true" />
          <span>{t("brand.promise")}</span>
        </li>
        <li>
          <IconEye size={18} aria-hidden="true" />
          <span>{t("brand.promiseConsent")}</span>
        </li>
        <li>
          <IconHandStop size={18} aria-hidden="true" />
          <span>{t("brand.promiseStop")}</span>
        </li>
      </ul>
    </aside>
  );
}

function SignedIn(): ReactElement | null {
  const { t } = useTranslation();
  const { account, session } = useServices();
  const view = useAccount();
  if (view.status !== "in") return null;

  function signOut(): void {
    // Nobody is left asking a customer for consent after having gone.
    const { phase } = session.getSnapshot();
    if (phase !== "idle" && phase !== "ended") session.leave();
    void account.signOut();
  }

  const { displayName, organisation } = view.account;
  return (
    <Group gap="xs" wrap="nowrap">
      <Text size="sm" className="who" title={t("account.signedInAs", { name: displayName })}>
        {displayName}
        {organisation !== "" && <span className="dim"> · {organisation}</span>}
      </Text>
      <Button
        size="xs"
        variant="subtle"
        color="gray"
        leftSection={<IconLogout size={15} aria-hidden="true" />}
        onClick={signOut}
      >
        {t("account.signOut")}
      </Button>
    </Group>
  );
}

/** The frame of every page but the desktop: what Relevo promises on one side, the task on the other. */
export function Frame(props: {
  readonly title: string;
  readonly lead?: string;
  readonly children: ReactNode;
}): ReactElement {
  return (
    <div className="frame">
      <Promises />
      <main className="task">
        <header className="task-top">
          <SignedIn />
          <LanguageSwitch />
        </header>
        <section className="task-body" aria-labelledby="task-title">
          <Title order={1} id="task-title" className="task-title">
            {props.title}
          </Title>
          {props.lead !== undefined && <Text className="task-lead">{props.lead}</Text>}
          {props.children}
        </section>
      </main>
    </div>
  );
}
