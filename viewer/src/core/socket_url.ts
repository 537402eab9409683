/** Where the relay's WebSockets are: beside the page (SPEC C1). */

/** The address of one of them, as secure as the page's own. */
export function socketUrl(path: "/ws/viewer" | "/ws/agent"): string {
  const url = new URL(path, window.location.href);
  url.protocol = url.protocol === "http:" ? "ws:" : "wss:";
  url.search = url.hash = "";
  return url.href;
}
