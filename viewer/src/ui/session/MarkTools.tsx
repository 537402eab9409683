import { Menu } from "@mantine/core";
import { IconEraser, IconPencil, IconPointerBolt } from "@tabler/icons-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import type { MarkTool } from "../../features/marks/pen";
import { obstacleTo } from "../../features/session/rights";
import { iMay } from "../../features/team/people";
import type { Capability } from "../../protocol/generated";
import { useServices, useSession } from "../services";
import { Tool } from "./Tool";
import { useWorkspace } from "./workspace";

const TOOLS: readonly {
  readonly tool: MarkTool;
  readonly needs: Capability;
  readonly Icon: typeof IconPencil;
}[] = [
  { tool: "laser", needs: "point.laser", Icon: IconPointerBolt },
  { tool: "draw", needs: "point.annotate", Icon: IconPencil },
];

function Clear(): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const view = useSession();
  const all = iMay("clear_all_marks", view);
  const icon = <IconEraser size={18} aria-hidden="true" />;
  const offline = view.phase === "live" ? null : t("obstacle.offline");
  if (!all) {
    return (
      <Tool
        label={t("marks.clearMine")}
        icon={icon}
        obstacle={offline}
        data-testid="clear-marks"
        onClick={() => session.clearMarks(false)}
      />
    );
  }
  return (
    <Menu position="bottom-start" shadow="md" width={240}>
      <Menu.Target>
        <Tool label={t("marks.clear")} icon={icon} obstacle={offline} data-testid="clear-marks" />
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => session.clearMarks(false)} data-testid="clear-mine">
          {t("marks.clearMine")}
        </Menu.Item>
        <Menu.Item onClick={() => session.clearMarks(true)} data-testid="clear-all">
          {t("marks.clearAll")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Laser, pen and eraser. A tool stays in the hand until it is put down: by its button or by Escape. */
export function MarkTools(): ReactElement {
  const { t } = useTranslation();
  const view = useSession();
  const { tool, setTool } = useWorkspace();
  return (
    <>
      {TOOLS.map(({ tool: one, needs, Icon }) => {
        const obstacle = obstacleTo(needs, view);
        return (
          <Tool
            key={one}
            label={tool === one ? t("marks.putDown") : t(`marks.${one}`)}
            icon={<Icon size={18} aria-hidden="true" />}
            pressed={tool === one}
            obstacle={obstacle === null ? null : t(`obstacle.${obstacle}`)}
            data-testid={one}
            onClick={() => setTool(tool === one ? null : one)}
          />
        );
      })}
      <Clear />
    </>
  );
}
