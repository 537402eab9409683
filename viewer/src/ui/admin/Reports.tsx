import { Badge, Button, Group, Loader, Stack, Text, Textarea } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import { fetchReports, handleReport, type Report, type ReportState } from "../../features/admin/api";
import { useAccount } from "../services";
import { Fault, Foreign, useActing, useAsked, When } from "./parts";

const MAX_NOTE_CHARS = 500;
const COLOURS: Readonly<Record<ReportState, string>> = { open: "red", kept: "amber", closed: "gray" };

/** The session in words: by whom, in which mode, since when. */
function SessionFacts({ lead, of }: Pick<Report, "lead" | "of">): ReactElement {
  const { t } = useTranslation();
  return (
    <>
      <dt>{t("office.reports.lead")}</dt>
      <dd>{lead === "" ? t("office.reports.unknown") : <Foreign text={lead} />}</dd>
      <dt>{t("office.reports.session")}</dt>
      <dd>
        {of === null ? (
          t("office.reports.unknown")
        ) : (
          <>
            {t(of.kind === "presentation" ? "live.presentation" : `mode.${of.mode}`)},{" "}
            {t("office.reports.began")} <When atS={of.beganAtS} />
          </>
        )}
      </dd>
    </>
  );
}

function Facts(props: { readonly report: Report }): ReactElement {
  const { t } = useTranslation();
  const { report } = props;
  return (
    <dl className="office-facts">
      <SessionFacts lead={report.lead} of={report.of} />
      <dt>{t("office.reports.accused")}</dt>
      <dd>{report.accused === "" ? t("office.reports.everybody") : <Foreign text={report.accused} />}</dd>
      <dt>{t("office.reports.people")}</dt>
      <dd>
        {report.people.length === 0
          ? t("office.erased")
          : report.people.map((name, place) => (
              <span key={place} className="office-person">
                <Foreign text={name} />
              </span>
            ))}
      </dd>
      {report.handledBy !== "" && (
        <>
          <dt>{t("office.reports.handledBy")}</dt>
          <dd>
            <Foreign text={report.handledBy} />
          </dd>
        </>
      )}
    </dl>
  );
}

function Row(props: {
  readonly report: Report;
  readonly writes: boolean;
  readonly busy: boolean;
  readonly onHandle: (state: ReportState, note: string) => void;
}): ReactElement {
  const { t } = useTranslation();
  const { report } = props;
  const [note, setNote] = useState(report.note);
  const others = (["kept", "closed", "open"] as const).filter((state) => state !== report.state);
  return (
    <li className="office-report" data-testid="report">
      <Group gap="sm">
        <Badge color={COLOURS[report.state]}>{t(`office.reports.state.${report.state}`)}</Badge>
        <Text fw={600}>{t(`office.reports.by.${report.by}`)}</Text>
        <When atS={report.atS} />
      </Group>
      <Facts report={report} />
      <details className="office-details">
        <summary>{t("office.reports.number")}</summary>
        <code>{report.session}</code>
      </details>
      {!props.writes && report.note !== "" && (
        <Text size="sm" component="div">
          <Foreign text={report.note} />
        </Text>
      )}
      {props.writes && (
        <>
          <Textarea
            label={t("office.reports.note")}
            rows={2}
            maxLength={MAX_NOTE_CHARS}
            dir="auto"
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <Group gap="xs">
            {others.map((state) => (
              <Button
                key={state}
                size="xs"
                variant={state === "closed" ? "filled" : "default"}
                disabled={props.busy}
                onClick={() => props.onHandle(state, note)}
              >
                {t(`office.reports.to.${state}`)}
              </Button>
            ))}
          </Group>
        </>
      )}
    </li>
  );
}

/** What customers and technicians reported, and what became of it. */
export function Reports(): ReactElement {
  const { t } = useTranslation();
  const { value, fault, again } = useAsked(fetchReports);
  const acting = useActing();
  const me = useAccount();
  const writes = me.status === "in" && me.account.permissions.includes("reports.write");
  return (
    <Stack gap="md">
      <Text size="sm" className="dim">
        {t("office.reports.text")}
      </Text>
      <Fault fault={fault ?? acting.fault} />
      {value === null && fault === null && <Loader size="sm" aria-label={t("office.asking")} />}
      {value?.length === 0 && <Text role="status">{t("office.reports.none")}</Text>}
      {value !== null && value.length > 0 && (
        <ul className="office-reports" aria-label={t("office.tab.reports")}>
          {value.map((report) => (
            <Row
              key={report.id}
              report={report}
              writes={writes}
              busy={acting.busy}
              onHandle={(state, note) =>
                void acting.run(
                  () => handleReport(report.id, state, note.trim()),
                  () => void again(),
                )
              }
            />
          ))}
        </ul>
      )}
    </Stack>
  );
}
