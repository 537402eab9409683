import { useEffect } from "react";

import type { Outgoing } from "../../core/api";
import { may } from "../../features/session/rights";
import type { Capability } from "../../protocol/generated";
import { useServices, useSession } from "../services";

/** Asks for a listing while it is looked at: at once, and then again and again where nobody has to be asked. */
export function useListing(
  active: boolean,
  needs: Capability,
  request: Outgoing["t"] & ListingTag,
  everyMs: number,
): void {
  const { session } = useServices();
  const free = may(needs, useSession());
  useEffect(() => {
    if (!active || !free) return undefined;
    session.send({ t: request });
    const timer = setInterval(() => session.send({ t: request }), everyMs);
    return () => clearInterval(timer);
  }, [active, free, session, request, everyMs]);
}

/** The requests that need nothing but their name. */
export type ListingTag = "SystemInfoRequest" | "ProcessesRequest" | "ServicesRequest";
