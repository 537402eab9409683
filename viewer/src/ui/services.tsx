import { createContext, type ReactElement, type ReactNode, use } from "react";

import type { CalmView, LinkView, Observable, SessionClient, SessionView } from "../core/api";
import type { HostClient } from "../core/host/api";
import type { AccountStore, AccountView } from "../features/account/store";
import { useObservable, useSelected } from "./useObservable";

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

const calm = new WeakMap<Observable<SessionView>, SessionView>();

/** The same object for as long as nothing but the line's figures differs. */
function calmOf(source: Observable<SessionView>, view: SessionView): CalmView {
  const before = calm.get(source);
  const names = Object.keys(view) as (keyof SessionView)[];
  const same = (name: keyof SessionView): boolean => name === "link" || Object.is(before?.[name], view[name]);
  if (before !== undefined && names.every(same)) return before;
  calm.set(source, view);
  return view;
}

/** The session as it stands now; the figures of its line are with {@link useLine}. */
export function useSession(): CalmView {
  const { session } = useServices();
  return useSelected(session, (view) => calmOf(session, view));
}

/** How the session's line does; whoever follows it is drawn anew every second, while the picture waits. */
export function useLine(): LinkView {
  return useSelected(useServices().session, ({ link }) => link);
}

/** The account as it stands now. */
export function useAccount(): AccountView {
  return useObservable(useServices().account);
}
