import { Loader, Progress, Text } from "@mantine/core";
import { IconCheck, IconX } from "@tabler/icons-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import type { CalmView, StepName, StepState } from "../../core/api";
import { CONSENT_DEADLINE_S } from "../../protocol/generated";
import { useSecondsLeft } from "../useSecondsLeft";

const STEPS: readonly StepName[] = ["relay", "encryption", "consent", "picture"];

function StepIcon(props: { readonly state: StepState }): ReactElement {
  switch (props.state) {
    case "done":
      return <IconCheck size={18} stroke={2.5} />;
    case "failed":
      return <IconX size={18} stroke={2.5} />;
    case "active":
      return <Loader size={16} color="currentColor" />;
    case "waiting":
      return <span className="step-dot" />;
  }
}

function Countdown(props: { readonly deadline: number }): ReactElement {
  const { t } = useTranslation();
  const seconds = useSecondsLeft(props.deadline) ?? 0;
  return (
    <div className="countdown">
      <Progress
        value={(100 * seconds) / CONSENT_DEADLINE_S}
        color="amber.5"
        size="sm"
        aria-hidden="true"
        transitionDuration={250}
      />
      <Text size="sm" role="timer">
        {t("steps.secondsLeft", { count: seconds })}
      </Text>
    </div>
  );
}

/** The way to the picture, step by step, each with its state. */
export function Checklist(props: { readonly view: CalmView }): ReactElement {
  const { t } = useTranslation();
  const { steps, consentDeadline } = props.view;
  return (
    <ol className="checklist" aria-label={t("steps.list")}>
      {STEPS.map((step) => {
        const state = steps[step];
        return (
          <li key={step} data-state={state} aria-current={state === "active" ? "step" : undefined}>
            <span className="step-icon" aria-hidden="true">
              <StepIcon state={state} />
            </span>
            <div className="step-text">
              <Text fw={600}>
                {t(`steps.${step}`)}
                <span className="sr-only">: {t(`steps.state.${state}`)}</span>
              </Text>
              {(state === "active" || state === "done") && (
                <Text size="sm" className="dim">
                  {state === "active" ? t(`steps.${step}Text`) : t(`steps.${step}Done`)}
                </Text>
              )}
              {step === "consent" && state === "active" && consentDeadline !== null && (
                <Countdown deadline={consentDeadline} />
              )}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
