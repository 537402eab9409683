/** The relay's HTTP interface for people: sign in by its steps, sign out, who am I. Answers are checked before use. */
import { STANDINGS, type Standing } from "../../protocol/generated";

/** What an account may do in its organisation's administration; the page greys by it, the relay decides. */
export const PERMISSIONS = [
  "people.read",
  "people.write",
  "audit.read",
  "reports.read",
  "reports.write",
  "tokens.manage",
  "policy.read",
  "policy.write",
  "sessions.read",
  "sessions.end",
  "metrics.read",
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** The signed-in technician. */
export interface Account {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly organisation: string;
  readonly language: string;
  readonly standing: Standing;
  /** Empty where the organisation has no teams. */
  readonly team: string;
  /** May ask for administrator mode (SPEC V1). */
  readonly adminTools: boolean;
  readonly isAdmin: boolean;
  readonly permissions: readonly Permission[];
  /** The organisation asks for a second factor and there is none: nothing else is open before it is added. */
  readonly mustEnrol: boolean;
  /** How many wrong codes of the account's app were tried before this sign-in, until that was heeded. */
  readonly wrongCodes?: number;
}

/** What can finish a sign-in whose first step was right. */
export const SECOND_METHODS = ["totp", "passkey", "recovery"] as const;
export type SecondMethod = (typeof SECOND_METHODS)[number];

/** A first step that was right. */
export interface SecondStep {
  readonly challenge: string;
  readonly methods: readonly SecondMethod[];
}

/** A browser's answer to a passkey's ceremony, and the token of its options. */
export interface PasskeyProof {
  readonly token: string;
  readonly credential: object;
}

/** What is given as a second step; exactly one. */
export type SecondProof =
  { readonly totp: string } | { readonly recovery: string } | { readonly passkey: PasskeyProof };

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
  /** How one can prove anew who one is, where that was what was missing. */
  readonly methods?: readonly string[];
}

export type Answer<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: AccountFault };

/** What the account store needs of the relay. */
export interface AccountApi {
  me(): Promise<Answer<Account>>;
  signIn(name: string, password: string): Promise<Answer<Account | SecondStep>>;
  signInByLink(token: string): Promise<Answer<Account | SecondStep>>;
  signInByPasskey(proof: PasskeyProof): Promise<Answer<Account>>;
  second(challenge: string, proof: SecondProof): Promise<Answer<Account>>;
  signOut(): Promise<Answer<null>>;
}

/** The relay could not be reached, or something else answered in its place. */
export const UNREACHABLE: AccountFault = {
  code: "unreachable",
  message: null,
  remedy: null,
  retryAfterS: null,
};

/** Whether the relay has found what was typed wrong, so that it is typed anew; all else says nothing about it. */
export function judgedWrong(fault: AccountFault | null): boolean {
  return fault?.code === "wrong_sign_in" || fault?.code === "wrong_code";
}

/** A field of what the relay answered, whatever that is. */
export function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

/** A text of what the relay answered; empty where there is none. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function bothLanguages(value: unknown): BothLanguages | null {
  const [en, es] = [text(field(value, "en")), text(field(value, "es"))];
  return en === "" || es === "" ? null : { en, es };
}

function faultOf(body: unknown, retryAfter: string | null): AccountFault {
  const error = field(body, "error");
  const seconds = Number.parseInt(retryAfter ?? "", 10);
  const methods = field(error, "methods");
  return {
    ...(Array.isArray(methods) ? { methods: methods.filter((one) => typeof one === "string") } : {}),
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
  const given = field(account, "permissions");
  const may: readonly unknown[] = Array.isArray(given) ? given : [];
  const wrong = field(body, "wrong_codes");
  return {
    ...(typeof wrong === "number" && wrong > 0 ? { wrongCodes: wrong } : {}),
    id: text(field(account, "id")),
    name,
    displayName: text(field(account, "display_name")) || name,
    organisation: text(field(account, "organisation")),
    language: text(field(account, "language")),
    standing: STANDINGS.find((known) => known === field(account, "standing")) ?? "technician",
    team: text(field(account, "team")),
    adminTools: field(account, "admin_tools") === true,
    isAdmin: field(account, "is_admin") === true,
    permissions: PERMISSIONS.filter((one) => may.includes(one)),
    mustEnrol: field(body, "must_enrol") === true,
  };
}

/** The second step that an answer asks for, if it does. */
export function stepOf(body: unknown): SecondStep | null {
  const [challenge, given] = [text(field(body, "challenge")), field(body, "methods")];
  if (field(body, "next") !== "second_factor" || challenge === "" || !Array.isArray(given)) return null;
  return { challenge, methods: SECOND_METHODS.filter((one) => given.includes(one)) };
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

async function callForStep(path: string, body: object): Promise<Answer<Account | SecondStep>> {
  const answer = await call(path, body);
  if (!answer.ok) return answer;
  const value = accountOf(answer.value) ?? stepOf(answer.value);
  return value === null ? { ok: false, fault: UNREACHABLE } : { ok: true, value };
}

/** The relay that served this page. */
export const accountApi: AccountApi = {
  me: () => callForAccount("/api/me"),
  signIn: (name, password) => callForStep("/api/sign-in", { name, password }),
  signInByLink: (token) => callForStep("/api/sign-in/link", { token }),
  signInByPasskey: (proof) => callForAccount("/api/sign-in/passkey", proof),
  second: (challenge, proof) => callForAccount("/api/sign-in/second", { challenge, ...proof }),
  signOut: async () => {
    const answer = await call("/api/sign-out", {});
    return answer.ok ? { ok: true, value: null } : answer;
  },
};
