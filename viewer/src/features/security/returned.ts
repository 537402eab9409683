/** Back from the organisation's sign-in service: what it came to stands behind `#`, `/#oidc=CODE` or `/#step=...`. */
import { SECOND_METHODS, type SecondStep } from "../account/api";
import { isOwnPath } from "../route";

/** What came back: a refusal's code, or a first step that was right. */
export interface Returned {
  readonly fault: string | null;
  readonly step: SecondStep | null;
}

const CODE = /^[a-z_]{1,40}$/u;
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/u;

/** Read the fragment; anything that is not well-formed counts as absent. */
export function parseReturned(hash: string): Returned | null {
  const fields = new URLSearchParams(hash.replace(/^#/u, ""));
  const fault = fields.get("oidc");
  if (fault !== null && CODE.test(fault)) return { fault, step: null };
  const challenge = fields.get("step") ?? "";
  const given = (fields.get("methods") ?? "").split(".");
  const methods = SECOND_METHODS.filter((one) => given.includes(one));
  if (!CHALLENGE.test(challenge) || methods.length === 0) return null;
  return { fault: null, step: { challenge, methods } };
}

/** Take it out of the address bar, and go to the page of ours that was asked for. */
export function takeReturned(location: Location, history: History): Returned | null {
  if (location.pathname !== "/") return null;
  const returned = parseReturned(location.hash);
  if (returned === null) return null;
  const to = new URLSearchParams(location.hash.slice(1)).get("to") ?? "/";
  history.replaceState(null, "", isOwnPath(to) ? to : "/");
  return returned;
}
