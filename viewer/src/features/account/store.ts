/** Who is signed in, as a value that changes. */
import type { Observable } from "../../core/api";
import { Watched } from "../../core/observable";
import type { Account, AccountApi, AccountFault, Answer } from "./api";

export type AccountView =
  | { readonly status: "checking" }
  | { readonly status: "out"; readonly fault: AccountFault | null }
  | { readonly status: "signing_in" }
  | { readonly status: "in"; readonly account: Account };

/** Holds the account; every command resolves to whether somebody is signed in afterwards. */
export interface AccountStore extends Observable<AccountView> {
  check(): Promise<boolean>;
  signIn(name: string, password: string): Promise<boolean>;
  signInByLink(token: string): Promise<boolean>;
  signOut(): Promise<void>;
  /** The relay said that the sign-in has ended. */
  expired(fault: AccountFault): void;
}

/** A store over the relay's interface. */
export function createAccountStore(api: AccountApi): AccountStore {
  const view = new Watched<AccountView>({ status: "checking" });
  const show = (next: AccountView): void => view.set(next);

  function settle(answer: Answer<Account>, silent = false): boolean {
    if (answer.ok) show({ status: "in", account: answer.value });
    else show({ status: "out", fault: silent ? null : answer.fault });
    return answer.ok;
  }

  return {
    subscribe: view.subscribe,
    getSnapshot: view.getSnapshot,
    async check() {
      const answer = await api.me();
      return settle(answer, !answer.ok && answer.fault.code === "not_signed_in");
    },
    async signIn(name, password) {
      show({ status: "signing_in" });
      return settle(await api.signIn(name, password));
    },
    async signInByLink(token) {
      return settle(await api.signInByLink(token));
    },
    async signOut() {
      const answer = await api.signOut();
      // Where the relay could not be told, the cookie still lives: the fault is shown, so that nobody trusts it ended.
      const ended = answer.ok || answer.fault.code === "not_signed_in";
      show({ status: "out", fault: ended ? null : answer.fault });
    },
    expired: (fault) => show({ status: "out", fault }),
  };
}
