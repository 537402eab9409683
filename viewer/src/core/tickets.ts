/** The one-time ticket that opens the viewer's socket: asked for with the public digits alone. */
import type { Failure, FailureCode } from "./api";
import { MAX_TOKEN_CHARS } from "../protocol/generated";

export type TicketAnswer =
  { readonly ok: true; readonly ticket: string } | { readonly ok: false; readonly failure: Failure };

const ANSWER_DEADLINE_MS = 15_000;

const CODES: Readonly<Partial<Record<number, FailureCode>>> = {
  401: "signed_out",
  403: "origin_refused",
  422: "code_wrong",
  429: "throttled",
};

function ticketIn(answer: unknown): string | null {
  if (typeof answer !== "object" || answer === null || !("ticket" in answer)) return null;
  const { ticket } = answer;
  const fits = typeof ticket === "string" && ticket.length >= 16 && ticket.length <= MAX_TOKEN_CHARS;
  return fits ? ticket : null;
}

/** Ask the relay that served this page for a ticket. */
export async function fetchTicket(routing: string): Promise<TicketAnswer> {
  let response: Response;
  try {
    response = await fetch("/api/tickets", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ routing }),
      signal: AbortSignal.timeout(ANSWER_DEADLINE_MS),
    });
  } catch {
    return { ok: false, failure: { code: "unreachable" } };
  }
  if (!response.ok) {
    const { status } = response;
    const code = CODES[status] ?? (status >= 502 && status <= 504 ? "unreachable" : "internal");
    return { ok: false, failure: { code, detail: `POST /api/tickets: ${status}` } };
  }
  const ticket = ticketIn(await response.json().catch(() => null));
  if (ticket !== null) return { ok: true, ticket };
  return {
    ok: false,
    failure: { code: "unreachable", detail: "something else answered in the relay's place" },
  };
}
