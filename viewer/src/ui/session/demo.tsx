import { createContext, type ReactElement, type ReactNode, use, useEffect, useMemo } from "react";

import type { Observable } from "../../core/api";
import type { HostClient, HostView } from "../../core/host/api";
import { Demo } from "../../features/session/demo";
import { useServices } from "../services";
import { useObservable } from "../useObservable";

interface DemoHere {
  readonly host: HostClient | null;
  readonly demo: Demo | null;
  /** This browser presents now. */
  readonly presenting: boolean;
}

const DemoContext = createContext<DemoHere>({ host: null, demo: null, presenting: false });

/** The presentation from this browser, if it can give one. */
export function useDemo(): DemoHere {
  return use(DemoContext);
}

const NO_HOST: Observable<HostView | null> = { subscribe: () => () => undefined, getSnapshot: () => null };

/** Keeps a presentation and the session together for as long as the desktop is there. */
export function DemoProvider(props: { readonly children: ReactNode }): ReactElement {
  const { session, host } = useServices();
  const view = useObservable<HostView | null>(host ?? NO_HOST);
  const demo = useMemo(() => (host === undefined ? null : new Demo(session, host)), [session, host]);
  useEffect(() => demo?.attach(), [demo]);
  const presenting = view !== null && ["starting", "waiting", "live", "reconnecting"].includes(view.phase);
  const value = useMemo(() => ({ host: host ?? null, demo, presenting }), [host, demo, presenting]);
  return <DemoContext value={value}>{props.children}</DemoContext>;
}
