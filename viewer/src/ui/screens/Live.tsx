import { Badge, Button, Group, Loader, Stack, Text } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { type ReactElement, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { fetchLive, type LiveSession } from "../../features/live/api";
import { createLiveList, type LiveList } from "../../features/live/list";
import { accountFaultText } from "../failures";
import { currentLanguage } from "../i18n";
import { Frame } from "../parts/Frame";
import { Notice } from "../parts/Notice";
import { useRoute } from "../route";
import { useServices } from "../services";
import { useObservable } from "../useObservable";

const HALF_A_DAY_S = 12 * 3600;

function pageList(): LiveList {
  return createLiveList({
    fetchLive,
    visible: () => document.visibilityState === "visible",
    onVisible: (listener) => {
      document.addEventListener("visibilitychange", listener);
      return () => document.removeEventListener("visibilitychange", listener);
    },
  });
}

/** The time of day, with the day where it is long ago. */
function sinceText(sinceS: number): string {
  const day = sinceS > HALF_A_DAY_S ? ({ weekday: "short", day: "numeric" } as const) : {};
  const began = new Date(Date.now() - sinceS * 1000);
  return began.toLocaleString(currentLanguage(), { ...day, hour: "2-digit", minute: "2-digit" });
}

function Marks(props: { readonly session: LiveSession }): ReactElement {
  const { t } = useTranslation();
  const { mode, kind, held, invited, mine } = props.session;
  return (
    <Group gap={6}>
      <Badge variant="light">{t(kind === "presentation" ? "live.presentation" : `mode.${mode}`)}</Badge>
      {mine && <Badge color="amber">{t("live.mine")}</Badge>}
      {held && <Badge color="amber">{t("live.held")}</Badge>}
      {invited && <Badge color="petrol">{t("live.invited")}</Badge>}
    </Group>
  );
}

function Row(props: { readonly session: LiveSession; readonly onJoin: () => void }): ReactElement {
  const { t } = useTranslation();
  const { session } = props;
  const { lead, sinceS, people, whyNot } = session;
  const about = `live-${session.id}`;
  const listed = people.map(({ name, role }) => t("live.person", { name, role: t(`people.${role}`) }));
  return (
    <li className="live-row">
      <div id={about} className="live-about">
        <Group gap="sm">
          <Text fw={600}>{lead}</Text>
          <Marks session={session} />
        </Group>
        <Text size="sm" className="dim">
          {t("live.since", { time: sinceText(sinceS) })}
        </Text>
        <Text size="sm">{listed.length === 0 ? t("live.nobody") : listed.join(" · ")}</Text>
        {whyNot !== null && (
          <Text size="sm" className="not-yet">
            {t(`live.whyNot.${whyNot}`)}
          </Text>
        )}
      </div>
      <Button
        onClick={props.onJoin}
        disabled={whyNot !== null}
        aria-describedby={about}
        data-testid="live-join"
      >
        {t(session.mine ? "live.goOn" : "live.join")}
      </Button>
    </li>
  );
}

/** The sessions of the team, one's own held ones, and those one is invited to; kept up to date while looked at. */
export function Live(props: { readonly onJoin: (session: string) => void }): ReactElement {
  const { t } = useTranslation();
  const route = useRoute();
  const { account } = useServices();
  const [list] = useState(pageList);
  const { sessions, fault } = useObservable(list);
  useEffect(() => list.follow(), [list]);
  useEffect(() => {
    if (fault?.code === "not_signed_in") account.expired(fault);
  }, [account, fault]);
  return (
    <Frame title={t("live.title")} lead={t("live.lead")}>
      <Stack gap="lg">
        {fault !== null && <Notice text={accountFaultText(t, fault)} />}
        {sessions === null && fault === null && <Loader size="sm" aria-label={t("live.looking")} />}
        {sessions?.length === 0 && <Text role="status">{t("live.none")}</Text>}
        {sessions !== null && sessions.length > 0 && (
          <ul className="live-list" aria-label={t("live.title")}>
            {sessions.map((session) => (
              <Row key={session.id} session={session} onJoin={() => props.onJoin(session.id)} />
            ))}
          </ul>
        )}
        <Group>
          <Button
            variant="default"
            leftSection={<IconArrowLeft size={16} aria-hidden="true" />}
            onClick={() => route.go("home")}
          >
            {t("live.toCode")}
          </Button>
        </Group>
      </Stack>
    </Frame>
  );
}
