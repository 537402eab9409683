import { useSyncExternalStore } from "react";

import type { HostClient, HostView } from "../../../core/host/api";
import type { SessionKind } from "../../../protocol/generated";
import { useServices } from "../../services";
import { useObservable } from "../../useObservable";

/** The client by which this browser shows its screen. */
export function useHost(): HostClient {
  const { host } = useServices();
  if (host === undefined) throw new Error("this page was started without a host client");
  return host;
}

/** What it shows now. */
export function useHostView(): HostView {
  return useObservable(useHost());
}

const NO_CHANGE = (): void => undefined;

/** What this browser is the host of now; `null` where it is none. */
export function useHosting(): SessionKind | null {
  const { host } = useServices();
  const view = useSyncExternalStore(
    (listener) => host?.subscribe(listener) ?? NO_CHANGE,
    () => host?.getSnapshot() ?? null,
  );
  return view === null || view.phase === "idle" || view.phase === "ended" ? null : view.kind;
}
