import "./trusted";

import i18next from "i18next";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { createSessionClient } from "./core/client";
import { createHostClient } from "./core/host/client";
import { accountApi, UNREACHABLE } from "./features/account/api";
import { createAccountStore } from "./features/account/store";
import { type GuestLink, tabShelf, takeInvitation } from "./features/guest/link";
import { type JoinLink, takeLink } from "./features/join/link";
import { type Returned, takeReturned } from "./features/security/returned";
import { App } from "./ui/App";
import { accountFaultText } from "./ui/failures";
import { startTexts } from "./ui/i18n";
import type { Services } from "./ui/services";
import { tell } from "./ui/tell";

declare global {
  interface Window {
    /** Left by browser-check.js: what this browser lacks; absent where not even promises exist. */
    readonly relevoBrowserCheck?: Promise<readonly string[]>;
  }
}

/** Sign in as the link says or as the browser already is; a link with both token and code joins at once. */
async function enter(services: Services, link: JoinLink | null, guest: GuestLink | null): Promise<void> {
  // Nobody needs an account to see a presentation, and so nobody is asked for one.
  if (guest?.kind === "presentation") return;
  const token = link?.token ?? null;
  const code = link?.code ?? null;
  if (token === null) {
    await services.account.check();
    return;
  }
  const signedIn = await services.account.signInByLink(token);
  if (signedIn && link !== null && code !== null) await services.session.join({ code, mode: link.mode });
}

/** The organisation's sign-in service has sent the person back without a sign-in. */
async function resume(services: Services, returned: Returned): Promise<void> {
  if (returned.step !== null) {
    services.account.resume(returned.step);
    return;
  }
  const fault = { ...UNREACHABLE, code: returned.fault ?? "oidc_failed" };
  // Who only had to show once more who they are is signed in as before.
  if (await services.account.check()) {
    const { cause, remedy } = accountFaultText(i18next.t, fault);
    tell(i18next.t, { id: "returned", title: cause, message: remedy, color: "amber", autoClose: false });
  } else services.account.expired(fault);
}

async function start(): Promise<void> {
  const missing = await window.relevoBrowserCheck;
  if (missing === undefined || missing.length > 0) return;
  const link = takeLink(window.location, window.history);
  const returned = takeReturned(window.location, window.history);
  const guest = takeInvitation(window.location, window.history, tabShelf(window));
  // Another link put into this tab's address changes no more than what is behind `#`: without this nothing would happen.
  if (guest !== null) window.addEventListener("hashchange", () => window.location.reload());
  const root = document.getElementById("root");
  if (root === null) throw new Error("index.html has no #root");
  const services = {
    account: createAccountStore(accountApi),
    session: createSessionClient(),
    host: createHostClient(),
  };
  startTexts();
  createRoot(root).render(
    <StrictMode>
      <App services={services} link={link} guest={guest} />
    </StrictMode>,
  );
  if (returned === null) await enter(services, link, guest);
  else await resume(services, returned);
}

void start();
