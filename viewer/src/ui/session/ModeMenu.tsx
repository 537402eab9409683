import { Badge, Loader, Menu, Text } from "@mantine/core";
import {
  IconChevronDown,
  IconEye,
  IconPointer,
  IconPresentation,
  IconShield,
  IconUsersGroup,
} from "@tabler/icons-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import { isStepUp, obstacleToMode } from "../../features/session/modes";
import { type Mode, MODES } from "../../protocol/generated";
import { useAccount, useSession } from "../services";
import { useSecondsLeft } from "../useSecondsLeft";
import { useDemo } from "./demo";
import { Tool } from "./Tool";
import { useChoice } from "./useChoice";
import { useModeRequest } from "./useModeRequest";

const ICONS: Readonly<Record<Mode, typeof IconEye>> = {
  observer: IconEye,
  shared: IconUsersGroup,
  full: IconPointer,
  administrator: IconShield,
  demo: IconPresentation,
};

/** What keeps this person from a mode here and now, in words. */
function useReason(mode: Mode): string | null {
  const { t } = useTranslation();
  const view = useSession();
  const account = useAccount();
  const { demo } = useDemo();
  const adminTools = account.status === "in" && account.account.adminTools;
  const obstacle = obstacleToMode(mode, view, adminTools);
  if (obstacle !== null) return t(`modeObstacle.${obstacle}`);
  return mode === "demo" && view.mode !== "demo" && demo === null ? t("modeObstacle.browser") : null;
}

function ModeItem(props: {
  readonly mode: Mode;
  readonly current: Mode;
  readonly onChosen: () => void;
}): ReactElement {
  const { t } = useTranslation();
  const request = useModeRequest();
  const { demo } = useDemo();
  const { mode, current } = props;
  const reason = useReason(mode);
  const effect = isStepUp(current, mode) ? t("mode.asksCustomer") : t("mode.atOnce");
  const remark = mode === current ? t("mode.current") : effect;
  const about = `mode-why-${mode}`;

  function choose(): void {
    if (reason !== null) return;
    if (mode !== current && mode === "demo") demo?.start();
    else if (mode !== current && current === "demo" && demo !== null) demo.stop();
    else if (mode !== current) void request(mode);
    props.onChosen();
  }

  return (
    <Menu.Item
      aria-disabled={reason !== null}
      {...(reason === null ? {} : { "data-disabled": true, title: reason })}
      aria-current={mode === current ? "true" : undefined}
      aria-describedby={about}
      data-testid={`mode-${mode}`}
      closeMenuOnClick={reason === null}
      onClick={choose}
      rightSection={
        reason === null && (
          <Badge size="sm" variant="light" color={mode === current ? "petrol" : "gray"} tt="none">
            {remark}
          </Badge>
        )
      }
    >
      <Text fw={600} size="sm">
        {t(`mode.${mode}`)}
      </Text>
      <Text size="xs" className="dim">
        {t(`mode.${mode}Text`)}
      </Text>
      <Text size="xs" className={reason === null ? "sr-only" : "why-not"} id={about}>
        {reason ?? remark}
      </Text>
    </Menu.Item>
  );
}

/** The mode in force, and the way to another: down at once, up by the customer's word. */
export function ModeMenu(props: { readonly onDone: () => void }): ReactElement | null {
  const { t } = useTranslation();
  const view = useSession();
  const seconds = useSecondsLeft(view.consentDeadline);
  const { choose, onExitTransitionEnd } = useChoice(props.onDone);
  const { mode, pendingMode } = view;
  if (mode === null) return null;
  const asking = pendingMode !== null && pendingMode !== mode;
  const offline = view.phase === "live" ? null : t("obstacle.offline");
  const waiting = asking ? t("mode.waitingFor", { mode: t(`mode.${pendingMode}`) }) : null;
  const Icon = ICONS[mode];
  return (
    <Menu width={430} position="bottom-start" shadow="md" onExitTransitionEnd={onExitTransitionEnd}>
      <Menu.Target>
        <Tool
          label={waiting ?? t("mode.menu", { mode: t(`mode.${mode}`) })}
          icon={asking ? <Loader size={16} color="amber.6" /> : <Icon size={18} aria-hidden="true" />}
          text={
            <>
              {asking
                ? `${t("mode.waiting")}${seconds === null ? "" : ` · ${seconds} s`}`
                : t(`mode.${mode}`)}
              <IconChevronDown size={14} aria-hidden="true" />
            </>
          }
          variant="light"
          color={asking ? "amber" : "petrol"}
          data-waiting={asking || undefined}
          data-testid="mode-menu"
          obstacle={offline ?? (asking ? t("mode.waitingWhy") : null)}
        />
      </Menu.Target>
      <Menu.Dropdown>
        {MODES.map((one) => (
          <ModeItem key={one} mode={one} current={mode} onChosen={choose} />
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
