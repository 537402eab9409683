import { Badge, Button, Stack, Table, Text } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import { type AdminSession, endSession, fetchSessions } from "../../features/admin/api";
import { Sure } from "../parts/Sure";
import { useAccount } from "../services";
import { Cell, Fault, Foreign, Listing, useActing, useAsked } from "./parts";

function Row(props: {
  readonly session: AdminSession;
  readonly ends: boolean;
  readonly busy: boolean;
  readonly onEnd: () => void;
}): ReactElement {
  const { t } = useTranslation();
  const { kind, mode, lead, team, sinceS, people } = props.session;
  return (
    <Table.Tr>
      <Cell label={t("office.sessions.lead")}>
        <Foreign text={lead} />
      </Cell>
      <Cell label={t("office.sessions.team")}>
        <Foreign text={team} />
      </Cell>
      <Cell label={t("office.sessions.mode")}>
        <Badge variant="light">{t(kind === "presentation" ? "live.presentation" : `mode.${mode}`)}</Badge>
      </Cell>
      <Cell label={t("office.sessions.since")} className="numbers">
        {t("office.sessions.minutes", { count: Math.floor(sinceS / 60) })}
      </Cell>
      <Cell label={t("office.sessions.people")}>
        {people.map((name, place) => (
          <div key={place}>
            <Foreign text={name} />
          </div>
        ))}
      </Cell>
      {props.ends && (
        <Cell label={t("office.acts")}>
          <Button
            size="compact-xs"
            variant="default"
            disabled={props.busy}
            aria-label={t("office.about", { act: t("office.sessions.end"), name: lead })}
            onClick={props.onEnd}
          >
            {t("office.sessions.end")}
          </Button>
        </Cell>
      )}
    </Table.Tr>
  );
}

/** The sessions that are going on: who is in them, never what they show. */
export function Sessions(): ReactElement {
  const { t } = useTranslation();
  const { value, fault, again } = useAsked(fetchSessions);
  const acting = useActing();
  const me = useAccount();
  const [ending, setEnding] = useState<AdminSession | null>(null);
  const ends = me.status === "in" && me.account.permissions.includes("sessions.end");
  const heads = (["lead", "team", "mode", "since", "people"] as const).map((head) =>
    t(`office.sessions.${head}`),
  );

  function end(session: AdminSession): void {
    setEnding(null);
    void acting.run(
      () => endSession(session.id),
      () => void again(),
    );
  }

  return (
    <Stack gap="md">
      <Text size="sm" className="dim">
        {t("office.sessions.text")}
      </Text>
      <div>
        <Button size="xs" variant="default" onClick={() => void again()}>
          {t("office.again")}
        </Button>
      </div>
      <Fault fault={acting.fault} />
      <Listing
        name={t("office.tab.sessions")}
        heads={ends ? [...heads, t("office.acts")] : heads}
        rows={
          value?.map((session) => (
            <Row
              key={session.id}
              session={session}
              ends={ends}
              busy={acting.busy}
              onEnd={() => setEnding(session)}
            />
          )) ?? null
        }
        empty={t("office.sessions.none")}
        fault={fault}
      />
      {ending !== null && (
        <Sure
          opened
          danger
          title={t("office.sessions.endTitle")}
          text={t("office.sessions.endText")}
          yes={t("office.sessions.end")}
          onNo={() => setEnding(null)}
          onYes={() => end(ending)}
        />
      )}
    </Stack>
  );
}
