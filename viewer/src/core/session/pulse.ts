/** The beat of a sealed line: when to speak, and since when nothing was heard (SPEC P4). */
import {
  HEARTBEAT_DEADLINE_S,
  HEARTBEAT_HELD_INTERVAL_S,
  HEARTBEAT_INTERVAL_S,
} from "../../protocol/generated";

export class Pulse {
  private heardAt = 0;
  private beatenAt = -Infinity;

  /** A handshake is over: the first beat is due at once. */
  start(now: number): void {
    this.heardAt = now;
    this.beatenAt = -Infinity;
  }

  /** Something authentic came from the host. */
  heard(now: number): void {
    this.heardAt = now;
  }

  isSilent(now: number): boolean {
    return now - this.heardAt > HEARTBEAT_DEADLINE_S * 1000;
  }

  /** Tell when a heartbeat is due: every four seconds, every two while the host is to know of each silence. */
  beats(now: number, often: boolean): boolean {
    const interval = often ? HEARTBEAT_HELD_INTERVAL_S : HEARTBEAT_INTERVAL_S;
    if (now - this.beatenAt < interval * 1000) return false;
    this.beatenAt = now;
    return true;
  }
}
