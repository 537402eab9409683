/** A browser as host that does what a test says. Never part of the product. */
import type { MarksView } from "../../src/core/api";
import type { HostClient, HostView } from "../../src/core/host/api";
import { idleView } from "../../src/core/host/view";
import { Watched } from "../../src/core/observable";
import type { SessionKind } from "../../src/protocol/generated";

export class FakeHost extends Watched<HostView> implements HostClient {
  readonly said: string[] = [];
  readonly marks = new Watched<MarksView>({ lasers: {}, strokes: [] });
  readonly stream = new Watched<MediaStream | null>(null);
  constructor(kind: SessionKind) {
    super(idleView(kind));
  }
  private note(what: string): Promise<void> {
    this.said.push(what);
    return Promise.resolve();
  }
  present = (): Promise<void> => this.note("present");
  share = (): Promise<void> => this.note("share");
  answer = (question: number, yes: boolean): void => void this.note(`answer ${question} ${yes}`);
  remove = (person: number): void => void this.note(`remove ${person}`);
  allowMarks = (person: number, allowed: boolean): void => void this.note(`marks ${person} ${allowed}`);
  say = (text: string): void => void this.note(`say ${text}`);
  clearMarks = (): void => void this.note("clear");
  stop = (reported = false): void => void this.note(reported ? "report and stop" : "stop");
}
