/** What every account and every relay has in a test that asks about something else. */
import { type Account, type AccountApi, UNREACHABLE } from "../../src/features/account/api";

export const PLAIN_ACCOUNT = {
  id: "0123456789abcdef0123456789abcdef",
  isAdmin: false,
  permissions: [],
  mustEnrol: false,
} as const satisfies Partial<Account>;

export const PLAIN_API: Pick<AccountApi, "second" | "signInByPasskey"> = {
  second: () => Promise.resolve({ ok: false, fault: UNREACHABLE }),
  signInByPasskey: () => Promise.resolve({ ok: false, fault: UNREACHABLE }),
};
