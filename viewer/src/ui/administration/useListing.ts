import { useEffect } from "react";

import type { Outgoing } from "../../core/api";
import { may } from "../../features/session/rights";
import type { Capability } from "../../protocol/generated";
import { useServices, useSession } from "../services";

/** After an act on the PC it takes so long, ms, until what it did can be seen there. */
const SEEN_AFTER_MS = 300;

/** Asks for a listing while it is looked at: at once, after each act, and again and again where nobody is asked. */
export function useListing(
  active: boolean,
  needs: Capability,
  request: Outgoing["t"] & ListingTag,
  everyMs: number,
): void {
  const { session } = useServices();
  const view = useSession();
  const free = active && may(needs, view);
  const doneAt = view.machine.done?.at ?? null;
  useEffect(() => {
    if (!free) return undefined;
    session.send({ t: request });
    const timer = setInterval(() => session.send({ t: request }), everyMs);
    return () => clearInterval(timer);
  }, [free, session, request, everyMs]);
  useEffect(() => {
    if (!free || doneAt === null) return undefined;
    const timer = setTimeout(() => session.send({ t: request }), SEEN_AFTER_MS);
    return () => clearTimeout(timer);
  }, [free, doneAt, session, request]);
}

/** The requests that need nothing but their name. */
export type ListingTag = "SystemInfoRequest" | "ProcessesRequest" | "ServicesRequest";
