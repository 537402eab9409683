import { Button, CopyButton, Text } from "@mantine/core";
import { IconCopy, IconPresentation } from "@tabler/icons-react";
import { type ReactElement, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import type { Observable } from "../../core/api";
import type { HostClient } from "../../core/host/api";
import { colourOf } from "../../features/team/people";
import { useSession } from "../services";
import { useObservable } from "../useObservable";
import { useDemo } from "./demo";

function Preview(props: { readonly stream: Observable<MediaStream | null> }): ReactElement {
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  const stream = useObservable(props.stream);
  useEffect(() => {
    if (video.current !== null) video.current.srcObject = stream;
  }, [stream]);
  return (
    <video ref={video} className="demo-preview" muted autoPlay playsInline aria-label={t("demo.preview")} />
  );
}

function Presenting(props: { readonly host: HostClient; readonly onStop: () => void }): ReactElement {
  const { t } = useTranslation();
  const { people, link, sharing } = useObservable(props.host);
  const present = people.filter((person) => person.present);
  return (
    <>
      <Text fw={600}>{t("demo.presenting")}</Text>
      <Text size="sm" className="dim">
        {t("demo.presentingText")}
      </Text>
      {sharing && <Preview stream={props.host.stream} />}
      <ul className="demo-people" aria-label={t("demo.people", { count: present.length })}>
        {present.map((person) => (
          <li key={person.slot}>
            <span className="person-dot" style={{ background: colourOf(person.slot) }} />
            <bdi>{person.name}</bdi>
          </li>
        ))}
      </ul>
      <div className="demo-actions">
        {link !== null && (
          <CopyButton value={link}>
            {({ copied, copy }) => (
              <Button
                size="xs"
                variant="default"
                leftSection={<IconCopy size={14} aria-hidden="true" />}
                onClick={copy}
              >
                {copied ? t("common.copied") : t("demo.copyLink")}
              </Button>
            )}
          </CopyButton>
        )}
        <Button size="xs" color="red.8" onClick={props.onStop} data-testid="demo-stop">
          {t("demo.stop")}
        </Button>
      </div>
    </>
  );
}

/** In place of the customer's screen while somebody presents: nothing of that PC is captured. */
export function DemoCard(): ReactElement {
  const { t } = useTranslation();
  const { members } = useSession();
  const { host, demo, presenting } = useDemo();
  const lead = members.find((member) => member.role === "lead")?.display_name ?? "";
  return (
    <div className="overlay" role="status" data-shown>
      <div className="overlay-card demo-card">
        <IconPresentation size={32} stroke={1.6} aria-hidden="true" />
        <div>
          {presenting && host !== null && demo !== null ? (
            <Presenting host={host} onStop={() => demo.stop()} />
          ) : (
            <>
              <Text fw={600}>{t("demo.other", { name: lead })}</Text>
              <Text size="sm" className="dim">
                {t("demo.otherText")}
              </Text>
            </>
          )}
        </div>
      </div>
    </div>
  );
}
