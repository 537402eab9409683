/** Where a session stands, and how long it may stay there. */
import { HANDSHAKE_DEADLINE_S, HELLO_DEADLINE_S } from "../../protocol/generated";
import type { FailureCode } from "../api";
import type { Hearing } from "./heard";

/** How long a new socket may take to open, and how long a join goes on trying. */
export const CONNECT_DEADLINE_MS = 10_000;
// A browser cannot ping: while the customer is away a new connection now and then shows whether the relay is there.
const PROBE_AWAY_MS = 30_000;

export type Stage =
  | { readonly at: "idle" | "asking" | "live" | "ended" }
  | {
      readonly at: "connecting" | "greeting" | "verifying" | "resuming" | "host_away";
      readonly since: number;
    }
  | { readonly at: "waiting"; readonly until: number };

const DEADLINES_MS: Readonly<Partial<Record<Stage["at"], number>>> = {
  connecting: CONNECT_DEADLINE_MS,
  greeting: HELLO_DEADLINE_S * 1000,
  verifying: HANDSHAKE_DEADLINE_S * 1000,
  resuming: HANDSHAKE_DEADLINE_S * 1000,
};

/** Tell whether it is time for another connection. */
export function connectsAgain(stage: Stage, now: number): boolean {
  if (stage.at === "waiting") return now >= stage.until;
  return stage.at === "host_away" && now - stage.since > PROBE_AWAY_MS;
}

/** Why the line counts as cut when a stage has lasted too long, else `null`. */
export function overdue(stage: Stage, now: number): FailureCode | null {
  const deadline = DEADLINES_MS[stage.at];
  if (deadline === undefined || !("since" in stage) || now - stage.since <= deadline) return null;
  return stage.at === "connecting" ? "unreachable" : "deadline";
}

/** In which capacity the host is heard, `null` where there is no channel. */
export function hearingAt({ at }: Stage): Hearing | null {
  return at === "asking" || at === "live" || at === "resuming" ? at : null;
}
