/** The beat of a sealed line: when to speak, and since when nothing was heard (SPEC P4). */
import { HEARTBEAT_DEADLINE_S, HEARTBEAT_INTERVAL_S } from "../../protocol/generated";

export class Pulse {
  private heardAt = 0;
  private beatAt = 0;

  /** A handshake is over: the first beat is due at once. */
  start(now: number): void {
    this.heardAt = now;
    this.beatAt = now;
  }

  /** Something authentic came from the host. */
  heard(now: number): void {
    this.heardAt = now;
  }

  isSilent(now: number): boolean {
    return now - this.heardAt > HEARTBEAT_DEADLINE_S * 1000;
  }

  /** Tell, every two seconds, that a heartbeat is due. */
  beats(now: number): boolean {
    if (now < this.beatAt) return false;
    this.beatAt = now + HEARTBEAT_INTERVAL_S * 1000;
    return true;
  }
}
