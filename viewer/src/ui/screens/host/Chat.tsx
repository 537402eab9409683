import { Button, Text, TextInput } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { type ReactElement, type SubmitEvent, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { colourOf, HOST_SLOT } from "../../../features/team/people";
import { chatText } from "../../../features/team/text";
import { MAX_CHAT_CHARS } from "../../../protocol/generated";
import { useHost, useHostView } from "./useHost";

/** What is said, and a line to say something to everybody. */
export function Chat(): ReactElement {
  const { t } = useTranslation();
  const host = useHost();
  const { lines } = useHostView();
  const [draft, setDraft] = useState("");
  const list = useRef<HTMLOListElement>(null);
  useLayoutEffect(() => {
    if (list.current !== null) list.current.scrollTop = list.current.scrollHeight;
  }, [lines]);

  function send(event: SubmitEvent): void {
    event.preventDefault();
    const text = chatText(draft);
    if (text === "") return;
    host.say(text);
    setDraft("");
  }

  return (
    <section className="host-card" aria-labelledby="host-chat">
      <h2 id="host-chat">{t("host.chat")}</h2>
      <ol
        ref={list}
        className="host-lines"
        role="log"
        aria-live="polite"
        tabIndex={0}
        aria-label={t("host.chat")}
      >
        {lines.length === 0 && (
          <Text component="li" size="sm" className="dim">
            {t("host.chatNone")}
          </Text>
        )}
        {lines.map((line) => (
          <li key={line.key}>
            <span className="person-dot" style={{ background: colourOf(line.slot) }} />
            <bdi className="host-line-name">{line.slot === HOST_SLOT ? t("people.you") : line.name}</bdi>
            <span className="host-line-text" dir="auto">
              {line.text}
            </span>
          </li>
        ))}
      </ol>
      <form className="host-writer" onSubmit={send}>
        <TextInput
          size="sm"
          value={draft}
          maxLength={MAX_CHAT_CHARS}
          aria-label={t("host.chatWrite")}
          placeholder={t("host.chatWrite")}
          onChange={(event) => setDraft(event.currentTarget.value)}
        />
        <Button
          type="submit"
          size="sm"
          variant="default"
          leftSection={<IconSend size={15} aria-hidden="true" />}
        >
          {t("host.chatSend")}
        </Button>
      </form>
    </section>
  );
}
