import "@xterm/xterm/css/xterm.css";

import { FitAddon } from "@xterm/addon-fit";
import { type ITheme, Terminal } from "@xterm/xterm";
import { type ReactElement, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import type { SessionClient } from "../../core/api";
import { binary, side, Typing, typed } from "../../features/administration/bytes";
import type { OpenTerminal } from "../../features/administration/shelf";
import { useServices } from "../services";

const SCROLLBACK_LINES = 5000;
// A screen is drawn more slowly than a PC can write: what piles up beyond this is not shown.
const UNWRITTEN_BYTES = 16 * 2 ** 20;
const THEME: ITheme = {
  background: "#101716",
  foreground: "#dfe7e5",
  cursor: "#e3a334",
  cursorAccent: "#101716",
  selectionBackground: "#31605c",
  red: "#ff7b72",
  blue: "#79a8ff",
};

/** Keys that belong to this page even here: out of the terminal, copy, paste. Everything else goes to the PC. */
function isOurs(event: KeyboardEvent, terminal: Terminal): boolean {
  if (event.type !== "keydown" || !event.ctrlKey) return false;
  if (event.altKey && event.key === "Home") {
    document.querySelector<HTMLElement>(".toolbar [data-testid=admin-panel]")?.focus();
    return true;
  }
  if (event.shiftKey && event.code === "KeyC") {
    const copied = terminal.getSelection();
    if (copied !== "") void navigator.clipboard.writeText(copied).catch(() => undefined);
    event.preventDefault();
    return true;
  }
  // The browser's own paste then reaches the terminal as one.
  return event.shiftKey && event.code === "KeyV";
}

function start(
  tab: OpenTerminal,
  session: SessionClient,
  element: HTMLElement,
): { readonly terminal: Terminal; readonly fit: FitAddon } {
  const terminal = new Terminal({
    cursorBlink: true,
    fontFamily: "ui-monospace, 'Cascadia Mono', 'SF Mono', 'DejaVu Sans Mono', Consolas, monospace",
    fontSize: 13,
    scrollback: SCROLLBACK_LINES,
    theme: THEME,
    screenReaderMode: false,
    // What runs on the other PC leads nobody to an address of its choice.
    linkHandler: { activate: () => undefined },
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  // A terminal answers questions of the programs in it by itself, and thousands at once if it is asked to.
  const typing = new Typing((data) => session.send({ t: "TerminalInput", terminal: tab.terminal, data }));
  terminal.onData((text) => typing.add(typed(text)));
  terminal.onBinary((text) => typing.add(binary(text)));
  terminal.onResize(({ cols, rows }) =>
    session.send({ t: "TerminalSize", terminal: tab.terminal, columns: side(cols), rows: side(rows) }),
  );
  terminal.attachCustomKeyEventHandler((event) => !isOurs(event, terminal));
  terminal.open(element);
  return { terminal, fit };
}

/** One terminal on the screen. It is made once and only hidden, so that nothing of it is lost. */
export default function TerminalPane(props: {
  readonly tab: OpenTerminal;
  readonly shown: boolean;
}): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const room = useRef<HTMLDivElement>(null);
  const running = useRef<ReturnType<typeof start> | null>(null);
  const { tab, shown } = props;
  const { key, terminal: number, output } = tab;
  const ended = tab.status !== null;
  const name = t(tab.elevated ? "terminal.admin" : "terminal.user", { number });
  const opened = useRef(tab);

  useEffect(() => {
    if (room.current === null) return undefined;
    const element = room.current;
    const made = start(opened.current, session, element);
    running.current = made;
    let unwritten = 0;
    const stop = output.read((data) => {
      if (unwritten > UNWRITTEN_BYTES) return;
      unwritten += data.length;
      made.terminal.write(data, () => {
        unwritten -= data.length;
      });
    });
    const observer = new ResizeObserver(() => {
      // A hidden pane has no size to follow.
      if (element.offsetWidth > 0 && element.offsetHeight > 0) made.fit.fit();
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      stop();
      made.terminal.dispose();
      running.current = null;
    };
  }, [session, key, output]);
  useEffect(() => {
    if (shown) running.current?.terminal.focus();
  }, [shown]);
  useEffect(() => {
    if (running.current !== null) running.current.terminal.options.disableStdin = ended;
  }, [ended]);

  return (
    <div
      className="terminal"
      ref={room}
      hidden={!shown}
      role="tabpanel"
      aria-label={name}
      data-testid={`terminal-${number}`}
      data-ended={ended || undefined}
    />
  );
}
