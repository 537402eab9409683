import { Text, TextInput } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { memo, type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import { listedServices } from "../../features/administration/tables";
import type { Service, ServiceAct } from "../../protocol/generated";
import { Sure } from "../parts/Sure";
import { useServices, useSession } from "../services";
import { useOffline } from "../useOffline";
import { Act } from "./Act";
import { RowAct } from "./RowAct";
import { useListing } from "./useListing";
import { useReason } from "./useReason";

const LIST_EVERY_MS = 10_000;

interface Changing {
  readonly service: Service;
  readonly act: ServiceAct;
}

const Row = memo(function Row(props: {
  readonly service: Service;
  readonly barred: string | null;
  readonly remark: string | null;
  readonly onAct: (changing: Changing) => void;
}): ReactElement {
  const { t } = useTranslation();
  const { service, onAct, barred, remark } = props;
  const acts: readonly ServiceAct[] = service.running ? ["restart", "stop"] : ["start"];
  return (
    <tr>
      <td className="cell-state" data-running={service.running || undefined}>
        <span className="state-dot" aria-hidden="true" />
        {service.running ? t("services.running") : t("services.stopped")}
      </td>
      <td className="cell-service">
        <bdi>{service.name}</bdi>
        <small title={service.description}>
          <bdi>{service.description}</bdi>
        </small>
      </td>
      <td className="cell-acts">
        {acts.map((act) => (
          <RowAct
            key={act}
            danger={act === "stop"}
            barred={barred ?? (service.changeable ? null : t("services.kept"))}
            remark={remark}
            label={t(`services.${act}Of`, { name: service.name })}
            testId={`service-${act}-${service.name}`}
            onClick={() => onAct({ service, act })}
          >
            {t(`services.${act}`)}
          </RowAct>
        ))}
      </td>
    </tr>
  );
});

/** The services of the customer's PC. */
export function Services(props: { readonly active: boolean }): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const { services } = useSession().machine;
  const [wanted, setWanted] = useState("");
  const offline = useOffline();
  const [changing, setChanging] = useState<Changing | null>(null);
  useListing(props.active && changing === null, "system.services", "ServicesRequest", LIST_EVERY_MS);
  const { barred, remark } = useReason("system.services");
  const listed = !props.active ? [] : listedServices(services?.services ?? [], wanted);
  const left = services?.left_out ?? 0;

  function change({ service, act }: Changing): void {
    session.send({ t: "ServiceChange", name: service.name, act });
    session.send({ t: "ServicesRequest" });
    setChanging(null);
  }

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
        />
        <Act
          needs="system.services"
          icon={<IconRefresh size={14} aria-hidden="true" />}
          testId="services-ask"
          onClick={() => session.send({ t: "ServicesRequest" })}
        >
          {services === null ? t("services.ask") : t("admin.refresh")}
        </Act>
        <Text size="xs" className="dim numbers">
          {services !== null && t("services.count", { count: listed.length })}
          {left > 0 && ` · ${t("admin.leftOut", { count: left })}`}
        </Text>
      </div>
      <div className="table-room" tabIndex={0} role="region" aria-label={t("admin.services")}>
        <table className="dense" data-testid="services">
          <thead>
            <tr>
              <th scope="col">{t("services.state")}</th>
              <th scope="col">{t("services.name")}</th>
              <th scope="col">
                <span className="sr-only">{t("admin.actions")}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {listed.map((service) => (
              <Row key={service.name} service={service} barred={barred} remark={remark} onAct={setChanging} />
            ))}
          </tbody>
        </table>
      </div>
      <Sure
        opened={changing !== null}
        title={changing === null ? "" : t(`services.${changing.act}Title`, { name: changing.service.name })}
        text={t("services.sureText")}
        yes={changing === null ? "" : t(`services.${changing.act}`)}
        danger={changing?.act === "stop"}
        barred={offline}
        onNo={() => setChanging(null)}
        onYes={() => {
          if (changing !== null) change(changing);
        }}
      />
    </>
  );
}
