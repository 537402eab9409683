import { Button, Group, NativeSelect, Stack, Table, Text } from "@mantine/core";
import { type ReactElement, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import type { Entry } from "../../features/admin/read";
import {
  createRecordBook,
  EVERYTHING,
  EXPORT_FORMATS,
  exportAddress,
  type RecordFilter,
  type RecordLine,
  stillFresh,
  type Verdict,
} from "../../features/admin/record";
import { useObservable } from "../useObservable";
import { actionText, actorText, FAMILIES } from "./actions";
import { detailName, detailText } from "./details";
import { Cell, Fault, Foreign, Listing, useActing, useExpiry, When } from "./parts";
import { flawText, Verified } from "./Verified";

function Entries(props: { readonly entries: readonly Entry[] }): ReactElement {
  const { t } = useTranslation();
  return (
    <>
      {props.entries
        .filter(([, value]) => value !== "")
        .map(([name, value]) => (
          <div key={name} className="office-entry">
            <span className="dim">
              <Foreign text={detailName(t, name)} />
              {": "}
            </span>
            <Foreign text={detailText(t, name, value)} />
          </div>
        ))}
    </>
  );
}

function Row(props: {
  readonly line: RecordLine;
  /** What the latest check found wrong with it. */
  readonly flaws: readonly string[];
  readonly onOnly: (part: Partial<RecordFilter>) => void;
}): ReactElement {
  const { t } = useTranslation();
  const { line } = props;
  const { session } = line;
  return (
    <Table.Tr data-testid="record-line">
      <Cell label={t("office.audit.seq")} className="numbers">
        {line.seq}
      </Cell>
      <Cell label={t("office.audit.at")}>
        <When atS={line.atS} />
      </Cell>
      <Cell label={t("office.audit.actor")}>
        <button
          type="button"
          className="office-only"
          title={t("office.audit.onlyActor")}
          disabled={line.actor === ""}
          onClick={() => props.onOnly({ actor: line.actor })}
        >
          <Foreign text={line.actorName || actorText(t, line.actor)} />
        </button>
      </Cell>
      <Cell label={t("office.audit.action")}>
        <div>{actionText(t, line.action)}</div>
        <code className="office-code">
          <Foreign text={line.action} />
        </code>
      </Cell>
      <Cell label={t("office.audit.session")}>
        {session !== null && (
          <button
            type="button"
            className="office-only"
            title={t("office.audit.onlySession")}
            onClick={() => props.onOnly({ session })}
          >
            <code>{session.slice(0, 8)}</code>
          </button>
        )}
      </Cell>
      <Cell label={t("office.audit.details")}>
        {line.changed && (
          <Text size="sm" c="red">
            {t("office.audit.changed")}
          </Text>
        )}
        {props.flaws.map((kind) => (
          <Text key={kind} size="sm" c="red">
            {t("office.audit.found", { what: flawText(t, kind) })}
          </Text>
        ))}
        <Entries entries={line.details} />
        <Entries entries={line.personal} />
        {line.erased && <span className="dim">{t("office.erased")}</span>}
      </Cell>
    </Table.Tr>
  );
}

function Exports(): ReactElement {
  const { t } = useTranslation();
  const acting = useActing();

  function save(format: (typeof EXPORT_FORMATS)[number]): void {
    void acting.run(stillFresh, () => {
      const link = document.createElement("a");
      link.href = exportAddress(format);
      // The server's own name for the file counts; this only says that it is one.
      link.download = "";
      link.click();
    });
  }

  return (
    <>
      {EXPORT_FORMATS.map((format) => (
        <Button
          key={format}
          size="xs"
          variant="default"
          disabled={acting.busy}
          onClick={() => save(format)}
          data-testid={`export-${format}`}
        >
          {t(`office.audit.export.${format}`)}
        </Button>
      ))}
      <Fault fault={acting.fault} />
    </>
  );
}

/** The organisation's record: read, filtered, checked, taken away. */
export function Audit(): ReactElement {
  const { t } = useTranslation();
  const [book] = useState(() => createRecordBook());
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const { filter, lines, before, busy, fault } = useObservable(book);
  useEffect(() => void book.look(EVERYTHING), [book]);
  useExpiry(fault);
  const only = (part: Partial<RecordFilter>): void => void book.look({ ...filter, ...part });
  const flawsOf = (line: RecordLine): readonly string[] =>
    verdict?.flaws.filter(({ seq }) => seq === line.seq).map(({ kind }) => kind) ?? [];
  const narrowed = filter.actor !== "" || filter.session !== "";
  const heads = (["seq", "at", "actor", "action", "session", "details"] as const).map((head) =>
    t(`office.audit.${head}`),
  );
  return (
    <Stack gap="md">
      <Text size="sm" className="dim">
        {t("office.audit.text")}
      </Text>
      <Group gap="sm" align="flex-end">
        <NativeSelect
          size="xs"
          label={t("office.audit.family")}
          value={filter.action}
          data={[
            { value: "", label: t("office.audit.everything") },
            ...FAMILIES.map((family) => ({ value: `${family}.`, label: t(`office.family.${family}`) })),
          ]}
          onChange={(event) => only({ action: event.currentTarget.value })}
        />
        {narrowed && (
          <Button size="xs" variant="default" onClick={() => only({ actor: "", session: "" })}>
            {t("office.audit.wider")}
          </Button>
        )}
        <Button size="xs" variant="default" onClick={() => only({})}>
          {t("office.again")}
        </Button>
        <Exports />
      </Group>
      <Verified verdict={verdict} onVerdict={setVerdict} />
      <Listing
        name={t("office.tab.audit")}
        heads={heads}
        rows={
          lines?.map((line) => <Row key={line.seq} line={line} flaws={flawsOf(line)} onOnly={only} />) ?? null
        }
        empty={t("office.audit.none")}
        fault={fault}
      />
      {before !== null && (
        <div>
          <Button size="xs" variant="default" loading={busy} onClick={() => void book.more()}>
            {t("office.audit.more")}
          </Button>
        </div>
      )}
    </Stack>
  );
}
