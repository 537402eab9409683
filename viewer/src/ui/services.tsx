import { createContext, type ReactElement, type ReactNode, use } from "react";

import type { SessionClient, SessionView } from "../core/api";
import type { HostClient } from "../core/host/api";
import type { AccountStore, AccountView } from "../features/account/store";
import { useObservable } from "./useObservable";

/** What the interface works on; made once, outside of React. */
export interface Services {
  readonly account: AccountStore;
  readonly session: SessionClient;
  /** Shows this browser's screen to others; absent where the page has no use for it. */
  readonly host?: HostClient;
}

const ServicesContext = createContext<Services | null>(null);

/** Gives the services to everything inside. */
export function ServicesProvider(props: {
  readonly services: Services;
  readonly children: ReactNode;
}): ReactElement {
  return <ServicesContext value={props.services}>{props.children}</ServicesContext>;
}

/** The services. */
export function useServices(): Services {
  const services = use(ServicesContext);
  if (services === null) throw new Error("used outside of ServicesProvider");
  return services;
}

/** The session as it stands now. */
export function useSession(): SessionView {
  return useObservable(useServices().session);
}

/** The account as it stands now. */
export function useAccount(): AccountView {
  return useObservable(useServices().account);
}
