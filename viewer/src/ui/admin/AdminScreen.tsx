import "../style/admin.css";

import { Button, Group, Tabs, Text, Title } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { type ReactElement, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import type { Permission } from "../../features/account/api";
import { Brand } from "../parts/Brand";
import { LanguageSwitch } from "../parts/LanguageSwitch";
import { useRoute } from "../route";
import { useAccount } from "../services";
import { Activity } from "./Activity";
import { Audit } from "./Audit";
import { People } from "./People";
import { PolicyPage } from "./Policy";
import { Reports } from "./Reports";
import { Sessions } from "./Sessions";
import { Tokens } from "./Tokens";

const TABS = [
  ["people", "people.read", People],
  ["sessions", "sessions.read", Sessions],
  ["reports", "reports.read", Reports],
  ["activity", "reports.read", Activity],
  ["audit", "audit.read", Audit],
  ["tokens", "tokens.manage", Tokens],
  ["policy", "policy.read", PolicyPage],
] as const satisfies readonly (readonly [string, Permission, () => ReactElement])[];

/** The organisation's administration: what this account may see of it, a tab each; the address names the tab. */
export function AdminScreen(): ReactElement {
  const { t } = useTranslation();
  const route = useRoute();
  const view = useAccount();
  const account = view.status === "in" ? view.account : null;
  const open = TABS.filter(([, permission]) => account?.permissions.includes(permission) === true);
  const [wanted, setWanted] = useState(() => window.location.hash.slice(1));
  useEffect(() => {
    const follow = (): void => setWanted(window.location.hash.slice(1));
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }, []);
  const shown = open.find(([name]) => name === wanted) ?? open[0];

  function choose(name: string | null): void {
    if (name === null || name === shown?.[0]) return;
    setWanted(name);
    // Back leads to the tab before.
    window.history.pushState(null, "", `#${name}`);
  }

  return (
    <main className="office">
      <header className="office-top">
        <Brand size={28} />
        <span className="toolbar-space" />
        <Group gap="xs">
          <Button
            size="xs"
            variant="subtle"
            leftSection={<IconArrowLeft size={15} aria-hidden="true" />}
            onClick={() => route.go("home")}
          >
            {t("office.back")}
          </Button>
          <LanguageSwitch />
        </Group>
      </header>
      <Title order={1} className="office-title">
        {t("office.title")}
      </Title>
      {account !== null && account.organisation !== "" && (
        <Text className="dim">
          <bdi>{account.organisation}</bdi>
        </Text>
      )}
      {shown === undefined ? (
        <Text role="status" mt="md">
          {t("office.nothing")}
        </Text>
      ) : (
        <Tabs value={shown[0]} onChange={choose} keepMounted={false} mt="md">
          <Tabs.List aria-label={t("office.title")}>
            {open.map(([name]) => (
              <Tabs.Tab key={name} value={name} data-testid={`tab-${name}`}>
                {t(`office.tab.${name}`)}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {open.map(([name, , Page]) => (
            <Tabs.Panel key={name} value={name} pt="md" data-testid={`page-${name}`}>
              <Page />
            </Tabs.Panel>
          ))}
        </Tabs>
      )}
    </main>
  );
}
