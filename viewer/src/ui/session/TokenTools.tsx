import { IconHandGrab, IconHandOff, IconHandStop, IconSchool, IconUserShield } from "@tabler/icons-react";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import type { CalmView } from "../../core/api";
import {
  type Driver,
  driverOf,
  nextDriver,
  obstacleToShowing,
  obstacleToTaking,
} from "../../features/session/token";
import { colourOf, HOST_SLOT, iMay } from "../../features/team/people";
import { useServices, useSession } from "../services";
import { useSecondsLeft } from "../useSecondsLeft";
import { TakeOver } from "./TakeOver";
import { Tool } from "./Tool";
import { useWorkspace } from "./workspace";

function slotOf(driver: Driver, view: CalmView): number {
  if (driver.kind === "member") return driver.slot;
  return driver.kind === "you" ? (view.self?.slot ?? HOST_SLOT) : HOST_SLOT;
}

/** Who has mouse and keyboard, always in the same place and of the same width. */
function Indicator(): ReactElement {
  const { t } = useTranslation();
  const view = useSession();
  const driver = driverOf(view);
  const next = nextDriver(view);
  const seconds = useSecondsLeft(next?.at ?? null);
  const name = driver.kind === "member" ? driver.name : "";
  const text = t(`token.${driver.kind}`, { name });
  const nextName = next?.driver.kind === "member" ? next.driver.name : "";
  const soon =
    next === null || seconds === null
      ? null
      : t(`token.next.${next.driver.kind}`, { name: nextName, count: seconds });
  return (
    <span
      className="token"
      data-testid="token"
      data-driver={driver.kind}
      title={soon === null ? text : `${text}. ${soon}`}
    >
      <span className="person-dot" style={{ background: colourOf(slotOf(driver, view)) }} />
      <span className="token-text">{text}</span>
      {soon !== null && (
        <span className="token-soon numbers">{t("token.seconds", { count: seconds ?? 0 })}</span>
      )}
      <span className="sr-only" aria-live="polite">
        {text}
      </span>
    </span>
  );
}

function Supervisor(): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const view = useSession();
  const { toScreen } = useWorkspace();
  const [taking, setTaking] = useState(false);
  const obstacle = obstacleToShowing(view);
  const offline = view.phase === "live" ? null : t("obstacle.offline");
  return (
    <>
      <Tool
        label={t("token.show")}
        icon={<IconSchool size={18} aria-hidden="true" />}
        text={t("token.showShort")}
        obstacle={obstacle === null ? null : t(`obstacle.${obstacle}`)}
        data-testid="micro-handover"
        onClick={() => {
          session.send({ t: "MicroHandover" });
          toScreen();
        }}
      />
      <Tool
        label={t("takeOver.tool")}
        icon={<IconUserShield size={18} aria-hidden="true" />}
        obstacle={offline}
        data-testid="take-over"
        onClick={() => setTaking(true)}
      />
      <TakeOver opened={taking} onClose={() => setTaking(false)} />
    </>
  );
}

function Take(): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const view = useSession();
  const { toScreen } = useWorkspace();
  const obstacle = obstacleToTaking(view);
  return (
    <Tool
      label={t("token.take")}
      icon={
        obstacle === null ? (
          <IconHandGrab size={18} aria-hidden="true" />
        ) : (
          <IconHandOff size={18} aria-hidden="true" />
        )
      }
      text={t("token.takeShort")}
      obstacle={obstacle === null ? null : t(`obstacle.${obstacle}`)}
      data-testid="take-control"
      onClick={() => {
        session.send({ t: "ControlRequest" });
        toScreen();
      }}
    />
  );
}

function Give(): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const view = useSession();
  const toCustomer = iMay("give_control", view);
  return (
    <Tool
      label={toCustomer ? t("token.giveCustomer") : t("token.giveLead")}
      icon={<IconHandStop size={18} aria-hidden="true" />}
      text={t("token.giveShort")}
      obstacle={view.phase === "live" ? null : t("obstacle.offline")}
      data-testid="give-control"
      onClick={() => session.send({ t: "ControlRelease" })}
    />
  );
}

/** The control token: who drives, and how to change that. */
export function TokenTools(): ReactElement {
  const view = useSession();
  const supervisor = iMay("micro_handover", view);
  const driving = driverOf(view).kind === "you";
  return (
    <>
      <Indicator />
      {driving ? <Give /> : !supervisor && <Take />}
      {supervisor && <Supervisor />}
    </>
  );
}
