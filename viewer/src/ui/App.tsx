import "./style/mantine";
import "@mantine/notifications/styles.css";
import "./style/base.css";
import "./style/pages.css";
import "./style/session.css";
import "./style/stage.css";

import { Center, Loader, MantineProvider, Text } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { type ReactElement, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import type { SessionView } from "../core/api";
import type { JoinLink } from "../features/join/link";
import type { Mode } from "../protocol/generated";
import { suggestLanguage } from "./i18n";
import { Desktop } from "./screens/Desktop";
import { Ended } from "./screens/Ended";
import { Join, type JoinRequest } from "./screens/Join";
import { ProgressScreen } from "./screens/Progress";
import { SignIn } from "./screens/SignIn";
import { type Services, ServicesProvider, useAccount, useServices, useSession } from "./services";
import { theme } from "./theme";

function Checking(): ReactElement {
  const { t } = useTranslation();
  return (
    <Center mih="100dvh" role="status">
      <Loader size="sm" mr="sm" />
      <Text>{t("checking")}</Text>
    </Center>
  );
}

/** The desktop belongs on the page from the customer's consent until the end, through every interruption. */
function showsDesktop(view: SessionView): boolean {
  return view.mode !== null && ["live", "reconnecting", "host_away"].includes(view.phase);
}

function SignedIn(props: { readonly link: JoinLink | null }): ReactElement {
  const { account, session } = useServices();
  const view = useSession();
  const [request, setRequest] = useState<JoinRequest | null>(null);
  // What ended before this person signed in is not theirs to read.
  const [before] = useState(view);
  const [enteringCode, setEnteringCode] = useState(before.phase === "ended");
  const { link } = props;
  const code = link?.code ?? null;
  const fromLink = code === null || link === null ? null : { code, mode: link.mode };
  const askedFirst: Mode | null = request?.mode ?? fromLink?.mode ?? null;

  useEffect(() => {
    if (view.error?.code === "signed_out" && view.error !== before.error) {
      account.expired({ code: "signed_out", message: null, remedy: null, retryAfterS: null });
    }
  }, [account, view.error, before.error]);

  function join(wanted: JoinRequest): void {
    setRequest(wanted);
    setEnteringCode(false);
    void session.join(wanted);
  }

  if (showsDesktop(view)) return <Desktop />;
  if (view.phase === "ended" && !enteringCode) {
    const last = request ?? fromLink;
    return <Ended onAgain={() => setEnteringCode(true)} onRetry={last === null ? null : () => join(last)} />;
  }
  if (view.phase === "idle" || view.phase === "ended") {
    const untouched = view.phase === "idle" && request === null;
    return (
      <Join initial={untouched ? fromLink : null} fromLink={untouched && fromLink !== null} onJoin={join} />
    );
  }
  return <ProgressScreen mode={askedFirst} />;
}

function Page(props: { readonly link: JoinLink | null }): ReactElement {
  const view = useAccount();
  const language = view.status === "in" ? view.account.language : null;
  useEffect(() => {
    if (language !== null) suggestLanguage(language);
  }, [language]);
  switch (view.status) {
    case "checking":
      return <Checking />;
    case "out":
    case "signing_in":
      return <SignIn />;
    case "in":
      return <SignedIn link={props.link} />;
  }
}

/** The whole interface, inside its providers. */
export function App(props: { readonly services: Services; readonly link: JoinLink | null }): ReactElement {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <Notifications position="bottom-right" />
      <ServicesProvider services={props.services}>
        <Page link={props.link} />
      </ServicesProvider>
    </MantineProvider>
  );
}
