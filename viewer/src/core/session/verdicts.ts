/** What each code means for a session that stands: is it over, or does coming back help? */
import type { ErrorCode } from "../../protocol/generated";

type Verdict = "final" | "retry";

/**
 * How the relay's `RelayError` and this side's own findings are taken. `retry` holds only for somebody who was live
 * once, as nobody else has anything to come back to (SPEC C10); before that every code is final.
 */
const VERDICTS: Readonly<Record<ErrorCode, Verdict>> = {
  malformed: "final",
  too_large: "final",
  unsupported_version: "final",
  not_permitted: "final",
  unexpected: "retry",
  deadline: "retry",
  slow: "retry",
  ticket_invalid: "final",
  resume_invalid: "final",
  code_wrong: "final",
  code_dead: "final",
  session_full: "final",
  session_ended: "final",
  host_gone: "retry",
  consent_denied: "final",
  consent_timeout: "final",
  desync: "retry",
  tampered: "final",
  stale_input: "retry",
  removed: "final",
  replaced: "final",
  throttled: "retry",
  origin_refused: "final",
  internal: "retry",
  shutting_down: "retry",
};

/** Tell whether a session that was live comes back after this code. */
export function comesBack(code: ErrorCode): boolean {
  return VERDICTS[code] === "retry";
}
