/** A customer's join code: six digits of the relay and six of ours, three tries, one use (SPEC P7, C5, K8). */
import { CODE_DIGITS, CODE_LIFE_S, CODE_TRIES } from "../../protocol/generated";

/** Whatever the relay says, codes are not changed faster than they can be read aloud. */
const MIN_LIFE_S = 10;
const REST_MS = 60_000;

/** Gives a uniform whole number below its argument. */
export type Draw = (below: number) => number;

/** A uniform number by rejection, from the browser's own generator. */
export const drawNumber: Draw = (below) => {
  const bound = Math.floor(2 ** 32 / below) * below;
  for (;;) {
    const [value = 0] = crypto.getRandomValues(new Uint32Array(1));
    if (value < bound) return value % below;
  }
};

/** The secret half of a code. */
export function drawSecret(draw: Draw): string {
  return String(draw(10 ** CODE_DIGITS)).padStart(CODE_DIGITS, "0");
}

/** One code. A run is charged when flight 2 leaves and refunded at success, by which the code is spent. */
export interface JoinCode {
  readonly routing: string;
  readonly secret: string;
  readonly expiresAt: number;
  triesLeft: number;
  pendingRuns: number;
}

/** The one code that is open at a time. */
export class Codes {
  private current: JoinCode | null = null;
  private requested = false;
  private restUntil = 0;

  constructor(private readonly draw: Draw) {}

  /** The twelve digits that are read aloud. */
  get shown(): string | null {
    return this.current === null ? null : this.current.routing + this.current.secret;
  }

  /** The relay has given a routing number: our secret goes behind it. */
  issue(routing: string, lifeS: number, now: number): void {
    this.requested = false;
    const lifeMs = 1000 * Math.max(MIN_LIFE_S, Math.min(lifeS, CODE_LIFE_S));
    this.current = {
      routing,
      secret: drawSecret(this.draw),
      expiresAt: now + lifeMs,
      triesLeft: CODE_TRIES,
      pendingRuns: 0,
    };
  }

  /** Tell whether a new code is to be asked for now; the caller sends the request. */
  wants(nobodyHere: boolean, now: number): boolean {
    if (this.current !== null && now >= this.current.expiresAt) this.current = null;
    if (this.current !== null || !nobodyHere || this.requested || now < this.restUntil) return false;
    this.requested = true;
    return true;
  }

  /** The relay gives none at the moment. */
  refused(now: number): void {
    this.restUntil = now + REST_MS;
  }

  linkLost(): void {
    this.requested = false;
  }

  spend(): void {
    this.current = null;
  }

  /** The secret of a run that begins now. Without a code it is one that nobody has: it fails as a wrong code does. */
  secret(now: number): string {
    return this.openAt(now)?.secret ?? drawSecret(this.draw);
  }

  /** Flight 2 leaves. */
  charge(now: number): JoinCode | null {
    const code = this.openAt(now);
    if (code === null) return null;
    code.triesLeft -= 1;
    code.pendingRuns += 1;
    return code;
  }

  /** Tell whether the code of a run may still let somebody in. */
  isCurrent(run: JoinCode | null, now: number): boolean {
    return run !== null && run === this.current && now < run.expiresAt;
  }

  /** A charged run is over without success; tell whether that has killed the code on the screen. */
  failed(run: JoinCode | null): boolean {
    if (run === null) return false;
    run.pendingRuns -= 1;
    if (run.triesLeft > 0 || run.pendingRuns > 0 || run !== this.current) return false;
    this.current = null;
    return true;
  }

  private openAt(now: number): JoinCode | null {
    const code = this.current;
    return code !== null && code.triesLeft > 0 && now < code.expiresAt ? code : null;
  }
}
