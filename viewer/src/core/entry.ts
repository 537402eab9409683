/** The ways into a session: by code, by an invitation's link, by asking to be let in. Each gives ticket and secret. */
import type { Failure } from "./api";
import type { Bytes } from "../crypto/bytes";
import { newJoinKey, openInvitation } from "../crypto/invitation";
import { codeCredential, type Credential } from "../crypto/schedule";
import { fromBase64url, toBase64url } from "../protocol/base64url";
import { ProtocolError } from "../protocol/errors";
import { CODE_DIGITS, JOIN_ASK_DEADLINE_S, type Mode } from "../protocol/generated";
import { ask, type Asked, fetchGuestTicket, fetchTicket, field, ticketIn } from "./tickets";

const CODE = new RegExp(`^[0-9]{${2 * CODE_DIGITS}}$`, "u");
const INVITE_BYTES = 16;
const SECRET_BYTES = 32;
const MAX_SEALED_BYTES = 256;
const SESSION = /^[0-9a-f]{32}$/u;
// The host has its own deadline to answer; the relay and the line add to it.
const ASK_DEADLINE_MS = (JOIN_ASK_DEADLINE_S + 10) * 1000;

/** What the worker starts with. */
export interface Entry {
  readonly ticket: string;
  readonly credential: Credential;
  readonly mode: Mode;
}

export type EntryAnswer =
  { readonly ok: true; readonly entry: Entry } | { readonly ok: false; readonly failure: Failure };

/** Where one knocks; a parameter of the client, so that a test can be all of it. */
export interface Door {
  readonly byCode: (code: string, mode: Mode) => Promise<EntryAnswer>;
  readonly byInvite: (request: {
    readonly invite: string;
    readonly secret: string;
    readonly name: string | null;
  }) => Promise<EntryAnswer>;
  readonly byAsking: (session: string) => Promise<EntryAnswer>;
}

function refuse(failure: Failure): EntryAnswer {
  return { ok: false, failure };
}

function entered(ticket: Asked<string>, credential: Credential, mode: Mode): EntryAnswer {
  return ticket.ok ? { ok: true, entry: { ticket: ticket.value, credential, mode } } : refuse(ticket.failure);
}

async function byCode(code: string, mode: Mode): Promise<EntryAnswer> {
  if (!CODE.test(code)) return refuse({ code: "code_wrong" });
  const ticket = await fetchTicket({ routing: code.slice(0, CODE_DIGITS) });
  return entered(ticket, codeCredential(code.slice(CODE_DIGITS)), mode);
}

const byInvite: Door["byInvite"] = async ({ invite, secret, name }) => {
  const [ref, shared] = [fromBase64url(invite, INVITE_BYTES), fromBase64url(secret, SECRET_BYTES)];
  if (ref === null || shared === null)
    return refuse({ code: "ticket_invalid", detail: "the link is not whole" });
  const ticket = name === null ? await fetchTicket({ invite }) : await fetchGuestTicket(invite, name);
  // The invitation brings its own role: nobody asks for a mode at this door.
  return entered(ticket, { kind: "invite", secret: shared, ref }, "observer");
};

/** What a host answered to somebody who asked to come in (SPEC C20). */
interface LetIn {
  readonly ticket: string;
  readonly invite: Bytes;
  readonly sealed: Bytes;
}

function letInOf(answer: unknown): LetIn | null {
  const ticket = ticketIn(answer);
  const [invite, sealed] = [field(answer, "invite"), field(answer, "sealed")];
  if (ticket === null || typeof invite !== "string" || typeof sealed !== "string") return null;
  const sealedBytes = Math.floor((sealed.length * 3) / 4);
  if (sealedBytes > MAX_SEALED_BYTES) return null;
  const [ref, box] = [fromBase64url(invite, INVITE_BYTES), fromBase64url(sealed, sealedBytes)];
  return ref === null || box === null ? null : { ticket, invite: ref, sealed: box };
}

function accountIdOf(answer: unknown): string | null {
  const id = field(field(answer, "account"), "id");
  return typeof id === "string" && id !== "" ? id : null;
}

function originOf(answer: unknown): string | null {
  const origin = field(answer, "relay_origin");
  return typeof origin === "string" && origin !== "" ? origin : null;
}

async function byAsking(session: string): Promise<EntryAnswer> {
  if (!SESSION.test(session)) return refuse({ code: "internal", detail: "no session's id" });
  const [account, origin] = [await ask("/api/me", accountIdOf), await ask("/api/config", originOf)];
  if (!account.ok) return refuse(account.failure);
  if (!origin.ok) return refuse(origin.failure);
  const key = await newJoinKey();
  const path = `/api/live/${session}/join`;
  const answer = await ask(path, letInOf, { key: toBase64url(key.public) }, ASK_DEADLINE_MS);
  if (!answer.ok) return refuse(answer.failure);
  const { ticket, invite, sealed } = answer.value;
  const sessionId = Uint8Array.from({ length: 16 }, (_, i) => parseInt(session.slice(2 * i, 2 * i + 2), 16));
  const bound = { relayOrigin: origin.value, sessionId, invite, accountId: account.value };
  try {
    const secret = await openInvitation(key.pair, sealed, bound);
    return {
      ok: true,
      entry: { ticket, credential: { kind: "invite", secret, ref: invite }, mode: "observer" },
    };
  } catch (error) {
    if (error instanceof ProtocolError) return refuse({ code: error.code, detail: error.message });
    throw error;
  }
}

/** The relay that served this page. */
export const relayDoor: Door = { byCode, byInvite, byAsking };
