import { Badge, Button, Checkbox, Group, NativeSelect, Stack, Table, Text } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import {
  daySums,
  type DaySum,
  fetchActivity,
  type PersonDay,
  type Span,
  SPANS,
} from "../../features/admin/activity";
import { currentLanguage } from "../i18n";
import { Cell, Foreign, Listing, useAsked } from "./parts";

const percent = (share: number): string => `${Math.round(share * 100)}%`;

function Day(props: { readonly day: string }): ReactElement {
  const shown = new Date(props.day).toLocaleDateString(currentLanguage(), {
    weekday: "short",
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  });
  return (
    <time dateTime={props.day} className="numbers office-day">
      {shown}
    </time>
  );
}

/** A number with a bar as long as its share of the greatest one. */
function Bar(props: {
  readonly text: string;
  readonly share: number;
  readonly unusual: boolean;
}): ReactElement {
  return (
    <span className="office-bar" data-unusual={props.unusual || undefined}>
      <span className="numbers office-bar-text">{props.text}</span>
      <span className="office-bar-room" aria-hidden="true">
        <span style={{ inlineSize: percent(props.share) }} />
      </span>
    </span>
  );
}

/** Everybody's machines day by day; the table below says the same in words and numbers. */
function Columns(props: { readonly sums: readonly DaySum[] }): ReactElement {
  const { t } = useTranslation();
  const { sums } = props;
  const most = Math.max(1, ...sums.map(({ machines }) => machines));
  const machines = sums.reduce((sum, one) => sum + one.machines, 0);
  const unusual = sums.filter((one) => one.unusual).length;
  const told = `${t("office.activity.sum", { count: machines })} ${t("office.activity.odd", { count: unusual })}`;
  return (
    <figure className="office-columns" data-testid="activity-columns">
      <figcaption>{told}</figcaption>
      <div aria-hidden="true">
        {sums.map((one) => (
          <span key={one.day} data-unusual={one.unusual || undefined}>
            <span style={{ blockSize: percent(one.machines / most) }} />
          </span>
        ))}
      </div>
      <div className="office-columns-ends dim" aria-hidden="true">
        <Day day={sums[0]?.day ?? ""} />
        <Day day={sums.at(-1)?.day ?? ""} />
      </div>
    </figure>
  );
}

function Row(props: { readonly one: PersonDay; readonly most: number }): ReactElement {
  const { t } = useTranslation();
  const { day, name, machines, nightShare, reports, unusual } = props.one;
  return (
    <Table.Tr data-testid="activity-row">
      <Cell label={t("office.activity.day")}>
        <Day day={day} />
      </Cell>
      <Cell label={t("office.activity.who")}>
        <Foreign text={name} />
      </Cell>
      <Cell label={t("office.activity.machines")}>
        <Bar
          text={String(machines)}
          share={machines / props.most}
          unusual={unusual.includes("many_sessions")}
        />
      </Cell>
      <Cell label={t("office.activity.night")}>
        <Bar text={percent(nightShare)} share={nightShare} unusual={unusual.includes("night")} />
      </Cell>
      <Cell label={t("office.activity.reports")} className="numbers">
        {reports}
      </Cell>
      <Cell label={t("office.activity.unusual")}>
        <Group gap={6}>
          {unusual.map((reason) => (
            <Badge key={reason} color={reason === "reported" ? "red" : "amber"} variant="light">
              {t(`office.activity.why.${reason}`)}
            </Badge>
          ))}
        </Group>
      </Cell>
    </Table.Tr>
  );
}

function Days(props: { readonly span: Span; readonly odd: boolean }): ReactElement {
  const { t } = useTranslation();
  const { value, fault } = useAsked(() => fetchActivity(props.span));
  const [now] = useState(() => Date.now());
  const most = Math.max(1, ...(value ?? []).map(({ machines }) => machines));
  const shown = value?.filter(({ unusual }) => !props.odd || unusual.length > 0);
  const heads = (["day", "who", "machines", "night", "reports", "unusual"] as const).map((head) =>
    t(`office.activity.${head}`),
  );
  return (
    <>
      {value !== null && value.length > 0 && <Columns sums={daySums(value, props.span, now)} />}
      <Listing
        name={t("office.tab.activity")}
        heads={heads}
        rows={shown?.map((one) => <Row key={`${one.day} ${one.account}`} one={one} most={most} />) ?? null}
        empty={t(props.odd ? "office.activity.nothingOdd" : "office.activity.none")}
        fault={fault}
      />
    </>
  );
}

/** Who was on how many PCs, when, and which of it is unusual: a reason to ask, no verdict. */
export function Activity(): ReactElement {
  const { t } = useTranslation();
  const [span, setSpan] = useState<Span>(14);
  const [odd, setOdd] = useState(false);
  const [turn, setTurn] = useState(0);
  return (
    <Stack gap="md">
      <Text size="sm" className="dim">
        {t("office.activity.text")}
      </Text>
      <Group gap="md" align="flex-end">
        <NativeSelect
          size="xs"
          label={t("office.activity.span")}
          value={String(span)}
          data={SPANS.map((days) => ({
            value: String(days),
            label: t("office.activity.days", { count: days }),
          }))}
          onChange={(event) => {
            const chosen = Number(event.currentTarget.value);
            setSpan(SPANS.find((days) => days === chosen) ?? 14);
          }}
        />
        <Button size="xs" variant="default" onClick={() => setTurn(turn + 1)}>
          {t("office.again")}
        </Button>
        <Checkbox
          className="office-odd"
          label={t("office.activity.onlyOdd")}
          checked={odd}
          onChange={(event) => setOdd(event.currentTarget.checked)}
        />
      </Group>
      <Days key={`${span} ${turn}`} span={span} odd={odd} />
    </Stack>
  );
}
