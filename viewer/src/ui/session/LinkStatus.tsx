import { Popover, SegmentedControl, Text } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

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

/** How the line does: a dot and a number at a glance, the figures and the quality on a click. */
export function LinkStatus(): ReactElement {
  const { t } = useTranslation();
  const { link, phase } = useSession();
  const live = phase === "live";
  const grade = live ? link.quality : "poor";
  const rtt = link.rttMs === null ? t("link.noRtt") : t("link.rttValue", { ms: Math.round(link.rttMs) });
  return (
    <Popover position="bottom-end" shadow="md" width={300} keepMounted trapFocus returnFocus>
      <Popover.Target>
        <Tool
          label={live ? t("link.label", { grade: t(`link.${grade}`), rtt }) : t(`phase.${phase}`)}
          icon={<span className="link-dot" data-grade={grade} />}
          text={<span className="numbers">{live ? rtt : "–"}</span>}
        />
      </Popover.Target>
      <Popover.Dropdown aria-label={t("link.title")}>
        <Figures />
        {grade === "poor" && live && (
          <Text size="xs" className="hint">
            {t("link.poorHint")}
          </Text>
        )}
        <QualityControl />
        <Text size="xs" className="encrypted">
          <IconLock size={14} aria-hidden="true" />
          {t("link.encrypted")}
        </Text>
      </Popover.Dropdown>
    </Popover>
  );
}
