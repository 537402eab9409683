import { Text } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import { grouped } from "../../../features/join/code";
import { Consent } from "./Consent";
import { Room } from "./Room";
import { Start } from "./Start";
import { useHost, useHostView } from "./useHost";

function CodeCard(props: { readonly code: string }): ReactElement {
  const { t } = useTranslation();
  return (
    <section className="host-card host-code-card" aria-labelledby="host-code">
      <h2 id="host-code">{t("host.codeTitle")}</h2>
      <p className="host-code" data-testid="host-code" data-code={props.code}>
        {grouped(props.code)}
      </p>
      <Text size="sm" className="dim">
        {t("host.codeText")}
      </Text>
    </section>
  );
}

/** `/share`: a customer who cannot install anything lets a technician look at their screen, and no more. */
export function Share(): ReactElement {
  const { t } = useTranslation();
  const host = useHost();
  const { phase, code } = useHostView();
  const [reported, setReported] = useState(false);

  function start(): void {
    setReported(false);
    void host.share();
  }

  function report(): void {
    setReported(true);
    host.stop(true);
  }

  if (phase === "idle" || phase === "ended") {
    return (
      <Start
        title={t("host.shareTitle")}
        lead={t("host.shareLead")}
        steps={[t("host.shareStep1"), t("host.shareStep2"), t("host.shareStep3")]}
        button={t("host.shareButton")}
        note={t("host.shareNote")}
        reported={reported}
        onStart={start}
      />
    );
  }
  return (
    <>
      <Room onChoose={start} onReport={report}>
        {code !== null && <CodeCard code={code} />}
      </Room>
      <Consent />
    </>
  );
}
