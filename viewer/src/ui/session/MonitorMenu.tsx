import { Menu } from "@mantine/core";
import { IconCheck, IconDeviceDesktop, IconDevices2 } from "@tabler/icons-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import type { ScreenView } from "../../core/api";
import { regionOf, WHOLE_SCREEN } from "../../features/session/monitors";
import { useSession } from "../services";
import { Tool } from "./Tool";
import { useChoice } from "./useChoice";
import { useWorkspace } from "./workspace";

function MonitorItems(props: {
  readonly screen: ScreenView;
  readonly shown: number;
  readonly onChosen: () => void;
}): ReactElement {
  const { t } = useTranslation();
  const { setMonitor } = useWorkspace();
  const { screen, shown, onChosen } = props;
  const rows = [
    { id: WHOLE_SCREEN, name: t("monitors.all"), width: screen.width, height: screen.height },
    ...screen.monitors.map((monitor, index) => ({
      id: monitor.id,
      name: `${t("monitors.one", { number: index + 1 })}${monitor.primary ? ` · ${t("monitors.primary")}` : ""}`,
      width: monitor.width,
      height: monitor.height,
    })),
  ];
  return (
    <>
      {rows.map(({ id, name, width, height }) => (
        <Menu.Item
          key={id}
          aria-current={shown === id ? "true" : undefined}
          data-testid={`monitor-${id}`}
          leftSection={
            id === WHOLE_SCREEN ? (
              <IconDevices2 size={16} aria-hidden="true" />
            ) : (
              <IconDeviceDesktop size={16} aria-hidden="true" />
            )
          }
          rightSection={shown === id ? <IconCheck size={16} aria-hidden="true" /> : null}
          onClick={() => {
            setMonitor(id);
            onChosen();
          }}
        >
          {name}
          <small className="menu-detail numbers">{t("link.screenValue", { width, height })}</small>
        </Menu.Item>
      ))}
    </>
  );
}

/** Which monitor is looked at; there only where there is a choice. */
export function MonitorMenu(): ReactElement | null {
  const { t } = useTranslation();
  const { screen } = useSession();
  const { monitor, toScreen } = useWorkspace();
  const { choose, onExitTransitionEnd } = useChoice(toScreen);
  if (screen === null || screen.monitors.length < 2) return null;
  const shown = regionOf(screen, monitor).monitor;
  const number = screen.monitors.findIndex((one) => one.id === shown) + 1;
  return (
    <Menu position="bottom-start" shadow="md" width={260} onExitTransitionEnd={onExitTransitionEnd}>
      <Menu.Target>
        <Tool
          label={
            number === 0 ? t("monitors.menu") : `${t("monitors.menu")}: ${t("monitors.one", { number })}`
          }
          icon={<IconDevices2 size={18} aria-hidden="true" />}
          {...(number === 0 ? {} : { text: <span className="numbers">{number}</span> })}
          data-testid="monitor-menu"
        />
      </Menu.Target>
      <Menu.Dropdown>
        <MonitorItems screen={screen} shown={shown} onChosen={choose} />
      </Menu.Dropdown>
    </Menu>
  );
}
