import { Text, TextInput } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconRefresh } from "@tabler/icons-react";
import { memo, type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import { sizeText } from "../../features/administration/bytes";
import {
  firstOrder,
  listedProcesses,
  nextOrder,
  type Order,
  type ProcessColumn,
} from "../../features/administration/tables";
import type { Process } from "../../protocol/generated";
import { Sure } from "../parts/Sure";
import { useServices, useSession } from "../services";
import { useOffline } from "../useOffline";
import { Act } from "./Act";
import { RowAct } from "./RowAct";
import { useListing } from "./useListing";
import { useReason } from "./useReason";

const COLUMNS: readonly ProcessColumn[] = ["name", "pid", "user", "cpu_percent", "memory_bytes"];
const LIST_EVERY_MS = 5000;

interface Ending {
  readonly process: Process;
  readonly forced: boolean;
}

function Head(props: { readonly order: Order; readonly onOrder: (by: ProcessColumn) => void }): ReactElement {
  const { t } = useTranslation();
  const { order } = props;
  const Arrow = order.descending ? IconArrowDown : IconArrowUp;
  return (
    <thead>
      <tr>
        {COLUMNS.map((column) => {
          const here = order.by === column;
          return (
            <th
              key={column}
              scope="col"
              data-column={column}
              aria-sort={here ? (order.descending ? "descending" : "ascending") : "none"}
            >
              <button type="button" onClick={() => props.onOrder(column)}>
                {t(`processes.${column}`)}
                <span className="sort-mark">{here && <Arrow size={12} aria-hidden="true" />}</span>
              </button>
            </th>
          );
        })}
        <th scope="col">
          <span className="sr-only">{t("admin.actions")}</span>
        </th>
      </tr>
    </thead>
  );
}

const Row = memo(function Row(props: {
  readonly process: Process;
  readonly barred: string | null;
  readonly remark: string | null;
  readonly onEnd: (ending: Ending) => void;
}): ReactElement {
  const { t, i18n } = useTranslation();
  const { process, onEnd, barred, remark } = props;
  const percent = new Intl.NumberFormat(i18n.language, {
    maximumFractionDigits: 1,
    minimumFractionDigits: 1,
  });
  const values = { name: process.name, pid: process.pid };
  return (
    <tr>
      <td className="cell-name" title={process.name}>
        <bdi>{process.name}</bdi>
      </td>
      <td className="numbers cell-right">{process.pid}</td>
      <td className="cell-user" title={process.user}>
        <bdi>{process.user}</bdi>
      </td>
      <td className="numbers cell-right">
        {t("processes.percent", { value: percent.format(process.cpu_percent) })}
      </td>
      <td className="numbers cell-right">{sizeText(process.memory_bytes, i18n.language)}</td>
      <td className="cell-acts">
        <RowAct
          label={t("processes.endOf", values)}
          barred={barred}
          remark={remark}
          testId={`process-end-${process.pid}`}
          onClick={() => onEnd({ process, forced: false })}
        >
          {t("processes.end")}
        </RowAct>
        <RowAct
          label={t("processes.killOf", values)}
          barred={barred}
          remark={remark}
          danger
          testId={`process-kill-${process.pid}`}
          onClick={() => onEnd({ process, forced: true })}
        >
          {t("processes.kill")}
        </RowAct>
      </td>
    </tr>
  );
});

function EndDialog(props: { readonly ending: Ending | null; readonly onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const offline = useOffline();
  const { ending, onClose } = props;
  const values = { name: ending?.process.name ?? "", pid: ending?.process.pid ?? 0 };

  function end(): void {
    if (ending !== null) {
      const { pid, started_ms } = ending.process;
      session.send({ t: "ProcessEnd", pid, started_ms, forced: ending.forced });
      session.send({ t: "ProcessesRequest" });
    }
    onClose();
  }

  const forced = ending?.forced === true;
  return (
    <Sure
      opened={ending !== null}
      title={forced ? t("processes.killTitle", values) : t("processes.endTitle", values)}
      text={forced ? t("processes.killText") : t("processes.endText")}
      yes={forced ? t("processes.kill") : t("processes.end")}
      danger={forced}
      barred={offline}
      onNo={onClose}
      onYes={end}
    />
  );
}

/** What runs on the customer's PC. The list stands still while something is being decided about it. */
export function Processes(props: { readonly active: boolean }): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const { processes } = useSession().machine;
  const [wanted, setWanted] = useState("");
  const [order, setOrder] = useState<Order>(firstOrder("cpu_percent"));
  const [ending, setEnding] = useState<Ending | null>(null);
  useListing(props.active && ending === null, "system.processes.list", "ProcessesRequest", LIST_EVERY_MS);
  const { barred, remark } = useReason("system.processes.end");
  // What nobody looks at is not drawn.
  const listed = !props.active ? [] : listedProcesses(processes?.processes ?? [], wanted, order);
  const left = processes?.left_out ?? 0;
  return (
    <>
      <div className="act-row table-tools">
        <TextInput
          size="xs"
          type="search"
          aria-label={t("admin.filter")}
          placeholder={t("admin.filter")}
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
          data-testid="process-filter"
        />
        <Act
          needs="system.processes.list"
          icon={<IconRefresh size={14} aria-hidden="true" />}
          testId="processes-ask"
          onClick={() => session.send({ t: "ProcessesRequest" })}
        >
          {processes === null ? t("processes.ask") : t("admin.refresh")}
        </Act>
        <Text size="xs" className="dim numbers">
          {processes !== null && t("processes.count", { count: listed.length })}
          {left > 0 && ` · ${t("admin.leftOut", { count: left })}`}
        </Text>
      </div>
      <div className="table-room" tabIndex={0} role="region" aria-label={t("admin.processes")}>
        <table className="dense" data-testid="processes">
          <Head order={order} onOrder={(by) => setOrder(nextOrder(order, by))} />
          <tbody>
            {listed.map((process) => (
              <Row
                key={`${process.pid}-${process.started_ms}`}
                process={process}
                barred={barred}
                remark={remark}
                onEnd={setEnding}
              />
            ))}
          </tbody>
        </table>
      </div>
      <EndDialog ending={ending} onClose={() => setEnding(null)} />
    </>
  );
}
