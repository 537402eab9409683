import { Button, SegmentedControl, Text, Textarea } from "@mantine/core";
import { IconAlertTriangle, IconClock, IconEyeOff, IconSend, IconWorld } from "@tabler/icons-react";
import { type KeyboardEvent, type ReactElement, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import type { LineView, UnsaidView } from "../../core/api";
import { obstacleTo } from "../../features/session/rights";
import { colourOf, HOST_SLOT, iMay, whisperHearers } from "../../features/team/people";
import { chatText } from "../../features/team/text";
import { type ChatTab, linesOf } from "../../features/team/unread";
import { MAX_CHAT_CHARS } from "../../protocol/generated";
import { useServices, useSession } from "../services";
import { SidePanel } from "../session/SidePanel";

/** Lines of one person within this time stand under one name. */
const TOGETHER_MS = 120_000;

/** Whose the lines below it are, and since when. */
function Head(props: { readonly slot: number; readonly name: string; readonly at: number }): ReactElement {
  const { i18n } = useTranslation();
  const { slot, name, at } = props;
  const time = new Intl.DateTimeFormat(i18n.language, { hour: "2-digit", minute: "2-digit" });
  return (
    <p className="line-head">
      <span className="person-dot" style={{ background: colourOf(slot) }} />
      <bdi>{name}</bdi>
      <time dateTime={new Date(at).toISOString()}>{time.format(at)}</time>
    </p>
  );
}

function Line(props: { readonly line: LineView; readonly first: boolean }): ReactElement {
  const { t } = useTranslation();
  const { self, kind } = useSession();
  const { line, first } = props;
  const host = kind === "presentation" ? "presenter" : "customer";
  const name = line.slot === HOST_SLOT ? t(`chat.${host}`, { name: line.name }) : line.name;
  return (
    <li className="line" data-first={first || undefined} data-own={line.slot === self?.slot || undefined}>
      {first && <Head slot={line.slot} name={line.slot === self?.slot ? t("chat.you") : name} at={line.at} />}
      <p className="line-text" dir="auto">
        {line.text}
      </p>
    </li>
  );
}

/** A line of one's own that the others do not have yet, and why. */
function Unsaid(props: { readonly line: UnsaidView; readonly first: boolean }): ReactElement {
  const { t } = useTranslation();
  const view = useSession();
  const { text, failed, lacking, whisper, at } = props.line;
  const away = whisper && whisperHearers(view).length === 0;
  const state = failed ? "failed" : view.phase !== "live" ? "waits" : away ? "away" : "sending";
  const Icon = failed ? IconAlertTriangle : IconClock;
  const names = lacking.join(", ");
  return (
    // Read out once it has been said, not before.
    <li
      className="line"
      data-first={props.first || undefined}
      data-own
      data-unsaid={state}
      aria-live="off"
      data-testid="unsaid"
    >
      {props.first && <Head slot={view.self?.slot ?? HOST_SLOT} name={t("chat.you")} at={at} />}
      <p className="line-text" dir="auto">
        {text}
      </p>
      <p className="line-state">
        <Icon size={13} aria-hidden="true" />{" "}
        {names === "" ? t(`chat.unsaid.${state}`) : t("chat.unsaid.lacking", { names })}
      </p>
    </li>
  );
}

function follows(line: LineView, before: LineView | undefined): boolean {
  return before?.slot === line.slot && line.at - before.at < TOGETHER_MS;
}

function Lines(props: { readonly tab: ChatTab }): ReactElement {
  const { t } = useTranslation();
  const { lines, unsaid, self } = useSession();
  const list = useRef<HTMLOListElement>(null);
  const atEnd = useRef(true);
  const shown = linesOf(lines, props.tab);
  const own = linesOf(unsaid, props.tab);
  useLayoutEffect(() => {
    if (atEnd.current && list.current !== null) list.current.scrollTop = list.current.scrollHeight;
  }, [shown.length, own.length, props.tab]);

  function scrolled(): void {
    if (list.current === null) return;
    const { scrollHeight, scrollTop, clientHeight } = list.current;
    atEnd.current = scrollHeight - scrollTop - clientHeight < 24;
  }

  return (
    <ol
      ref={list}
      className="lines"
      role="log"
      aria-live="polite"
      tabIndex={0}
      onScroll={scrolled}
      aria-label={t(`chat.${props.tab}`)}
    >
      {shown.length + own.length === 0 && <li className="lines-none dim">{t(`chat.${props.tab}None`)}</li>}
      {shown.map((line, at) => (
        <Line key={line.key} line={line} first={!follows(line, shown[at - 1])} />
      ))}
      {own.map((line, at) => (
        <Unsaid key={line.key} line={line} first={at === 0 && shown.at(-1)?.slot !== self?.slot} />
      ))}
    </ol>
  );
}

/** What keeps this person from writing here, in words. */
function useObstacle(tab: ChatTab): string | null {
  const { t } = useTranslation();
  const view = useSession();
  // What is said while the line is down is kept (SPEC T8, T9).
  const down = view.phase === "reconnecting" || view.phase === "host_away";
  const obstacle = obstacleTo("chat", down ? { ...view, phase: "live" } : view);
  if (obstacle === "offline") return t("obstacle.offline");
  if (tab === "all") return obstacle === null ? null : t(`obstacle.${obstacle}`);
  return whisperHearers(view).length === 0 ? t("chat.nobody") : null;
}

function Writer(props: { readonly tab: ChatTab }): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const obstacle = useObstacle(props.tab);
  const [drafts, setDrafts] = useState<Readonly<Record<ChatTab, string>>>({ all: "", team: "" });
  const [unheard, setUnheard] = useState(false);
  const { tab } = props;
  const draft = drafts[tab];

  function write(text: string): void {
    setUnheard(false);
    setDrafts({ ...drafts, [tab]: text });
  }

  function send(): void {
    const text = chatText(draft);
    if (text === "" || obstacle !== null) return;
    if (tab === "all") session.send({ t: "ChatSend", text });
    else if (!session.whisper(text)) {
      setUnheard(true);
      return;
    }
    write("");
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  }

  return (
    <div className="writer">
      <Textarea
        aria-label={t(`chat.${tab}Write`)}
        placeholder={t(`chat.${tab}Write`)}
        aria-description={obstacle ?? t("chat.enter")}
        value={draft}
        maxLength={MAX_CHAT_CHARS}
        rows={2}
        error={unheard ? t("chat.nobody") : null}
        onChange={(event) => write(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        data-panel-focus
        data-testid="chat-input"
      />
      <div className="writer-foot">
        <Text size="xs" className="dim" data-keys={obstacle === null || undefined}>
          {obstacle ?? t("chat.enter")}
        </Text>
        <Button
          size="compact-sm"
          leftSection={<IconSend size={14} aria-hidden="true" />}
          disabled={obstacle !== null || chatText(draft) === ""}
          onClick={send}
          data-testid="chat-send"
        >
          {t("chat.send")}
        </Button>
      </div>
    </div>
  );
}

function Count(props: { readonly count: number }): ReactElement | null {
  const { t } = useTranslation();
  if (props.count === 0) return null;
  return (
    <span className="count numbers" aria-label={t("chat.unread", { count: props.count })}>
      {props.count > 99 ? "99+" : props.count}
    </span>
  );
}

/** Chat with everybody, and whispers within the team: two rooms that cannot be taken for each other. */
export function ChatPanel(props: {
  readonly tab: ChatTab;
  readonly onTab: (tab: ChatTab) => void;
  readonly unread: Readonly<Record<ChatTab, number>>;
}): ReactElement {
  const { t } = useTranslation();
  const view = useSession();
  const team = iMay("whisper", view);
  const { unread, onTab } = props;
  const tab = team ? props.tab : "all";
  const hearers = whisperHearers(view).map((member) => member.display_name);
  return (
    <SidePanel name="chat" title={t("chat.title")}>
      {team && (
        <SegmentedControl
          fullWidth
          size="xs"
          className="chat-tabs"
          aria-label={t("chat.title")}
          value={tab}
          onChange={(value) => onTab(value === "team" ? "team" : "all")}
          data={(["all", "team"] as const).map((one) => ({
            value: one,
            label: (
              <span className="chat-tab" data-testid={`chat-tab-${one}`}>
                {t(`chat.${one}`)}
                <Count count={one === tab ? 0 : unread[one]} />
              </span>
            ),
          }))}
        />
      )}
      <div className="room" data-room={tab}>
        <p className="room-note">
          {tab === "team" ? (
            <IconEyeOff size={15} aria-hidden="true" />
          ) : (
            <IconWorld size={15} aria-hidden="true" />
          )}
          <span>
            {tab === "team"
              ? t("chat.teamNote")
              : t(view.kind === "presentation" ? "chat.presentationNote" : "chat.allNote")}
            {tab === "team" && hearers.length > 0 && (
              <span className="room-hearers">{t("chat.hearers", { names: hearers.join(", ") })}</span>
            )}
          </span>
        </p>
        <Lines tab={tab} />
        <Writer tab={tab} />
      </div>
    </SidePanel>
  );
}
