import { CloseButton, Text } from "@mantine/core";
import { IconShield, IconTerminal2 } from "@tabler/icons-react";
import { lazy, type ReactElement, Suspense, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { type OpenTerminal, TerminalShelf } from "../../features/administration/shelf";
import { MAX_TERMINALS } from "../../protocol/generated";
import { useServices, useSession } from "../services";
import { Guard } from "../parts/Guard";
import { useObservable } from "../useObservable";
import { Act } from "./Act";

/** Loaded with the first terminal: most sessions have none. */
const TerminalPane = lazy(() => import("./TerminalPane"));

const FIRST_SIZE = { columns: 80, rows: 24 };

function TabHead(props: {
  readonly tab: OpenTerminal;
  readonly selected: boolean;
  readonly onSelect: () => void;
  readonly onClose: () => void;
}): ReactElement {
  const { t } = useTranslation();
  const { tab, selected } = props;
  const name = t(tab.elevated ? "terminal.admin" : "terminal.user", { number: tab.terminal });
  const Icon = tab.elevated ? IconShield : IconTerminal2;
  return (
    <span
      className="term-tab"
      data-selected={selected || undefined}
      data-elevated={tab.elevated || undefined}
    >
      <button
        type="button"
        role="tab"
        aria-selected={selected}
        onClick={props.onSelect}
        data-testid={`terminal-tab-${tab.terminal}`}
      >
        <Icon size={14} aria-hidden="true" />
        {name}
        {tab.status !== null && (
          <small className="numbers"> {t("terminal.ended", { status: tab.status })}</small>
        )}
      </button>
      <CloseButton size="xs" aria-label={t("terminal.close", { name })} onClick={props.onClose} />
    </span>
  );
}

/** Terminals of the customer's PC, each in a tab of its own. */
export function Terminals(props: { readonly active: boolean }): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const [shelf] = useState(() => new TerminalShelf());
  const list = useObservable(shelf);
  const restarting = useSession().restartingUntil !== null;
  useEffect(() => session.listenTerminals(shelf), [session, shelf]);
  useEffect(() => {
    if (restarting) shelf.endAll();
  }, [restarting, shelf]);
  const [chosen, setChosen] = useState<number | null>(null);
  const newest = useRef<number | null>(null);
  const last = list.at(-1)?.key ?? null;
  useEffect(() => {
    // A terminal that was asked for is what the person wants to see.
    if (last !== null && last !== newest.current) setChosen(last);
    newest.current = last;
  }, [last]);
  const shown = list.find((tab) => tab.key === chosen) ?? list.at(-1);
  const alive = list.filter((tab) => tab.status === null).length;
  const full = alive >= MAX_TERMINALS ? t("terminal.full", { count: MAX_TERMINALS }) : null;

  function close(tab: OpenTerminal): void {
    if (tab.status === null) session.send({ t: "TerminalClose", terminal: tab.terminal });
    shelf.forget(tab.key);
  }

  return (
    <>
      <div className="act-row table-tools">
        <Act
          needs="terminal.user"
          primary
          barred={full}
          icon={<IconTerminal2 size={14} aria-hidden="true" />}
          testId="terminal"
          onClick={() => session.send({ t: "TerminalOpen", ...FIRST_SIZE })}
        >
          {t("terminal.openUser")}
        </Act>
        <Act
          needs="terminal.admin"
          barred={full}
          icon={<IconShield size={14} aria-hidden="true" />}
          testId="terminal-admin"
          onClick={() => session.send({ t: "AdminTerminalOpen", ...FIRST_SIZE })}
        >
          {t("terminal.openAdmin")}
        </Act>
      </div>
      {list.length === 0 ? (
        <Text size="sm" className="dim panel-empty">
          {t("terminal.none")}
        </Text>
      ) : (
        <>
          <div className="term-tabs" role="tablist" aria-label={t("admin.terminals")}>
            {list.map((tab) => (
              <TabHead
                key={tab.key}
                tab={tab}
                selected={tab === shown}
                onSelect={() => setChosen(tab.key)}
                onClose={() => close(tab)}
              />
            ))}
          </div>
          <div className="terms">
            <Guard
              instead={
                <Text size="sm" role="alert">
                  {t("terminal.notLoaded")}
                </Text>
              }
            >
              <Suspense fallback={<Text size="sm">{t("terminal.loading")}</Text>}>
                {list.map((tab) => (
                  <TerminalPane key={tab.key} tab={tab} shown={props.active && tab === shown} />
                ))}
              </Suspense>
            </Guard>
          </div>
          <Text size="xs" className="dim panel-foot">
            {t("terminal.hint")}
          </Text>
        </>
      )}
    </>
  );
}
