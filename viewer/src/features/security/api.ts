/** The relay's HTTP interface for one's own account: sign-ins, password, factors, tokens. Answers are checked before use. */
import {
  type Answer,
  call,
  field,
  type PasskeyProof,
  type Permission,
  text,
  UNREACHABLE,
} from "../account/api";
import { createPasskey, showPasskey } from "./passkey";

/** How one can sign in besides by name. `oidc` is how the organisation's provider is called. */
export interface SignInWays {
  readonly oidc: string | null;
  readonly passkeys: boolean;
}

/** One of the account's sign-ins; times are seconds since 1970. */
export interface SignInRow {
  readonly id: string;
  readonly createdAtS: number;
  readonly seenAtS: number;
  readonly address: string;
  readonly browser: string;
  readonly method: string;
  readonly current: boolean;
}

export interface Passkey {
  readonly id: string;
  readonly name: string;
  readonly createdAtS: number;
  readonly usedAtS: number | null;
}

/** What the account has by way of second factors. */
export interface Factors {
  readonly passkeys: readonly Passkey[];
  readonly totp: boolean;
  readonly recoveryLeft: number;
}

/** A fresh secret for an app that shows codes. */
export interface NewTotp {
  readonly secret: string;
  readonly uri: string;
}

export interface ApiToken {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAtS: number;
  readonly expiresAtS: number;
  readonly usedAtS: number | null;
}

/** What is given to show anew who one is. */
export type Proof =
  | { readonly password: string }
  | { readonly totp: string }
  | { readonly recovery: string }
  | { readonly passkey: PasskeyProof };

const BROKEN = { ok: false, fault: UNREACHABLE } as const;

async function ask<T>(
  path: string,
  body: object | undefined,
  read: (body: unknown) => T | null,
): Promise<Answer<T>> {
  const answer = await call(path, body);
  if (!answer.ok) return answer;
  const value = read(answer.value);
  return value === null ? BROKEN : { ok: true, value };
}

async function act(path: string, body: object = {}): Promise<Answer<null>> {
  const answer = await call(path, body);
  return answer.ok ? { ok: true, value: null } : answer;
}

function seconds(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

function moment(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** The entries of a list that can be read; `null` where there is no list. */
export function listOf<T>(value: unknown, read: (one: unknown) => T | null): readonly T[] | null {
  if (!Array.isArray(value)) return null;
  return value.map(read).filter((one) => one !== null);
}

function signInOf(given: unknown): SignInRow | null {
  const id = text(field(given, "id"));
  if (id === "") return null;
  return {
    id,
    createdAtS: seconds(field(given, "created_at_s")),
    seenAtS: seconds(field(given, "seen_at_s")),
    address: text(field(given, "address")),
    browser: text(field(given, "browser")),
    method: text(field(given, "method")),
    current: field(given, "current") === true,
  };
}

function passkeyOf(given: unknown): Passkey | null {
  const id = text(field(given, "id"));
  if (id === "") return null;
  return {
    id,
    name: text(field(given, "name")),
    createdAtS: seconds(field(given, "created_at_s")),
    usedAtS: moment(field(given, "used_at_s")),
  };
}

function factorsOf(body: unknown): Factors | null {
  const passkeys = listOf(field(body, "passkeys"), passkeyOf);
  if (passkeys === null) return null;
  return {
    passkeys,
    totp: field(body, "totp") === true,
    recoveryLeft: seconds(field(body, "recovery_left")),
  };
}

function tokenOf(given: unknown): ApiToken | null {
  const id = text(field(given, "id"));
  if (id === "") return null;
  return {
    id,
    name: text(field(given, "name")),
    scopes: listOf(field(given, "scopes"), (one) => text(one) || null) ?? [],
    createdAtS: seconds(field(given, "created_at_s")),
    expiresAtS: seconds(field(given, "expires_at_s")),
    usedAtS: moment(field(given, "used_at_s")),
  };
}

const codesOf = (body: unknown): readonly string[] | null =>
  listOf(field(body, "recovery"), (one) => text(one) || null);

function newTotpOf(body: unknown): NewTotp | null {
  const [secret, uri] = [text(field(body, "secret")), text(field(body, "uri"))];
  // The link is opened by a click: nothing but an authenticator's address may be in it.
  return secret === "" || !uri.startsWith("otpauth://totp/") ? null : { secret, uri };
}

interface Begun {
  readonly token: string;
  readonly options: unknown;
}

function begunOf(body: unknown): Begun | null {
  const token = text(field(body, "token"));
  return token === "" ? null : { token, options: field(body, "options") };
}

/** Run a whole ceremony: options from the relay, the browser's question, and what goes back to the relay. */
async function ceremony(
  path: string,
  body: object,
  run: (options: unknown) => Promise<Answer<object>>,
): Promise<Answer<PasskeyProof>> {
  const begun = await ask(path, body, begunOf);
  if (!begun.ok) return begun;
  const made = await run(begun.value.options);
  return made.ok ? { ok: true, value: { token: begun.value.token, credential: made.value } } : made;
}

/** A passkey of whoever is at the browser, to sign in with. */
export const passkeyForSignIn = (): Promise<Answer<PasskeyProof>> =>
  ceremony("/api/sign-in/passkey/options", {}, showPasskey);

/** A passkey as the second step of a sign-in. */
export const passkeyForStep = (challenge: string): Promise<Answer<PasskeyProof>> =>
  ceremony("/api/sign-in/second/passkey/options", { challenge }, showPasskey);

/** A passkey to show anew who one is. */
export const passkeyForReauth = (): Promise<Answer<PasskeyProof>> =>
  ceremony("/api/reauth/passkey/options", {}, showPasskey);

/** Show anew who one is. */
export const reauth = (proof: Proof): Promise<Answer<null>> => act("/api/reauth", proof);

/** How one can sign in here. */
export function fetchWays(): Promise<Answer<SignInWays>> {
  return ask("/api/config", undefined, (body) => {
    const ways = field(body, "sign_in");
    return { oidc: text(field(ways, "oidc")) || null, passkeys: field(ways, "passkeys") === true };
  });
}

export const fetchSignIns = (): Promise<Answer<readonly SignInRow[]>> =>
  ask("/api/me/sign-ins", undefined, (body) => listOf(field(body, "sign_ins"), signInOf));

export const revokeSignIn = (id: string): Promise<Answer<null>> =>
  act(`/api/me/sign-ins/${encodeURIComponent(id)}/revoke`);

export const revokeOthers = (): Promise<Answer<null>> => act("/api/me/sign-ins/revoke-others");

/** Change the password; `old` is left out where this sign-in came by a one-time link. */
export const changePassword = (old: string | null, next: string): Promise<Answer<null>> =>
  act("/api/me/password", old === null ? { new: next } : { old, new: next });

export const fetchFactors = (): Promise<Answer<Factors>> => ask("/api/me/passkeys", undefined, factorsOf);

export const beginTotp = (): Promise<Answer<NewTotp>> => ask("/api/me/totp", {}, newTotpOf);

/** Take the app into use; gives recovery codes where there were none. */
export const confirmTotp = (code: string): Promise<Answer<readonly string[]>> =>
  ask("/api/me/totp/confirm", { code }, codesOf);

export const removeTotp = (): Promise<Answer<null>> => act("/api/me/totp/remove");

export const newRecovery = (): Promise<Answer<readonly string[]>> => ask("/api/me/recovery", {}, codesOf);

/** Make and keep a passkey; gives recovery codes where there were none. */
export async function addPasskey(name: string): Promise<Answer<readonly string[]>> {
  const made = await ceremony("/api/me/passkeys/options", {}, createPasskey);
  return made.ok ? ask("/api/me/passkeys", { ...made.value, name }, codesOf) : made;
}

export const removePasskey = (id: string): Promise<Answer<null>> =>
  act(`/api/me/passkeys/${encodeURIComponent(id)}/remove`);

export const fetchTokens = (): Promise<Answer<readonly ApiToken[]>> =>
  ask("/api/me/tokens", undefined, (body) => listOf(field(body, "tokens"), tokenOf));

/** Make a token; it is seen this once. */
export function createToken(
  name: string,
  scopes: readonly Permission[],
  days: number,
): Promise<Answer<string>> {
  return ask("/api/me/tokens", { name, scopes, days }, (body) => text(field(body, "token")) || null);
}

export const revokeToken = (id: string): Promise<Answer<null>> =>
  act(`/api/me/tokens/${encodeURIComponent(id)}/revoke`);

/** Tell the customer's side that one has just shown who one is: administrator mode asks for it (SPEC V10, C27). */
export const stepUp = (session: string): Promise<Answer<null>> =>
  act(`/api/live/${encodeURIComponent(session)}/step-up`);

/** Tell the organisation that something is wrong with a session one is in. */
export const reportSession = (session: string): Promise<Answer<null>> =>
  act(`/api/sessions/${encodeURIComponent(session)}/report`);
