/** What the host's messages change in the view: a total map, one line or one small function for each. */
import type { LineView, RefusalView, SessionView } from "../api";
import { toBase64url } from "../../protocol/base64url";
import { MalformedError } from "../../protocol/errors";
import type { Epoch, HostToViewer, Member } from "../../protocol/generated";
import type { Passing } from "./passing";
import { NOBODY_ASKED } from "./view";

/** Messages that the machine itself answers, or passes on. */
type Elsewhere = "HeartbeatEcho" | "HostGoodbye" | "ConsentResult" | "Epoch" | Passing["t"];
export type Showing = Exclude<HostToViewer, { t: Elsewhere }>;

/** What a message is read against. `now` is the time of day, ms. */
export interface Scene {
  readonly shown: SessionView;
  readonly now: number;
  readonly origin: string;
}

type Reading<M> = (message: M, scene: Scene) => Partial<SessionView>;
type Readings = { readonly [T in Showing["t"]]: Reading<Extract<Showing, { t: T }>> };

const MAX_LINES = 500;
// As many as a host opens at once (SPEC C19); one that issues more than that keeps the newest.
const MAX_INVITES = 32;

const after = (now: number, seconds: number | null): number | null =>
  seconds === null ? null : now + seconds * 1000;

const READINGS: Readings = {
  ConsentPending: ({ mode, deadline_s, capability = null }, { now }) => ({
    ...(capability === null ? { pendingMode: mode } : { pendingCapability: capability }),
    consentDeadline: now + deadline_s * 1000,
  }),
  ModeState: ({ mode, rights }) => ({ mode, rights }),
  ScreenLayout: ({ width, height, monitors }) => ({ screen: { width, height, monitors } }),
  PictureState: ({ limit, line_bytes_s = 0, host_ms = 0, viewer_ms = 0 }) => ({
    limit: { limit, lineBytesS: line_bytes_s, hostMs: host_ms, viewerMs: viewer_ms },
  }),
  CaptureState: ({ condition }) => ({ capture: condition }),
  InputRefused: ({ code, capability, removed_by }, scene) =>
    refused(scene, { code, capability, removedBy: removed_by ?? null }),
  TokenState: ({ holder, cause, returns_ms = 0, next_slot = null }, { now }) => ({
    token: { holder, cause, returnsAt: returns_ms > 0 ? now + returns_ms : null, nextSlot: next_slot },
  }),
  GrantsState: ({ grants }) => ({
    grants: Object.fromEntries(grants.map(({ slot, granted }) => [slot, granted])),
  }),
  InviteIssued: ({ invite, secret, role, life_s }, { shown, now, origin }) => {
    const id = toBase64url(invite);
    const link = `${origin}/join#i=${id}.${toBase64url(secret)}`;
    const others = shown.invites.filter((known) => known.invite !== id && known.expiresAt > now);
    const issued = { invite: id, link, role, expiresAt: now + life_s * 1000 };
    return { invites: [...others, issued].slice(-MAX_INVITES) };
  },
  InviteOver: ({ invite }, { shown }) => revoked(shown, invite),
  LeadChanged: ({ slot, reason = null }, { shown, now }) => {
    const name = nameOf(shown, slot);
    // Somebody who is in no list leads nobody.
    return name === null ? {} : { leadChange: { slot, name, reason, at: now } };
  },
  ChatLine: ({ line, slot, name, text, at_ms }, { shown }) =>
    said(shown, { key: `c${line}-${at_ms}`, slot, name, text, at: at_ms, whisper: false }),
  SystemInfo: (info, { shown }) => ({ machine: { ...shown.machine, info } }),
  ProcessList: (processes, { shown }) => ({ machine: { ...shown.machine, processes } }),
  ServiceList: (services, { shown }) => ({ machine: { ...shown.machine, services } }),
  ActDone: (done, { shown, now }) => ({ machine: { ...shown.machine, done: { ...done, at: now } } }),
  RestartState: ({ in_s }, { shown, now }) => ({
    administrator: { ...shown.administrator, restartAt: after(now, in_s) },
  }),
  AdministratorState: ({ grant_ends_in_s, hold_ends_in_s }, { shown, now }) => ({
    administrator: {
      ...shown.administrator,
      grantEndsAt: after(now, grant_ends_in_s),
      holdEndsAt: after(now, hold_ends_in_s),
    },
  }),
};

/** Tell whether a message is for the view alone. */
export function isShowing(message: HostToViewer): message is Showing {
  return Object.hasOwn(READINGS, message.t);
}

function nameOf({ members }: SessionView, slot: number): string | null {
  return members.find((member) => member.slot === slot)?.display_name ?? null;
}

/** Another refusal; two in one millisecond are still two. */
export function refused(
  { shown, now }: Pick<Scene, "shown" | "now">,
  refusal: Omit<RefusalView, "at">,
): Partial<SessionView> {
  return { refusal: { ...refusal, at: Math.max(now, (shown.refusal?.at ?? 0) + 1) } };
}

/** Another line; one that came again after a resume is known by its key (SPEC T1). */
export function said({ lines }: SessionView, line: LineView): Partial<SessionView> {
  if (lines.some(({ key }) => key === line.key)) return {};
  return { lines: [...lines, line].slice(-MAX_LINES) };
}

/** An answer of the customer while the session is live. The two kinds of question are told apart. */
export function answered(
  { capability = null, granted, code }: Extract<HostToViewer, { t: "ConsentResult" }>,
  scene: Scene,
): Partial<SessionView> {
  const { pendingMode, consentDeadline } = scene.shown;
  const open =
    capability === null
      ? NOBODY_ASKED
      : { pendingCapability: null, consentDeadline: pendingMode === null ? null : consentDeadline };
  if (granted) return open;
  return { ...open, ...refused(scene, { code: code ?? "consent_denied", capability, removedBy: null }) };
}

/** An invitation leads nowhere any more. */
export function revoked({ invites }: SessionView, invite: Uint8Array): Partial<SessionView> {
  const id = toBase64url(invite);
  return { invites: invites.filter((known) => known.invite !== id) };
}

export class HostVoice {
  private epoch = 0;

  /** What a message changes. */
  patch(message: Showing, scene: Scene): Partial<SessionView> {
    // The map is total and each reading takes its own message: only the compiler cannot pair the two.
    const read = READINGS[message.t] as Reading<Showing>;
    return read(message, scene);
  }

  /** A new handshake: a host that was restarted may count anew, under keys that nobody else has. */
  beginAnew(): void {
    this.epoch = 0;
  }

  /**
   * The members of a new epoch, exactly as the key is bound to them.
   *
   * @throws MalformedError an epoch number that does not rise, or a list without this viewer
   */
  membersOf(message: Epoch, slot: number, link: number): readonly Member[] {
    if (message.epoch <= this.epoch) {
      throw new MalformedError(`epoch ${message.epoch} after epoch ${this.epoch}`);
    }
    if (!message.members.some((member) => member.slot === slot && member.link === link)) {
      throw new MalformedError("the list of members lacks this viewer");
    }
    this.epoch = message.epoch;
    return message.members;
  }
}
