/** A session worker without a browser: sockets, clock and canvas belong to the test. */
import { vi } from "vitest";

import type { SessionView } from "../../../src/core/api";
import type { Codecs } from "../../../src/core/display/decode";
import type { Drawing } from "../../../src/core/display/ops";
import type { FromWorker } from "../../../src/core/port";
import { Shell } from "../../../src/core/worker/shell";
import { FakeSocket } from "./host";

/** Decoders of a world without pictures. */
export const NO_PICTURES: Codecs = {
  decodePicture: () => Promise.reject(new Error("no pictures here")),
  encodePng: () => Promise.resolve(new Blob(["png"])),
};

export class World {
  clock = 1_000_000;
  /** How far the time of day is ahead of the monotonic clock. */
  slept = 0;
  readonly sockets: FakeSocket[] = [];
  readonly views: SessionView[] = [];
  readonly drawings: Drawing[] = [];
  finished = false;
  /** Confirm every drawing at once, as a page does. */
  draws = true;
  readonly shell: Shell;

  constructor() {
    this.shell = new Shell({
      openSocket: () => {
        const socket = new FakeSocket();
        this.sockets.push(socket);
        return socket;
      },
      post: (message) => this.posted(message),
      codecs: NO_PICTURES,
      now: () => this.clock,
      timeOfDay: () => this.clock + this.slept,
      random: () => 0,
    });
  }

  get view(): SessionView {
    const view = this.views.at(-1);
    if (view === undefined) throw new Error("nothing was shown yet");
    return view;
  }

  /** The socket with this number, once it is there. */
  socket(number: number): Promise<FakeSocket> {
    return vi.waitFor(() => {
      const socket = this.sockets[number];
      if (socket === undefined) throw new Error(`no socket ${number}`);
      return socket;
    }, 3000);
  }

  phase(phase: SessionView["phase"]): Promise<void> {
    return vi.waitFor(() => {
      if (this.views.at(-1)?.phase !== phase) {
        const { phase: at, error } = this.views.at(-1) ?? {};
        throw new Error(`${at ?? "nothing"} (${JSON.stringify(error)}), not ${phase}`);
      }
    }, 3000);
  }

  join(digits = "123456"): void {
    const ticket = "ticket-of-sixteen-characters";
    const url = "wss://relay.test/ws/viewer";
    this.shell.receive({ t: "join", url, ticket, digits, mode: "full", quality: "auto" });
  }

  private posted(message: FromWorker): void {
    if (message.t === "view") this.views.push(message.view);
    if (message.t === "finished") this.finished = true;
    if (message.t !== "drawing") return;
    this.drawings.push(message.drawing);
    if (this.draws) this.shell.receive({ t: "drawn", frameId: message.drawing.frameId });
  }
}
