import "../../style/host.css";

import { Alert, Badge, Button, Loader, Text } from "@mantine/core";
import { IconEraser, IconFlag, IconPlayerStop, IconScreenShare } from "@tabler/icons-react";
import { type ReactElement, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";

import type { HostView } from "../../../core/host/api";
import { Brand } from "../../parts/Brand";
import { LanguageSwitch } from "../../parts/LanguageSwitch";
import { Sure } from "../../parts/Sure";
import { useObservable } from "../../useObservable";
import { useUnloadGuard } from "../../useUnloadGuard";
import { Chat } from "./Chat";
import { People } from "./People";
import { Preview } from "./Preview";
import { useHost, useHostView } from "./useHost";

function useCondition(view: HostView): { readonly text: string; readonly colour: string } {
  const { t } = useTranslation();
  const watching = view.people.filter(({ present }) => present).length;
  if (view.phase === "starting") return { text: t("host.starting"), colour: "gray.7" };
  if (view.phase === "reconnecting") return { text: t("host.reconnecting"), colour: "amber.7" };
  if (!view.sharing) return { text: t("host.pausedShort"), colour: "gray.7" };
  if (watching === 0) return { text: t("host.unwatched"), colour: "gray.7" };
  return { text: t("host.watched", { count: watching }), colour: "red.8" };
}

/** The picture was stopped in the browser's own bar: the session goes on, another screen may be chosen. */
function Paused(props: { readonly onChoose: () => void }): ReactElement {
  const { t } = useTranslation();
  return (
    <Alert variant="light" color="amber" title={t("host.pausedTitle")} role="status">
      <Text size="sm">{t("host.pausedText")}</Text>
      <Button
        mt="sm"
        leftSection={<IconScreenShare size={18} aria-hidden="true" />}
        onClick={props.onChoose}
        data-testid="host-choose"
      >
        {t("host.choose")}
      </Button>
    </Alert>
  );
}

/** What the others see, and a way to take their drawings away. */
function Shown(): ReactElement {
  const { t } = useTranslation();
  const host = useHost();
  const { strokes } = useObservable(host.marks);
  return (
    <section className="host-shown">
      <Preview />
      <div className="host-under">
        <Text size="sm" className="dim">
          {t("host.previewText")}
        </Text>
        {strokes.length > 0 && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconEraser size={15} aria-hidden="true" />}
            onClick={() => host.clearMarks()}
          >
            {t("host.clearMarks")}
          </Button>
        )}
      </div>
    </section>
  );
}

/** Something was wrong with who was let in: everything ends at once, and the organisation is told (SPEC N8). */
function ReportAndEnd(props: { readonly onReport: () => void }): ReactElement {
  const { t } = useTranslation();
  const { phase } = useHostView();
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button
        variant="default"
        size="md"
        leftSection={<IconFlag size={18} aria-hidden="true" />}
        // Without a line nobody can be told; Stop works at all times.
        disabled={phase !== "live" && phase !== "waiting"}
        onClick={() => setAsking(true)}
        data-testid="host-report"
      >
        {t("report.hostOpen")}
      </Button>
      <Sure
        opened={asking}
        title={t("report.hostTitle")}
        text={t("report.hostText")}
        yes={t("report.hostOpen")}
        danger
        onNo={() => setAsking(false)}
        onYes={props.onReport}
      />
    </>
  );
}

/** While the screen is shown: who sees it, what they see, and how it ends. `children` is how people come in. */
export function Room(props: {
  readonly onChoose: () => void;
  /** Where there is somebody to report to. */
  readonly onReport?: () => void;
  readonly children: ReactNode;
}): ReactElement {
  const { t } = useTranslation();
  const host = useHost();
  const view = useHostView();
  const state = useCondition(view);
  useUnloadGuard();
  return (
    <div className="host-room" data-phase={view.phase} data-testid="host-room">
      <header className="host-top">
        <Brand size={28} />
        <Badge size="lg" variant="filled" color={state.colour} tt="none" role="status">
          {state.text}
        </Badge>
        <span className="host-space" />
        <LanguageSwitch />
        {props.onReport !== undefined && <ReportAndEnd onReport={props.onReport} />}
        <Button
          color="red.8"
          size="md"
          leftSection={<IconPlayerStop size={18} aria-hidden="true" />}
          onClick={() => host.stop()}
          data-testid="host-stop"
        >
          {t("host.stop")}
        </Button>
      </header>
      <main className="host-main">
        <div className="host-column">
          <div className="host-entry">
            {view.phase === "starting" && <Loader size="sm" />}
            {!view.sharing && view.phase !== "starting" && <Paused onChoose={props.onChoose} />}
            {props.children}
          </div>
          <Shown />
        </div>
        <div className="host-column">
          <People />
          <Chat />
        </div>
      </main>
    </div>
  );
}
