/** What a person has pressed and the host may not have: a line that is cut says nothing of its last seconds. */
import type { Outgoing } from "../api";

/** Asked for once, by a press. What follows the hand, repeats itself or is kept (chat) is not among them. */
const PRESSED = [
  "ModeRequest",
  "SpecialKeys",
  "ControlRequest",
  "ControlRelease",
  "ControlGive",
  "MicroHandover",
  "TakeOver",
  "HandOver",
  "GrantChange",
  "RemoveMember",
  "InviteRequest",
  "InviteRevoke",
  "CapabilityRequest",
  "ClearMarks",
  "ProcessEnd",
  "ServiceChange",
  "TerminalOpen",
  "AdminTerminalOpen",
  "TerminalClose",
  "RestartRequest",
  "RestartCancel",
  "HoldRequest",
  "HoldEnd",
] as const satisfies readonly Outgoing["t"][];
const TAGS: ReadonlySet<string> = new Set(PRESSED);

/** Tell whether somebody pressed for it and is to hear where it may not have arrived. */
export function isPress({ t }: Outgoing): boolean {
  return TAGS.has(t);
}

/** Whether anything is on its way. The host takes messages in order: the echo of a later heartbeat confirms them all. */
export class Presses {
  private waiting = false;
  private beatAt: number | null = null;

  /** Whether something was pressed that the host has not confirmed. */
  get open(): boolean {
    return this.waiting;
  }

  sent(): void {
    this.waiting = true;
    this.beatAt = null;
  }

  /** A heartbeat of this time goes out. */
  beat(at: number): void {
    if (this.waiting) this.beatAt ??= at;
  }

  /** The host has heard the heartbeat of this time. */
  echoed(at: number): void {
    if (this.beatAt !== null && at >= this.beatAt) this.waiting = false;
  }

  /** The line is cut; tell whether something may have been lost with it. */
  cut(): boolean {
    const lost = this.waiting;
    this.waiting = false;
    return lost;
  }
}
