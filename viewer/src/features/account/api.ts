/** The relay's HTTP interface for people: sign in, sign out, who am I. Answers are checked before use. */
import { STANDINGS, type Standing } from "../../protocol/generated";

/** The signed-in technician. */
export interface Account {
  readonly name: string;
  readonly displayName: string;
  readonly organisation: string;
  readonly language: string;
  readonly standing: Standing;
  /** Empty where the organisation has no teams. */
  readonly team: string;
  /** May ask for administrator mode (SPEC V1). */
  readonly adminTools: boolean;
}

/** A sentence in both languages, as the relay sends it. */
export interface BothLanguages {
  readonly en: string;
  readonly es: string;
}

/** Why the relay said no. `message` is `null` where the relay did not say, or was not reached at all. */
export interface AccountFault {
  readonly code: string;
  readonly message: BothLanguages | null;
  readonly remedy: BothLanguages | null;
  readonly retryAfterS: number | null;
}

export type Answer<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: AccountFault };

/** What the account store needs of the relay. */
export interface AccountApi {
  me(): Promise<Answer<Account>>;
  signIn(name: string, password: string): Promise<Answer<Account>>;
  signInByLink(token: string): Promise<Answer<Account>>;
  signOut(): Promise<Answer<null>>;
}

/** The relay could not be reached, or something else answered in its place. */
export const UNREACHABLE: AccountFault = {
  code: "unreachable",
  message: null,
  remedy: null,
  retryAfterS: null,
};

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function bothLanguages(value: unknown): BothLanguages | null {
  const [en, es] = [text(field(value, "en")), text(field(value, "es"))];
  return en === "" || es === "" ? null : { en, es };
}

function faultOf(body: unknown, retryAfter: string | null): AccountFault {
  const error = field(body, "error");
  const seconds = Number.parseInt(retryAfter ?? "", 10);
  return {
    code: text(field(error, "code")) || "internal",
    message: bothLanguages(field(error, "message")),
    remedy: bothLanguages(field(error, "remedy")),
    retryAfterS: Number.isFinite(seconds) && seconds > 0 ? seconds : null,
  };
}

function accountOf(body: unknown): Account | null {
  const account = field(body, "account");
  const name = text(field(account, "name"));
  if (name === "") return null;
  return {
    name,
    displayName: text(field(account, "display_name")) || name,
    organisation: text(field(account, "organisation")),
    language: text(field(account, "language")),
    standing: STANDINGS.find((known) => known === field(account, "standing")) ?? "technician",
    team: text(field(account, "team")),
    adminTools: field(account, "admin_tools") === true,
  };
}

const ANSWER_DEADLINE_MS = 15_000;

/** Ask the relay that served this page; `body` makes it a POST. */
export async function call(path: string, body?: object): Promise<Answer<unknown>> {
  const post = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  try {
    const signal = AbortSignal.timeout(ANSWER_DEADLINE_MS);
    const response = await fetch(path, body === undefined ? { signal } : { ...post, signal });
    if (response.status === 204) return { ok: true, value: null };
    const answer: unknown = await response.json();
    if (response.ok) return { ok: true, value: answer };
    return { ok: false, fault: faultOf(answer, response.headers.get("retry-after")) };
  } catch {
    // fetch rejects without a network or after the deadline, json() when a proxy answers with a page: all mean that no relay is there.
    return { ok: false, fault: UNREACHABLE };
  }
}

async function callForAccount(path: string, body?: object): Promise<Answer<Account>> {
  const answer = await call(path, body);
  if (!answer.ok) return answer;
  const account = accountOf(answer.value);
  return account === null ? { ok: false, fault: UNREACHABLE } : { ok: true, value: account };
}

/** The relay that served this page. */
export const accountApi: AccountApi = {
  me: () => callForAccount("/api/me"),
  signIn: (name, password) => callForAccount("/api/sign-in", { name, password }),
  signInByLink: (token) => callForAccount("/api/sign-in/link", { token }),
  signOut: async () => {
    const answer = await call("/api/sign-out", {});
    return answer.ok ? { ok: true, value: null } : answer;
  },
};
