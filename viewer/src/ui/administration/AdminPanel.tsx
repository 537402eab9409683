import { SegmentedControl } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import { useSession } from "../services";
import { useSecondsLeft } from "../useSecondsLeft";
import { SidePanel } from "../session/SidePanel";
import { useWorkspace } from "../session/workspace";
import { Outcome } from "./Outcome";
import { Overview } from "./Overview";
import { Processes } from "./Processes";
import { Services } from "./Services";
import { Terminals } from "./Terminals";

const TABS = ["overview", "processes", "services", "terminals"] as const;
type Tab = (typeof TABS)[number];

function Deadlines(): ReactElement | null {
  const { t } = useTranslation();
  const { administrator } = useSession();
  const grant = useSecondsLeft(administrator.grantEndsAt);
  const hold = useSecondsLeft(administrator.holdEndsAt);
  if (grant === null && hold === null) return null;
  const clock = (seconds: number): string =>
    t("power.left", { hours: Math.floor(seconds / 3600), minutes: Math.floor((seconds % 3600) / 60) });
  return (
    <p className="deadlines numbers">
      {grant !== null && <span data-testid="grant-left">{t("power.grantEnds", { left: clock(grant) })}</span>}
      {hold !== null && <span data-testid="hold-left">{t("power.holdEnds", { left: clock(hold) })}</span>}
    </p>
  );
}

/** Service-level work on the customer's PC. Terminals live on while the panel is closed. */
export function AdminPanel(): ReactElement {
  const { t } = useTranslation();
  const { panel } = useWorkspace();
  const [tab, setTab] = useState<Tab>("overview");
  const open = panel === "admin";
  return (
    <SidePanel name="admin" title={t("admin.title")} testId="admin-body">
      <div className="admin-head">
        <SegmentedControl
          size="xs"
          aria-label={t("admin.title")}
          value={tab}
          onChange={(value) => setTab(TABS.find((one) => one === value) ?? "overview")}
          data={TABS.map((value) => ({
            value,
            label: <span data-testid={`admin-${value}`}>{t(`admin.${value}`)}</span>,
          }))}
        />
        <Deadlines />
      </div>
      <Outcome tab={tab} />
      <div className="admin-tab" hidden={tab !== "overview"}>
        <Overview active={open && tab === "overview"} />
      </div>
      <div className="admin-tab" hidden={tab !== "processes"}>
        <Processes active={open && tab === "processes"} />
      </div>
      <div className="admin-tab" hidden={tab !== "services"}>
        <Services active={open && tab === "services"} />
      </div>
      <div className="admin-tab" hidden={tab !== "terminals"}>
        <Terminals active={open && tab === "terminals"} />
      </div>
    </SidePanel>
  );
}
