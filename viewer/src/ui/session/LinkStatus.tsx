import { Popover, SegmentedControl, Text } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import type { LinkView } from "../../core/api";
import { type LimitWords, limitWords } from "../../features/session/limit";
import { QUALITIES } from "../../protocol/generated";
import { useLine, useServices, useSession } from "../services";
import { Tool, type ToolProps } from "./Tool";

function Figures(): ReactElement {
  const { t, i18n } = useTranslation();
  const { screen } = useSession();
  const link = useLine();
  const number = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 0 });
  const rows = [
    [
      t("link.rtt"),
      link.rttMs === null ? t("link.noRtt") : t("link.rttValue", { ms: number.format(link.rttMs) }),
    ],
    [t("link.fps"), number.format(link.fps)],
    [t("link.rate"), t("link.rateValue", { kbps: number.format(link.kbps) })],
    [t("link.dropped"), number.format(link.framesDropped)],
    ...(screen === null
      ? []
      : [[t("link.screen"), t("link.screenValue", { width: screen.width, height: screen.height })]]),
  ];
  return (
    <dl className="figures">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function QualityControl(): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const { quality } = useSession();
  return (
    <div>
      <Text size="sm" fw={600} mb={4}>
        {t("quality.label")}
      </Text>
      <SegmentedControl
        fullWidth
        size="xs"
        aria-label={t("quality.label")}
        value={quality}
        onChange={(value) => session.setQuality(QUALITIES.find((known) => known === value) ?? "auto")}
        data={QUALITIES.map((value) => ({ value, label: t(`quality.${value}`) }))}
      />
      <Text size="xs" className="dim" mt={4}>
        {t(`quality.${quality}Text`)}
      </Text>
    </div>
  );
}

interface LinkNow {
  readonly live: boolean;
  readonly grade: LinkView["quality"];
  readonly rtt: string;
  readonly words: LimitWords | null;
}

/** The line at a glance, as words. */
function useLinkNow(): LinkNow {
  const { t, i18n } = useTranslation();
  const { limit, kind, phase } = useSession();
  const { rttMs, quality } = useLine();
  const live = phase === "live";
  const words = live ? limitWords(limit, kind, i18n.language) : null;
  const slowed = words !== null && quality === "good";
  return {
    live,
    grade: live ? (slowed ? "fair" : quality) : "poor",
    rtt: rttMs === null ? t("link.noRtt") : t("link.rttValue", { ms: Math.round(rttMs) }),
    words,
  };
}

/** What limits the picture and what helps, said once it begins and silent when it ends. */
function Limit(): ReactElement {
  const { t } = useTranslation();
  const { live, grade, words } = useLinkNow();
  return (
    <div role="status" data-testid="limit">
      {words !== null && (
        <Text size="sm" fw={600}>
          {t(`limit.${words.key}`, { rate: words.rate, ms: words.ms })}
        </Text>
      )}
      {(words !== null || (live && grade === "poor")) && (
        <Text size="xs" className="hint">
          {words === null ? t("link.poorHint") : t(`limit.${words.help}`)}
        </Text>
      )}
    </div>
  );
}

/** The button: a dot, a number, and what limits. */
function LinkTool(props: Omit<ToolProps, "label" | "icon" | "text">): ReactElement {
  const { t } = useTranslation();
  const { phase } = useSession();
  const { live, grade, rtt, words } = useLinkNow();
  const sentence = words === null ? "" : ` ${t(`limit.${words.key}`, { rate: words.rate, ms: words.ms })}`;
  return (
    <Tool
      {...props}
      label={
        live ? `${t("link.label", { grade: t(`link.${grade}`), rtt })}.${sentence}` : t(`phase.${phase}`)
      }
      icon={<span className="link-dot" data-grade={grade} />}
      text={
        <span className="numbers">
          {live ? rtt : "–"}
          {words !== null && ` · ${t(`limit.${words.short}`, { rate: words.rate })}`}
        </span>
      }
    />
  );
}

/**
 * How the line does: the button, and the figures and the quality on a click.
 *
 * The parts follow the line each by itself: it is read every second, and drawing all of this anew
 * would keep the picture waiting.
 */
export function LinkStatus(): ReactElement {
  const { t } = useTranslation();
  return (
    <Popover position="bottom-end" shadow="md" width={300} keepMounted trapFocus returnFocus>
      <Popover.Target>
        <LinkTool />
      </Popover.Target>
      <Popover.Dropdown aria-label={t("link.title")}>
        <Figures />
        <Limit />
        <QualityControl />
        <Text size="xs" className="encrypted">
          <IconLock size={14} aria-hidden="true" />
          {t("link.encrypted")}
        </Text>
      </Popover.Dropdown>
    </Popover>
  );
}
