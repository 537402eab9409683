/** Who is signed in, as a value that changes. */
import type { Observable } from "../../core/api";
import { Watched } from "../../core/observable";
import type { Account, AccountApi, AccountFault, Answer, PasskeyProof, SecondProof, SecondStep } from "./api";

export type AccountView =
  | { readonly status: "checking" }
  | { readonly status: "out"; readonly fault: AccountFault | null }
  | { readonly status: "signing_in" }
  | {
      readonly status: "second";
      readonly step: SecondStep;
      readonly busy: boolean;
      readonly fault: AccountFault | null;
    }
  | { readonly status: "in"; readonly account: Account };

/** Holds the account; every command resolves to whether somebody is signed in afterwards. */
export interface AccountStore extends Observable<AccountView> {
  check(): Promise<boolean>;
  signIn(name: string, password: string): Promise<boolean>;
  signInByLink(token: string): Promise<boolean>;
  signInByPasskey(proof: PasskeyProof): Promise<boolean>;
  /** A first step was done elsewhere: the provider sent the person back. */
  resume(step: SecondStep): void;
  /** Finish by the second step that the view asks for. */
  second(proof: SecondProof): Promise<boolean>;
  /** The person has read how many wrong codes there were. */
  heeded(): void;
  signOut(): Promise<void>;
  /** The relay said that the sign-in has ended. */
  expired(fault: AccountFault | null): void;
}

/** After these the first step has to be taken again. */
const STEP_OVER: ReadonlySet<string> = new Set(["wrong_step", "oidc_only"]);

/** A store over the relay's interface. */
export function createAccountStore(api: AccountApi): AccountStore {
  const view = new Watched<AccountView>({ status: "checking" });
  const show = (next: AccountView): void => view.set(next);

  function settle(answer: Answer<Account>, silent = false): boolean {
    if (answer.ok) show({ status: "in", account: answer.value });
    else show({ status: "out", fault: silent ? null : answer.fault });
    return answer.ok;
  }

  /** Signed in: whether anything is still wanted of the account only `/api/me` says. */
  async function arrive(account: Account): Promise<boolean> {
    const me = await api.me();
    // The count of wrong codes is told once, by the sign-in itself.
    return settle({ ok: true, value: me.ok ? { ...account, ...me.value } : account });
  }

  async function take(answer: Answer<Account | SecondStep>): Promise<boolean> {
    if (!answer.ok) return settle(answer);
    if (!("challenge" in answer.value)) return arrive(answer.value);
    show({ status: "second", step: answer.value, busy: false, fault: null });
    return false;
  }

  async function second(proof: SecondProof): Promise<boolean> {
    const now = view.getSnapshot();
    if (now.status !== "second" || now.busy) return false;
    show({ ...now, busy: true, fault: null });
    const answer = await api.second(now.step.challenge, proof);
    if (answer.ok) return arrive(answer.value);
    if (STEP_OVER.has(answer.fault.code)) return settle(answer);
    show({ ...now, busy: false, fault: answer.fault });
    return false;
  }

  return {
    subscribe: view.subscribe,
    getSnapshot: view.getSnapshot,
    second,
    async check() {
      const answer = await api.me();
      return settle(answer, !answer.ok && answer.fault.code === "not_signed_in");
    },
    async signIn(name, password) {
      show({ status: "signing_in" });
      return take(await api.signIn(name, password));
    },
    async signInByLink(token) {
      return take(await api.signInByLink(token));
    },
    async signInByPasskey(proof) {
      show({ status: "signing_in" });
      return take(await api.signInByPasskey(proof));
    },
    resume: (step) => show({ status: "second", step, busy: false, fault: null }),
    heeded() {
      const now = view.getSnapshot();
      if (now.status === "in") show({ ...now, account: { ...now.account, wrongCodes: 0 } });
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
