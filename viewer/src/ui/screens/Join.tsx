import { Alert, Button, Group, Radio, Stack, Text } from "@mantine/core";
import { IconLink, IconPresentation, IconScale, IconUsersGroup } from "@tabler/icons-react";
import { type SubmitEvent, type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import { CODE_LENGTH, isWhole } from "../../features/join/code";
import { JOINABLE_MODES } from "../../features/join/link";
import { type Mode, MODES } from "../../protocol/generated";
import { CodeField } from "../parts/CodeField";
import { Frame } from "../parts/Frame";
import { ReserveNumber } from "../parts/ReserveNumber";
import { useRoute } from "../route";
import { useAccount } from "../services";

/** What was asked for, or is to be filled in. */
export interface JoinRequest {
  readonly code: string;
  readonly mode: Mode;
}

function isJoinable(mode: Mode): boolean {
  return JOINABLE_MODES.some((joinable) => joinable === mode);
}

/** What keeps this account from asking for a mode at the door, in words. */
function useBar(mode: Mode): string | null {
  const { t } = useTranslation();
  const account = useAccount();
  if (!isJoinable(mode)) return t("modeObstacle.inside");
  const lacks = mode === "administrator" && account.status === "in" && !account.account.adminTools;
  return lacks ? t("modeObstacle.account") : null;
}

function ModeCard(props: { readonly mode: Mode }): ReactElement {
  const { t } = useTranslation();
  const { mode } = props;
  const bar = useBar(mode);
  const about = `mode-about-${mode}`;
  return (
    <Radio.Card
      value={mode}
      disabled={bar !== null}
      aria-describedby={about}
      aria-label={t(`mode.${mode}`)}
      className="mode-card"
    >
      <Group wrap="nowrap" align="flex-start" gap="sm">
        <Radio.Indicator disabled={bar !== null} mt={3} />
        <div id={about}>
          <Text fw={600}>{t(`mode.${mode}`)}</Text>
          <Text size="sm" className="dim">
            {t(`mode.${mode}Text`)}
          </Text>
          {bar !== null && (
            <Text size="xs" className="not-yet">
              {bar}
            </Text>
          )}
        </div>
      </Group>
    </Radio.Card>
  );
}

/** The code and the mode asked for. */
export function Join(props: {
  readonly initial: JoinRequest | null;
  readonly fromLink: boolean;
  readonly onJoin: (request: JoinRequest) => void;
}): ReactElement {
  const { t } = useTranslation();
  const route = useRoute();
  const [digits, setDigits] = useState(props.initial?.code ?? "");
  const [mode, setMode] = useState<Mode>(props.initial?.mode ?? "observer");
  const [tried, setTried] = useState(false);
  const missing = CODE_LENGTH - digits.length;

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    setTried(true);
    if (isWhole(digits)) props.onJoin({ code: digits, mode });
  }

  return (
    <Frame title={t("join.title")} lead={t("join.lead")}>
      <form noValidate onSubmit={submit}>
        <Stack gap="lg">
          {props.fromLink && (
            <Alert variant="light" icon={<IconLink aria-hidden="true" />}>
              {t("join.fromLink")}
            </Alert>
          )}
          <CodeField
            digits={digits}
            onChange={setDigits}
            error={tried && missing > 0 ? t("join.incomplete", { count: missing }) : null}
          />
          <Radio.Group
            label={t("join.modeLabel")}
            value={mode}
            onChange={(value) => setMode(MODES.find((known) => known === value) ?? "observer")}
          >
            <div className="mode-cards">
              {JOINABLE_MODES.map((usable) => (
                <ModeCard key={usable} mode={usable} />
              ))}
            </div>
            <div className="mode-cards mode-cards-later">
              {MODES.filter((other) => !isJoinable(other)).map((later) => (
                <ModeCard key={later} mode={later} />
              ))}
            </div>
          </Radio.Group>
          <Button type="submit" size="lg">
            {t("join.submit")}
          </Button>
        </Stack>
      </form>
      <div className="task-aside">
        <Group gap="xs">
          <Button
            variant="subtle"
            leftSection={<IconUsersGroup size={16} aria-hidden="true" />}
            onClick={() => route.go("live")}
          >
            {t("live.enter")}
          </Button>
          <Button
            variant="subtle"
            leftSection={<IconPresentation size={16} aria-hidden="true" />}
            onClick={() => route.go("present")}
          >
            {t("host.presentTitle")}
          </Button>
          <Button
            variant="subtle"
            leftSection={<IconScale size={16} aria-hidden="true" />}
            onClick={() => route.go("policy")}
          >
            {t("policy.title")}
          </Button>
        </Group>
        <ReserveNumber />
      </div>
    </Frame>
  );
}
