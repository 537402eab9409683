import { Popover, SegmentedControl, Text } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import { type LimitWords, limitWords } from "../../features/session/limit";
import { QUALITIES } from "../../protocol/generated";
import { useServices, useSession } from "../services";
import { Tool } from "./Tool";

function Figures(): ReactElement {
  const { t, i18n } = useTranslation();
  const { link, screen } = useSession();
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

/** What limits the picture and what helps, said once it begins and silent when it ends. */
function Limit(props: { readonly words: LimitWords | null; readonly poor: boolean }): ReactElement {
  const { t } = useTranslation();
  const { words } = props;
  return (
    <div role="status" data-testid="limit">
      {words !== null && (
        <Text size="sm" fw={600}>
          {t(`limit.${words.key}`, { rate: words.rate, ms: words.ms })}
        </Text>
      )}
      {(words !== null || props.poor) && (
        <Text size="xs" className="hint">
          {words === null ? t("link.poorHint") : t(`limit.${words.help}`)}
        </Text>
      )}
    </div>
  );
}

/** How the line does: a dot, a number and what limits at a glance, the figures and the quality on a click. */
export function LinkStatus(): ReactElement {
  const { t, i18n } = useTranslation();
  const { link, limit, kind, phase } = useSession();
  const live = phase === "live";
  const words = live ? limitWords(limit, kind, i18n.language) : null;
  const slowed = words !== null && link.quality === "good";
  const grade = live ? (slowed ? "fair" : link.quality) : "poor";
  const rtt = link.rttMs === null ? t("link.noRtt") : t("link.rttValue", { ms: Math.round(link.rttMs) });
  const sentence = words === null ? "" : ` ${t(`limit.${words.key}`, { rate: words.rate, ms: words.ms })}`;
  const label = live
    ? `${t("link.label", { grade: t(`link.${grade}`), rtt })}.${sentence}`
    : t(`phase.${phase}`);
  return (
    <Popover position="bottom-end" shadow="md" width={300} keepMounted trapFocus returnFocus>
      <Popover.Target>
        <Tool
          label={label}
          icon={<span className="link-dot" data-grade={grade} />}
          text={
            <span className="numbers">
              {live ? rtt : "–"}
              {words !== null && ` · ${t(`limit.${words.short}`, { rate: words.rate })}`}
            </span>
          }
        />
      </Popover.Target>
      <Popover.Dropdown aria-label={t("link.title")}>
        <Figures />
        <Limit words={words} poor={live && grade === "poor"} />
        <QualityControl />
        <Text size="xs" className="encrypted">
          <IconLock size={14} aria-hidden="true" />
          {t("link.encrypted")}
        </Text>
      </Popover.Dropdown>
    </Popover>
  );
}
