import { type ReactElement, useEffect, useState } from "react";

import type { GuestLink, Invitation } from "../../features/guest/link";
import { useAccount, useServices, useSession } from "../services";
import { showsDesktop } from "../showsDesktop";
import { Desktop } from "./Desktop";
import { GuestEnded } from "./GuestEnded";
import { BrokenLink, GuestDoor } from "./GuestDoor";
import { GuestWaiting } from "./GuestWaiting";
import { SignIn } from "./SignIn";

function Invited(props: { readonly kind: GuestLink["kind"]; readonly invitation: Invitation }): ReactElement {
  const { session, account } = useServices();
  const { status } = useAccount();
  const view = useSession();
  const [name, setName] = useState<string | null>(null);
  const [atDoor, setAtDoor] = useState(false);
  const [signingIn, setSigningIn] = useState(false);
  const { kind, invitation } = props;

  useEffect(() => {
    if (view.error?.code === "signed_out" && status === "in") {
      account.expired({ code: "signed_out", message: null, remedy: null, retryAfterS: null });
    }
  }, [account, status, view.error]);

  function join(as: string | null): void {
    if (as !== null) setName(as);
    setAtDoor(false);
    void session.joinByInvite({ ...invitation, name: as });
  }

  if (showsDesktop(view)) return <Desktop />;
  if (view.phase === "ended" && !atDoor) return <GuestEnded kind={kind} onAgain={() => setAtDoor(true)} />;
  if (view.phase !== "idle" && view.phase !== "ended") return <GuestWaiting />;
  if (signingIn && status !== "in") return <SignIn onBack={() => setSigningIn(false)} />;
  return <GuestDoor kind={kind} initialName={name ?? ""} onJoin={join} onSignIn={() => setSigningIn(true)} />;
}

/** The page of somebody who came by a link. */
export function Guest(props: { readonly link: GuestLink }): ReactElement {
  const { kind, invitation } = props.link;
  return invitation === null ? <BrokenLink /> : <Invited kind={kind} invitation={invitation} />;
}
