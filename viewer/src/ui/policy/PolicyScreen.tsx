import "../style/policy.css";

import { Button, Group, Text, Title } from "@mantine/core";
import { IconArrowLeft, IconPrinter } from "@tabler/icons-react";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import { FIRST_SCENE, type Scene } from "../../features/policy/simulate";
import { Brand } from "../parts/Brand";
import { LanguageSwitch } from "../parts/LanguageSwitch";
import { PolicyTable } from "./PolicyTable";
import { Simulator } from "./Simulator";

/** Who may do what, and why not: a simulator, and the whole table to print. Needs neither sign-in nor session. */
export function PolicyScreen(): ReactElement {
  const { t } = useTranslation();
  const [scene, setScene] = useState<Scene>(FIRST_SCENE);
  return (
    <main className="policy">
      <header className="policy-top">
        <Brand size={28} />
        <span className="toolbar-space" />
        <Group gap="xs" className="no-print">
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPrinter size={15} aria-hidden="true" />}
            onClick={() => window.print()}
          >
            {t("policy.print")}
          </Button>
          <Button
            size="xs"
            variant="subtle"
            component="a"
            href="/"
            leftSection={<IconArrowLeft size={15} aria-hidden="true" />}
          >
            {t("policy.back")}
          </Button>
          <LanguageSwitch />
        </Group>
      </header>
      <Title order={1} className="policy-title">
        {t("policy.title")}
      </Title>
      <Text className="dim no-print" mb="md">
        {t("policy.lead")}
      </Text>
      <Simulator scene={scene} onScene={setScene} />
      <PolicyTable />
    </main>
  );
}
