import { Badge, Loader, Menu, Text } from "@mantine/core";
import { IconChevronDown, IconEye, IconPointer } from "@tabler/icons-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import { JOINABLE_MODES } from "../../features/join/link";
import { LADDER, type Mode, MODES } from "../../protocol/generated";
import { useServices, useSession } from "../services";
import { useSecondsLeft } from "../useSecondsLeft";
import { Tool } from "./Tool";
import { useChoice } from "./useChoice";

function isStepUp(current: Mode, wanted: Mode): boolean {
  return LADDER.indexOf(wanted) > LADDER.indexOf(current);
}

function ModeItem(props: {
  readonly mode: Mode;
  readonly current: Mode;
  readonly onChosen: () => void;
}): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const { mode, current } = props;
  const usable = JOINABLE_MODES.some((joinable) => joinable === mode);
  const effect = isStepUp(current, mode) ? t("mode.asksCustomer") : t("mode.atOnce");
  const remark = mode === current ? t("mode.current") : usable ? effect : t("mode.notYet");
  return (
    <Menu.Item
      aria-disabled={!usable}
      {...(usable ? {} : { "data-disabled": true })}
      aria-current={mode === current ? "true" : undefined}
      data-testid={`mode-${mode}`}
      closeMenuOnClick={usable}
      onClick={() => {
        if (usable && mode !== current) session.requestMode(mode);
        if (usable) props.onChosen();
      }}
      rightSection={
        <Badge size="sm" variant="light" color={mode === current ? "petrol" : "gray"} tt="none">
          {remark}
        </Badge>
      }
    >
      <Text fw={600} size="sm">
        {t(`mode.${mode}`)}
      </Text>
      <Text size="xs" className="dim">
        {t(`mode.${mode}Text`)}
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
  const Icon = mode === "observer" ? IconEye : IconPointer;
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
