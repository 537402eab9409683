/** What a presenter's page asks of the relay before its session begins: a ticket, and their own name for the chat. */
import type { Failure } from "../api";
import { MAX_NAME_CHARS } from "../../protocol/generated";
import { ask, field, ticketIn } from "../tickets";

/** `ticket` is `null` for a customer, who needs none. */
export type PresentationAnswer =
  | { readonly ok: true; readonly ticket: string | null; readonly name: string }
  | { readonly ok: false; readonly failure: Failure };

function nameIn(answer: unknown): string {
  const name = field(field(answer, "account"), "display_name");
  return typeof name === "string" ? Array.from(name).slice(0, MAX_NAME_CHARS).join("") : "";
}

/** A ticket for a presentation, for whoever is signed in (SPEC C24). */
export async function fetchPresentation(): Promise<PresentationAnswer> {
  const [ticket, name] = await Promise.all([ask("/api/presentations", ticketIn, {}), ask("/api/me", nameIn)]);
  if (!ticket.ok) return ticket;
  return { ok: true, ticket: ticket.value, name: name.ok ? name.value : "" };
}
