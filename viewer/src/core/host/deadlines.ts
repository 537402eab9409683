/** Which seats have waited too long, and what becomes of them (SPEC P4, C10). */
import {
  type ErrorCode,
  HANDSHAKE_DEADLINE_S,
  HEARTBEAT_DEADLINE_S,
  RESUME_LIFE_S,
} from "../../protocol/generated";
import type { Seat } from "./seat";

/** `code`: what the relay is told when it has to close the socket; `returns`: the seat stays for a resume. */
export interface Overdue {
  readonly code: ErrorCode | null;
  readonly returns: boolean;
}

/** What is due for a seat now; `null` while it is in time. */
export function overdue(seat: Seat, now: number): Overdue | null {
  const sinceS = (now - seat.since) / 1000;
  switch (seat.state) {
    case "live":
      return now - seat.heardAt > 1000 * HEARTBEAT_DEADLINE_S ? { code: "desync", returns: true } : null;
    case "resuming":
      return sinceS > HANDSHAKE_DEADLINE_S ? { code: "desync", returns: true } : null;
    case "joining":
    case "verifying":
      return sinceS > HANDSHAKE_DEADLINE_S ? { code: "deadline", returns: false } : null;
    case "away":
      return sinceS > RESUME_LIFE_S ? { code: null, returns: false } : null;
    case "asking":
    case "gone":
      return null;
  }
}
