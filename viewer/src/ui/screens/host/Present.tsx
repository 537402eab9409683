import { Button, CopyButton, Text, TextInput } from "@mantine/core";
import { IconCopy } from "@tabler/icons-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import { MAX_VIEWERS } from "../../../protocol/generated";
import { ByAgent } from "./ByAgent";
import { Room } from "./Room";
import { Start } from "./Start";
import { useHost, useHostView } from "./useHost";

function LinkCard(props: { readonly link: string }): ReactElement {
  const { t } = useTranslation();
  return (
    <section className="host-card" aria-labelledby="host-link">
      <h2 id="host-link">{t("host.linkTitle")}</h2>
      <div className="host-link">
        <TextInput
          readOnly
          value={props.link}
          aria-label={t("host.linkTitle")}
          onFocus={(event) => event.currentTarget.select()}
          data-testid="host-link"
        />
        <CopyButton value={props.link}>
          {({ copied, copy }) => (
            <Button leftSection={<IconCopy size={16} aria-hidden="true" />} onClick={copy}>
              {copied ? t("common.copied") : t("host.linkCopy")}
            </Button>
          )}
        </CopyButton>
      </div>
      <Text size="sm" className="dim">
        {t("host.linkText", { count: MAX_VIEWERS })}
      </Text>
    </section>
  );
}

/** `/present`: somebody with an account shows their own screen to up to five people. */
export function Present(): ReactElement {
  const { t } = useTranslation();
  const host = useHost();
  const { phase, link } = useHostView();
  const start = (): void => void host.present();
  if (phase === "idle" || phase === "ended") {
    return (
      <Start
        title={t("host.presentTitle")}
        lead={t("host.presentLead")}
        steps={[t("host.presentStep1"), t("host.presentStep2"), t("host.presentStep3")]}
        button={t("host.presentButton")}
        note={t("host.presentNote")}
        onStart={start}
      >
        <ByAgent />
      </Start>
    );
  }
  return <Room onChoose={start}>{link !== null && <LinkCard link={link} />}</Room>;
}
