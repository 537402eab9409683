/** Which of the host's messages may come when (SPEC P1, P2, R9): one from the wrong moment is `unexpected`. */
import { ProtocolError } from "../../protocol/errors";
import type { HostToViewer } from "../../protocol/generated";

/** Verified and not let in yet; let in; verified again after a cut. */
export type Hearing = "asking" | "live" | "resuming";

const ANY: readonly Hearing[] = ["asking", "live", "resuming"];
const LET_IN: readonly Hearing[] = ["live", "resuming"];

const MOMENTS: Readonly<Record<HostToViewer["t"], readonly Hearing[]>> = {
  ConsentPending: ["asking", "live"],
  ConsentResult: ["asking", "live"],
  HeartbeatEcho: ANY,
  HostGoodbye: ANY,
  ModeState: LET_IN,
  Epoch: LET_IN,
  InputRefused: LET_IN,
  ScreenLayout: LET_IN,
  CaptureState: LET_IN,
  PictureState: LET_IN,
  TokenState: LET_IN,
  GrantsState: LET_IN,
  InviteIssued: LET_IN,
  InviteOver: LET_IN,
  LeadChanged: LET_IN,
  ChatLine: LET_IN,
  MemberLaser: LET_IN,
  MemberLaserOff: LET_IN,
  MemberStroke: LET_IN,
  MarksCleared: LET_IN,
  SystemInfo: LET_IN,
  ProcessList: LET_IN,
  ServiceList: LET_IN,
  ActDone: LET_IN,
  TerminalOpened: LET_IN,
  TerminalOutput: LET_IN,
  TerminalClosed: LET_IN,
  RestartState: LET_IN,
  AdministratorState: LET_IN,
};

/** Let the message pass, or throw ProtocolError `unexpected`. */
export function checkMoment(message: HostToViewer, hearing: Hearing | null): void {
  if (hearing === null || !MOMENTS[message.t].includes(hearing)) {
    throw new ProtocolError(`${message.t} while ${hearing ?? "nothing is sealed"}`);
  }
}
