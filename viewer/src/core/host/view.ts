/** What the page sees of a host's session. */
import { toBase64url } from "../../protocol/base64url";
import type { SessionKind } from "../../protocol/generated";
import type { HostPerson, HostView } from "./api";
import type { Desk } from "./desk";
import type { Seat } from "./seat";

type Facts = Pick<HostView, "phase" | "code" | "question" | "lines" | "sharing" | "error"> & {
  readonly desk: Desk;
};

/** Before anything was started, or after a start that came to nothing. */
export function idleView(kind: SessionKind): HostView {
  return {
    phase: "idle",
    kind,
    code: null,
    link: null,
    invite: null,
    secret: null,
    people: [],
    question: null,
    lines: [],
    choice: null,
    sharing: false,
    error: null,
  };
}

function personOf(seat: Seat): HostPerson {
  const { display_name: name, organisation } = seat.vouched;
  return {
    id: seat.id,
    slot: seat.slot,
    name,
    organisation,
    role: seat.role,
    present: seat.state === "live",
    marks: seat.role !== "demo_viewer" || seat.granted.has("point.annotate"),
  };
}

/** The view of these facts. A link is shown as soon as the relay knows of it, and no longer than it leads in. */
export function viewOf({ desk, ...facts }: Facts): HostView {
  const { kind } = desk.settings;
  const people = desk.seated.map(personOf);
  return { ...facts, ...linkOf(desk, facts.phase), kind, choice: null, people };
}

function linkOf(
  { invitation, context }: Desk,
  phase: HostView["phase"],
): Pick<HostView, "link" | "invite" | "secret"> {
  if (invitation === null || context === null || phase === "ended") {
    return { link: null, invite: null, secret: null };
  }
  const [invite, secret] = [toBase64url(invitation.invite), toBase64url(invitation.secret)];
  return { link: `${context.relayOrigin}/demo#i=${invite}.${secret}`, invite, secret };
}
