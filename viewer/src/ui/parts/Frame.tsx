import { Alert, Button, Group, Text, Title } from "@mantine/core";
import {
  IconAlertTriangle,
  IconEye,
  IconHandStop,
  IconLock,
  IconLogout,
  IconSettings,
  IconUserCircle,
} from "@tabler/icons-react";
import type { ReactElement, ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { pageAt } from "../../features/route";
import { usePage, useRoute } from "../route";
import { useAccount, useServices, useSession } from "../services";
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

/** The ways to one's own account and, for who may, to the organisation's administration. */
function OwnPages(): ReactElement | null {
  const { t } = useTranslation();
  const route = useRoute();
  const page = usePage();
  const { phase } = useSession();
  const view = useAccount();
  // Nobody is led away while a customer is being asked, nor from a page that an invitation has opened.
  const free = phase === "idle" || phase === "ended";
  const elsewhere = pageAt(window.location.pathname) === "home" && window.location.pathname !== "/";
  if (view.status !== "in" || view.account.mustEnrol || !free || elsewhere) return null;
  return (
    <>
      {page !== "admin" && view.account.permissions.length > 0 && (
        <Button
          size="xs"
          variant="subtle"
          leftSection={<IconSettings size={15} aria-hidden="true" />}
          onClick={() => route.go("admin")}
          data-testid="to-admin"
        >
          {t("office.title")}
        </Button>
      )}
      {page !== "account" && (
        <Button
          size="xs"
          variant="subtle"
          leftSection={<IconUserCircle size={15} aria-hidden="true" />}
          onClick={() => route.go("account")}
          data-testid="to-account"
        >
          {t("security.open")}
        </Button>
      )}
    </>
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
    <Group gap="xs">
      <Text size="sm" className="who" title={t("account.signedInAs", { name: displayName })}>
        {displayName}
        {organisation !== "" && <span className="dim"> · {organisation}</span>}
      </Text>
      <OwnPages />
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

/** That somebody tried wrong codes before this sign-in: oneself, perhaps, or somebody who has the password. */
function WrongCodes(): ReactElement | null {
  const { t } = useTranslation();
  const { account } = useServices();
  const view = useAccount();
  const count = view.status === "in" ? (view.account.wrongCodes ?? 0) : 0;
  if (count === 0) return null;
  return (
    <Alert
      role="alert"
      variant="light"
      color="red"
      icon={<IconAlertTriangle aria-hidden="true" />}
      title={t("wrongCodes.title", { count })}
      className="notice"
      withCloseButton
      closeButtonLabel={t("wrongCodes.close")}
      onClose={() => account.heeded()}
      data-testid="wrong-codes"
    >
      <Text size="sm">{t("wrongCodes.text")}</Text>
    </Alert>
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
          <WrongCodes />
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
