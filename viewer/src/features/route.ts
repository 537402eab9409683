/** Which page the address names. Pages are few, so that a table does. */
import { Watched } from "../core/observable";

const PAGES = {
  "/": "home",
  "/account": "account",
  "/admin": "admin",
  "/live": "live",
  "/policy": "policy",
  "/present": "present",
  "/share": "share",
} as const;

export type PageName = (typeof PAGES)[keyof typeof PAGES];

/** Whether an address names a page of ours. */
export function isOwnPath(path: string): boolean {
  return isPath(path);
}

function isPath(path: string): path is keyof typeof PAGES {
  return Object.hasOwn(PAGES, path);
}

/** The page at an address; an unknown one is the first page. */
export function pageAt(path: string): PageName {
  return isPath(path) ? PAGES[path] : "home";
}

/** The page that is open, followed through back and forward. */
export class Route extends Watched<PageName> {
  constructor(private readonly window: Window) {
    super(pageAt(window.location.pathname));
    window.addEventListener("popstate", () => this.set(pageAt(window.location.pathname)));
  }

  /** Open another page. */
  go(page: PageName): void {
    if (page === this.getSnapshot()) return;
    const path = Object.entries(PAGES).find(([, name]) => name === page)?.[0] ?? "/";
    this.window.history.pushState(null, "", path);
    this.set(page);
  }
}
