/** A presentation from this browser inside a support session: the screen is chosen here, the customer is asked there. */
import type { SessionClient } from "../../core/api";
import type { HostClient } from "../../core/host/api";

/** The customer's yes is told a moment before the mode that follows from it; without that mode it was none. */
const MODE_FOLLOWS_MS = 5000;

/** Joins the two clients: the session goes into demo by the presentation's link, and both end together. */
export class Demo {
  readonly #session: SessionClient;
  readonly #host: HostClient;
  /** `choosing` a screen, `asking` the customer, `on`. */
  #stage: "off" | "choosing" | "asking" | "on" = "off";
  #askedAt = 0;
  #sawPending = false;
  #patience: ReturnType<typeof setTimeout> | undefined;

  constructor(session: SessionClient, host: HostClient) {
    this.#session = session;
    this.#host = host;
  }

  /** Follow both clients; the answer forgets them, and ends a presentation that is running. */
  attach(): () => void {
    const stops = [
      this.#host.subscribe(() => this.#heardHost()),
      this.#session.subscribe(() => this.#heardSession()),
    ];
    return () => {
      for (const stop of stops) stop();
      this.#end();
    };
  }

  /** Must be called from a click: the browser asks which screen. */
  start(): void {
    if (this.#stage !== "off") return;
    this.#stage = "choosing";
    void this.#host.present().then(() => {
      // No screen was chosen after all.
      const { phase } = this.#host.getSnapshot();
      if (this.#stage === "choosing" && (phase === "idle" || phase === "ended")) this.#stage = "off";
    });
  }

  /** Back to observing. */
  stop(): void {
    this.#end();
    if (this.#session.getSnapshot().mode === "demo") this.#session.requestMode("observer");
  }

  #end(): void {
    this.#waitNoMore();
    if (this.#stage === "off") return;
    this.#stage = "off";
    this.#host.stop();
  }

  #awaitMode(): void {
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined;
      if (this.#stage === "asking" && this.#session.getSnapshot().pendingMode !== "demo") this.#end();
    }, MODE_FOLLOWS_MS);
  }

  #waitNoMore(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
  }

  #heardHost(): void {
    const { phase, invite, secret, sharing } = this.#host.getSnapshot();
    if (this.#stage === "choosing" && phase === "ended") this.#stage = "off";
    if (this.#stage === "choosing" && invite !== null && secret !== null) {
      this.#stage = "asking";
      this.#askedAt = Date.now();
      this.#sawPending = false;
      this.#session.requestMode("demo", { invite, secret });
      return;
    }
    if (this.#stage === "on" && (phase === "ended" || (phase === "live" && !sharing))) this.stop();
  }

  #heardSession(): void {
    const view = this.#session.getSnapshot();
    if (view.phase === "ended") this.#end();
    if (this.#stage === "asking") {
      if (view.pendingMode === "demo") this.#sawPending = true;
      const refused = view.refusal?.capability === null && view.refusal.at >= this.#askedAt;
      if (view.mode === "demo") {
        this.#stage = "on";
        this.#waitNoMore();
        // Sharing was stopped while the customer was still being asked: they are not left before an empty screen.
        if (this.#host.getSnapshot().phase === "ended") this.stop();
      } else if (refused) this.#end();
      else if (this.#sawPending && view.pendingMode !== "demo") this.#awaitMode();
      return;
    }
    if (this.#stage === "on" && view.mode !== "demo" && view.phase === "live") this.#end();
  }
}
