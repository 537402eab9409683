import "./style/mantine";
import "@mantine/notifications/styles.css";
import "./style/base.css";
import "./style/pages.css";
import "./style/live.css";
import "./style/session.css";
import "./style/stage.css";
import "./style/panels.css";

import { Center, Loader, MantineProvider, Text } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { type ReactElement, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import type { Account } from "../features/account/api";
import type { GuestLink } from "../features/guest/link";
import type { JoinLink } from "../features/join/link";
import { suggestLanguage } from "./i18n";
import { Guard } from "./parts/Guard";
import { FreshProvider } from "./parts/Reauth";
import { Crashed } from "./screens/Crashed";
import { Desktop } from "./screens/Desktop";
import { Ended } from "./screens/Ended";
import { Guest } from "./screens/Guest";
import { Present } from "./screens/host/Present";
import { Share } from "./screens/host/Share";
import { useHosting } from "./screens/host/useHost";
import { Join, type JoinRequest } from "./screens/Join";
import { Live } from "./screens/Live";
import { ProgressScreen } from "./screens/Progress";
import { Security } from "./screens/Security";
import { SignIn } from "./screens/SignIn";
import { AdminScreen } from "./admin/AdminScreen";
import { PolicyScreen } from "./policy/PolicyScreen";
import { RouteProvider, usePage } from "./route";
import { showsDesktop } from "./showsDesktop";
import { type Services, ServicesProvider, useAccount, useServices, useSession } from "./services";
import { useModeRequest } from "./session/useModeRequest";
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

/** What was asked for last: a code with a mode, or a live session of the team. */
type Wanted =
  { readonly by: "code"; readonly request: JoinRequest } | { readonly by: "list"; readonly session: string };

function SignedIn(props: { readonly link: JoinLink | null; readonly who: Account }): ReactElement {
  const { account, session } = useServices();
  const request = useModeRequest();
  const view = useSession();
  const page = usePage();
  const hosting = useHosting();
  const [wanted, setWanted] = useState<Wanted | null>(null);
  // What ended before this person signed in is not theirs to read.
  const [before] = useState(view);
  const [choosing, setChoosing] = useState(before.phase === "ended");
  const { link, who } = props;
  const code = link?.code ?? null;
  const fromLink = code === null || link === null ? null : { code, mode: link.mode };
  const last = wanted?.by === "code" ? wanted.request : wanted === null ? fromLink : null;

  useEffect(() => {
    if (view.error?.code === "signed_out" && view.error !== before.error) {
      account.expired({ code: "signed_out", message: null, remedy: null, retryAfterS: null });
    }
  }, [account, view.error, before.error]);

  // The customer lets somebody in for full control at most; administrator mode is asked for from inside (SPEC V1).
  const asksFurther = last?.mode === "administrator" && view.phase === "live" && view.mode === "full";
  const asked = useRef(false);
  useEffect(() => {
    if (view.phase === "idle" || view.phase === "ended") asked.current = false;
    if (!asksFurther || asked.current) return;
    asked.current = true;
    void request("administrator");
  }, [asksFurther, view.phase, request]);

  function join(next: Wanted): void {
    setWanted(next);
    setChoosing(false);
    void (next.by === "code" ? session.join(next.request) : session.joinLive({ session: next.session }));
  }

  if (showsDesktop(view)) return <Desktop />;
  // Whoever owes the organisation a second factor adds it first: the relay refuses everything else.
  if (page === "account" || who.mustEnrol) return <Security account={who} />;
  if (page === "admin") return <AdminScreen />;
  if (page === "present" || (hosting === "presentation" && view.phase === "idle")) return <Present />;
  if (view.phase === "ended" && !choosing) {
    const retry = last === null ? null : () => join({ by: "code", request: last });
    return <Ended onAgain={() => setChoosing(true)} onRetry={retry} fromList={page === "live"} />;
  }
  if (view.phase !== "idle" && view.phase !== "ended") return <ProgressScreen mode={last?.mode ?? null} />;
  if (page === "live") return <Live onJoin={(id) => join({ by: "list", session: id })} />;
  const untouched = view.phase === "idle" && wanted === null;
  return (
    <Join
      initial={untouched ? fromLink : null}
      fromLink={untouched && fromLink !== null}
      onJoin={(request) => join({ by: "code", request })}
    />
  );
}

function Page(props: { readonly link: JoinLink | null }): ReactElement {
  const view = useAccount();
  const page = usePage();
  const hosting = useHosting();
  const language = view.status === "in" ? view.account.language : null;
  useEffect(() => {
    if (language !== null) suggestLanguage(language);
  }, [language]);
  // No account is needed to be helped; and who shares their screen sees that they do, wherever they go here.
  if (page === "share" || hosting === "support") return <Share />;
  if (page === "policy") return <PolicyScreen />;
  switch (view.status) {
    case "checking":
      return <Checking />;
    case "out":
    case "signing_in":
    case "second":
      return <SignIn />;
    case "in":
      return <SignedIn link={props.link} who={view.account} />;
  }
}

/** The whole interface, inside its providers. `guest` is set where the page was opened by an invitation's link. */
export function App(props: {
  readonly services: Services;
  readonly link: JoinLink | null;
  readonly guest?: GuestLink | null;
}): ReactElement {
  const guest = props.guest ?? null;
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <Notifications position="bottom-left" />
      <ServicesProvider services={props.services}>
        <RouteProvider>
          <Guard instead={<Crashed />}>
            <FreshProvider>
              {guest === null ? <Page link={props.link} /> : <Guest link={guest} />}
            </FreshProvider>
          </Guard>
        </RouteProvider>
      </ServicesProvider>
    </MantineProvider>
  );
}
