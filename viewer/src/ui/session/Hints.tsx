import { Button, CloseButton, Loader } from "@mantine/core";
import { IconHandStop, IconPower, IconUserShield } from "@tabler/icons-react";
import { type ReactElement, type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { driverOf, nextDriver, waitsForToken } from "../../features/session/token";
import { iMay } from "../../features/team/people";
import { useServices, useSession } from "../services";
import { useSecondsLeft } from "../useSecondsLeft";
import { useWorkspace } from "./workspace";

const TOKEN_HINT_MS = 4000;
const LEAD_HINT_MS = 20_000;

function Hint(props: {
  readonly icon: ReactNode;
  readonly tone?: "calm" | "waiting" | "warning";
  readonly children: ReactNode;
  readonly action?: ReactNode;
}): ReactElement {
  return (
    <div className="hint-card" data-tone={props.tone ?? "calm"}>
      {props.icon}
      <span className="hint-text">{props.children}</span>
      {props.action}
    </div>
  );
}

/** True for a while after a moment (ms, `Date.now()`), then false without anybody doing anything. */
function useRecent(at: number | null, lifeMs: number): boolean {
  const [over, setOver] = useState<number | null>(null);
  useEffect(() => {
    if (at === null) return undefined;
    const timer = setTimeout(() => setOver(at), Math.max(0, at + lifeMs - Date.now()));
    return () => clearTimeout(timer);
  }, [at, lifeMs]);
  return at !== null && at > 0 && over !== at;
}

/** Somebody else drives, and this person tried to: one calm line, however often they tried. */
function TokenHint(): ReactElement | null {
  const { t } = useTranslation();
  const view = useSession();
  const { triedAt } = useWorkspace();
  const told = view.refusal?.removedBy === "token" ? view.refusal.at : 0;
  const recent = useRecent(Math.max(triedAt, told), TOKEN_HINT_MS);
  const driver = driverOf(view);
  if (!recent || !waitsForToken(view) || driver.kind === "you") return null;
  const comesBack = nextDriver(view)?.driver.kind === "you";
  const name = driver.kind === "member" ? driver.name : "";
  return (
    <Hint icon={<IconHandStop size={18} aria-hidden="true" />}>
      {t(`token.hint.${driver.kind}`, { name })}{" "}
      {comesBack ? t("token.hint.comesBack") : t("token.hint.take")}
    </Hint>
  );
}

/** Who leads now, and why. */
function LeadHint(): ReactElement | null {
  const { t } = useTranslation();
  const { leadChange, self } = useSession();
  const [closed, setClosed] = useState<number | null>(null);
  const recent = useRecent(leadChange?.at ?? null, LEAD_HINT_MS);
  if (leadChange === null || !recent || closed === leadChange.at) return null;
  const { name, reason } = leadChange;
  const who = leadChange.slot === self?.slot ? t("lead.you") : t("lead.other", { name });
  return (
    <Hint
      icon={<IconUserShield size={18} aria-hidden="true" />}
      action={
        <CloseButton size="sm" aria-label={t("common.close")} onClick={() => setClosed(leadChange.at)} />
      }
    >
      {who}
      {reason !== null && <span className="hint-reason">{t("lead.reason", { reason })}</span>}
    </Hint>
  );
}

/** The customer is being asked for something beside the mode. */
function QuestionHint(): ReactElement | null {
  const { t } = useTranslation();
  const { pendingCapability, consentDeadline } = useSession();
  const seconds = useSecondsLeft(pendingCapability === null ? null : consentDeadline);
  if (pendingCapability === null) return null;
  return (
    <Hint icon={<Loader size={16} color="amber.6" />} tone="waiting">
      {t("asking.capability", { what: t(`capability.${pendingCapability}`) })}
      {seconds !== null && <span className="numbers"> · {t("token.seconds", { count: seconds })}</span>}
    </Hint>
  );
}

/** The PC restarts soon: everybody sees the clock, who may can call it off. */
function RestartHint(): ReactElement | null {
  const { t } = useTranslation();
  const { session } = useServices();
  const view = useSession();
  const seconds = useSecondsLeft(view.administrator.restartAt);
  if (seconds === null || view.phase !== "live") return null;
  return (
    <Hint
      icon={<IconPower size={18} aria-hidden="true" />}
      tone="warning"
      action={
        iMay("call_restart_off", view) && (
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => session.send({ t: "RestartCancel" })}
            data-testid="restart-cancel"
          >
            {t("power.callOff")}
          </Button>
        )
      }
    >
      {t("power.countdown", { count: seconds })}
    </Hint>
  );
}

/** What happens right now, over the picture's upper edge, so that nothing below it moves. */
export function Hints(): ReactElement {
  return (
    <div className="hints" role="status" aria-live="polite">
      <RestartHint />
      <LeadHint />
      <QuestionHint />
      <TokenHint />
    </div>
  );
}
