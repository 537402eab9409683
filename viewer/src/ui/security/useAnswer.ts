import { useCallback, useEffect, useState } from "react";

import type { AccountFault, Answer } from "../../features/account/api";
import { useFresh } from "../parts/Reauth";
import { useServices } from "../services";

/** What the relay was asked for; `null` until it has answered. */
export interface Loaded<T> {
  readonly value: T | null;
  readonly fault: AccountFault | null;
  readonly reload: () => void;
}

/** Leaves for the sign-in page where the relay says that nobody is signed in. */
function useExpiry(fault: AccountFault | null): void {
  const { account } = useServices();
  useEffect(() => {
    if (fault?.code === "not_signed_in") account.expired(fault);
  }, [account, fault]);
}

/** Ask the relay now, and again on `reload`; `ask` has to be the same function each time. */
export function useAnswer<T>(ask: () => Promise<Answer<T>>): Loaded<T> {
  const [answer, setAnswer] = useState<Answer<T> | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    let gone = false;
    void ask().then((next) => {
      if (!gone) setAnswer(next);
    });
    return () => {
      gone = true;
    };
  }, [ask, round]);
  const reload = useCallback(() => setRound((now) => now + 1), []);
  const fault = answer?.ok === false ? answer.fault : null;
  useExpiry(fault);
  return { value: answer?.ok === true ? answer.value : null, fault, reload };
}

/** An act of a section: one at a time, with a fresh proof where it is wanted, and why it failed. */
export interface Acting {
  readonly busy: boolean;
  readonly fault: AccountFault | null;
  /** Resolves to what the relay answered, `null` where it refused. */
  readonly run: <T>(act: () => Promise<Answer<T>>) => Promise<{ readonly value: T } | null>;
}

/** The way to act in a section of the account's page. */
export function useActing(): Acting {
  const fresh = useFresh();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<AccountFault | null>(null);
  useExpiry(fault);
  const run = useCallback<Acting["run"]>(
    async (act) => {
      setBusy(true);
      setFault(null);
      const answer = await fresh(act);
      setBusy(false);
      if (!answer.ok) setFault(answer.fault);
      return answer.ok ? { value: answer.value } : null;
    },
    [fresh],
  );
  return { busy, fault, run };
}
