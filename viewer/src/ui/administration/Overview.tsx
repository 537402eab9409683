import { NumberInput, Text } from "@mantine/core";
import { IconClockPause, IconPower, IconRefresh } from "@tabler/icons-react";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import { sizeText } from "../../features/administration/bytes";
import { iMay } from "../../features/team/people";
import { HOLD_HOURS, MAX_HOLD_HOURS, RESTART_COUNTDOWN_S, type SystemInfo } from "../../protocol/generated";
import { Sure } from "../parts/Sure";
import { useServices, useSession } from "../services";
import { useOffline } from "../useOffline";
import { useSecondsLeft } from "../useSecondsLeft";
import { Act } from "./Act";
import { useListing } from "./useListing";

const INFO_EVERY_MS = 30_000;

function useRows(info: SystemInfo): readonly (readonly [string, string])[] {
  const { t, i18n } = useTranslation();
  const hours = Math.floor(info.up_s / 3600);
  const up = t("system.upFor", {
    days: Math.floor(hours / 24),
    hours: hours % 24,
    minutes: Math.floor((info.up_s % 3600) / 60),
  });
  return [
    [t("system.host"), info.host_name],
    [t("system.system"), info.system],
    [t("system.user"), info.user],
    [t("system.processor"), t("system.cores", { processor: info.processor, count: info.cores })],
    [t("system.memory"), sizeText(info.memory_bytes, i18n.language)],
    [t("system.disk"), sizeText(info.disk_free_bytes, i18n.language)],
    [t("system.up"), up],
  ];
}

function Facts(props: { readonly info: SystemInfo }): ReactElement {
  return (
    <dl className="facts" data-testid="system-info">
      {useRows(props.info).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <bdi>{value}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Restart(): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const view = useSession();
  const offline = useOffline();
  const [asking, setAsking] = useState(false);
  const seconds = useSecondsLeft(view.administrator.restartAt);
  return (
    <section className="panel-section">
      <Text component="h3" size="sm" fw={600}>
        {t("power.restartTitle")}
      </Text>
      <Text size="xs" className="dim">
        {t("power.restartText", { count: RESTART_COUNTDOWN_S })}
      </Text>
      <div className="act-row">
        {seconds === null ? (
          <Act
            needs="power.reboot"
            danger
            icon={<IconPower size={14} aria-hidden="true" />}
            testId="restart"
            onClick={() => setAsking(true)}
          >
            {t("power.restart")}
          </Act>
        ) : (
          <>
            <span className="numbers restart-clock" role="timer">
              {t("power.countdown", { count: seconds })}
            </span>
            {iMay("call_restart_off", view) && (
              <Act
                needs="chat"
                testId="restart-call-off"
                onClick={() => session.send({ t: "RestartCancel" })}
              >
                {t("power.callOff")}
              </Act>
            )}
          </>
        )}
      </div>
      <Sure
        opened={asking}
        title={t("power.sureTitle")}
        text={t("power.sureText", { count: RESTART_COUNTDOWN_S })}
        yes={t("power.restartNow")}
        danger
        barred={offline}
        onNo={() => setAsking(false)}
        onYes={() => {
          session.send({ t: "RestartRequest" });
          setAsking(false);
        }}
      />
    </section>
  );
}

function Hold(): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const { administrator } = useSession();
  const [hours, setHours] = useState<number>(HOLD_HOURS);
  const held = administrator.holdEndsAt !== null;
  return (
    <section className="panel-section">
      <Text component="h3" size="sm" fw={600}>
        {t("power.holdTitle")}
      </Text>
      <Text size="xs" className="dim">
        {t("power.holdText", { most: MAX_HOLD_HOURS })}
      </Text>
      <div className="act-row">
        <NumberInput
          size="xs"
          w="6.5rem"
          aria-label={t("power.hours")}
          suffix={` ${t("power.hoursUnit")}`}
          min={1}
          max={MAX_HOLD_HOURS}
          allowDecimal={false}
          clampBehavior="strict"
          value={hours}
          onChange={(value) => setHours(typeof value === "number" ? value : HOLD_HOURS)}
          data-testid="hold-hours"
        />
        <Act
          needs="session.hold"
          primary
          icon={<IconClockPause size={14} aria-hidden="true" />}
          testId="hold"
          onClick={() =>
            session.send({ t: "HoldRequest", hours: Math.min(Math.max(hours, 1), MAX_HOLD_HOURS) })
          }
        >
          {held ? t("power.holdAgain") : t("power.hold")}
        </Act>
        {held && (
          <Act needs="session.hold" testId="hold-end" onClick={() => session.send({ t: "HoldEnd" })}>
            {t("power.holdEnd")}
          </Act>
        )}
      </div>
    </section>
  );
}

/** What machine this is, restarting it, and keeping the session. */
export function Overview(props: { readonly active: boolean }): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const { info } = useSession().machine;
  useListing(props.active, "system.info", "SystemInfoRequest", INFO_EVERY_MS);
  return (
    <div className="panel-body">
      <section>
        {info === null ? (
          <Text size="sm" className="dim">
            {t("system.none")}
          </Text>
        ) : (
          <Facts info={info} />
        )}
        <div className="act-row">
          <Act
            needs="system.info"
            icon={<IconRefresh size={14} aria-hidden="true" />}
            testId="system-info-ask"
            onClick={() => session.send({ t: "SystemInfoRequest" })}
          >
            {info === null ? t("system.ask") : t("admin.refresh")}
          </Act>
        </div>
      </section>
      <Restart />
      <Hold />
    </div>
  );
}
