/** An invitation's link, `/join#i=<invite>.<secret>` or `/demo#i=...` (SPEC G14): the secret stands behind `#` and never travels. */
import { fromBase64url } from "../../protocol/base64url";

const INVITE_BYTES = 16;
const SECRET_BYTES = 32;

/** Both halves, base64url. */
export interface Invitation {
  readonly invite: string;
  readonly secret: string;
}

/** What a guest's page was opened with. */
export interface GuestLink {
  /** `session`: into somebody's support session; `presentation`: to see what somebody shows. */
  readonly kind: "session" | "presentation";
  /** `null` where the address is not whole: cut off in a mail, say, or the page was loaded anew. */
  readonly invitation: Invitation | null;
}

const KINDS: Readonly<Partial<Record<string, GuestLink["kind"]>>> = {
  "/join": "session",
  "/demo": "presentation",
};

/** Read the fragment; whatever is not well-formed is no invitation. */
export function parseInvitation(hash: string): Invitation | null {
  const [invite, secret, ...rest] = (new URLSearchParams(hash.replace(/^#/u, "")).get("i") ?? "").split(".");
  if (invite === undefined || secret === undefined || rest.length > 0) return null;
  const whole = fromBase64url(invite, INVITE_BYTES) !== null && fromBase64url(secret, SECRET_BYTES) !== null;
  return whole ? { invite, secret } : null;
}

/** Take the link out of the address bar and the history, before anything else happens. */
export function takeInvitation(location: Location, history: History): GuestLink | null {
  const kind = KINDS[location.pathname];
  if (kind === undefined) return null;
  const invitation = parseInvitation(location.hash);
  history.replaceState(null, "", location.pathname);
  return { kind, invitation };
}
