import { CloseButton, Text } from "@mantine/core";
import { type KeyboardEvent, type ReactElement, type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { type PanelName, useWorkspace } from "./workspace";

/** A panel at the side of the picture. It stays mounted while hidden where its contents must live on. */
export function SidePanel(props: {
  readonly name: PanelName;
  readonly title: string;
  readonly testId?: string;
  readonly children: ReactNode;
}): ReactElement {
  const { t } = useTranslation();
  const { panel, closePanel, toScreen } = useWorkspace();
  const root = useRef<HTMLElement>(null);
  const open = panel === props.name;

  useEffect(() => {
    if (!open) return;
    const first = root.current?.querySelector<HTMLElement>("[data-panel-focus]") ?? root.current;
    first?.focus({ preventScroll: true });
  }, [open]);

  function close(): void {
    closePanel();
    toScreen();
  }

  function onKeyDown(event: KeyboardEvent): void {
    const inTerminal = event.target instanceof Element && event.target.closest(".terminal") !== null;
    if (event.key !== "Escape" || event.defaultPrevented || inTerminal) return;
    event.stopPropagation();
    close();
  }

  return (
    <aside
      ref={root}
      className="panel"
      data-kind={props.name}
      data-testid={props.testId}
      aria-label={props.title}
      tabIndex={-1}
      hidden={!open}
      onKeyDown={onKeyDown}
    >
      <header className="panel-head">
        <Text component="h2" fw={600} size="sm">
          {props.title}
        </Text>
        <CloseButton size="sm" aria-label={t("panel.close", { title: props.title })} onClick={close} />
      </header>
      {props.children}
    </aside>
  );
}
