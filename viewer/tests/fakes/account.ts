/** Whom a test signs in, and what its relay answers about them. */
import { type Account, type AccountApi, type Answer, UNREACHABLE } from "../../src/features/account/api";

export const MARIA: Account = {
  id: "0123456789abcdef0123456789abcdef",
  name: "maria",
  displayName: "María Núñez",
  organisation: "Soporte Duero",
  language: "es",
  standing: "technician",
  team: "",
  adminTools: false,
  isAdmin: false,
  permissions: [],
  mustEnrol: false,
};

export const NOBODY = {
  ok: false,
  fault: { ...UNREACHABLE, code: "not_signed_in", message: null, remedy: null },
} as const satisfies Answer<Account>;

export function signedIn(given: Partial<Account> = {}): Answer<Account> {
  return { ok: true, value: { ...MARIA, ...given } };
}

/** A relay for which this person is here, and whoever signs in is they, unless it is told otherwise. */
export function accountApi(me: Answer<Account>, given: Partial<AccountApi> = {}): AccountApi {
  const unreachable = { ok: false, fault: UNREACHABLE } as const;
  return {
    me: () => Promise.resolve(me),
    signIn: () => Promise.resolve(me),
    signInByLink: () => Promise.resolve(me),
    signInByPasskey: () => Promise.resolve(unreachable),
    second: () => Promise.resolve(unreachable),
    signOut: () => Promise.resolve({ ok: true, value: null }),
    ...given,
  };
}
