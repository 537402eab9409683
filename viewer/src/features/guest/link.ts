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

/** What messages and hands leave around a link: spaces, a full stop, brackets, quotation marks. */
const AROUND = /^[^A-Za-z0-9_-]+|[^A-Za-z0-9_-]+$/gu;

/** Read the fragment; whatever is not well-formed is no invitation. */
export function parseInvitation(hash: string): Invitation | null {
  const found = new URLSearchParams(hash.replace(/^#/u, "")).get("i") ?? "";
  const [invite, secret, ...rest] = found.replace(AROUND, "").split(".");
  if (invite === undefined || secret === undefined || rest.length > 0) return null;
  const whole = fromBase64url(invite, INVITE_BYTES) !== null && fromBase64url(secret, SECRET_BYTES) !== null;
  return whole ? { invite, secret } : null;
}

const KEY = "relevo-link";

/** Where a tab keeps its link while it is loaded anew: a phone does so by itself. Gone with the tab. */
export type Shelf = Pick<Storage, "getItem" | "setItem">;

/** Take the link out of the address bar and the history, before anything else happens; a page loaded anew has it still. */
export function takeInvitation(location: Location, history: History, shelf: Shelf | null): GuestLink | null {
  const { pathname, hash } = location;
  const kind = KINDS[pathname];
  if (kind === undefined) return null;
  history.replaceState(null, "", pathname);
  const kept = hash === "" ? keptFor(pathname, shelf) : null;
  const invitation = parseInvitation(kept ?? hash);
  if (invitation !== null) keep(`${pathname}#i=${invitation.invite}.${invitation.secret}`, shelf);
  return { kind, invitation };
}

function keep(link: string, shelf: Shelf | null): void {
  try {
    shelf?.setItem(KEY, link);
  } catch {
    // A browser that keeps nothing: then the link has to be opened again.
  }
}

function keptFor(pathname: string, shelf: Shelf | null): string | null {
  const kept = shelf?.getItem(KEY) ?? "";
  return kept.startsWith(`${pathname}#`) ? kept.slice(pathname.length) : null;
}

/** The tab's own shelf; `null` where the browser has it switched off. */
export function tabShelf(window: Window): Shelf | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}
