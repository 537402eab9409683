/** What every account and every relay has in a test that asks about something else. */
import { type Account, type AccountApi, UNREACHABLE } from "../../src/features/account/api";

export const PLAIN_ACCOUNT = {
  id: "0123456789abcdef0123456789abcdef",
  isAdmin: false,
  permissions: [],
  mustEnrol: false,
} as const satisfies Partial<Account>;

const nobody = (): Promise<{ readonly ok: false; readonly fault: typeof UNREACHABLE }> =>
  Promise.resolve({ ok: false, fault: UNREACHABLE });

export const PLAIN_API: AccountApi = {
  me: nobody,
  signIn: nobody,
  signInByLink: nobody,
  signInByPasskey: nobody,
  second: nobody,
  signOut: nobody,
};
