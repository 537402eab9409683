/** A session worker without a browser: sockets, clock and canvas belong to the test. */

import type { SessionView } from "../../../src/core/api";
import type { Codecs } from "../../../src/core/display/decode";
import { PictureLostError } from "../../../src/core/display/video";
import type { Drawing } from "../../../src/core/display/ops";
import { Still } from "../../../src/core/display/still";
import type { FromWorker } from "../../../src/core/port";
import type { Passing } from "../../../src/core/session/passing";
import { IDLE_VIEW } from "../../../src/core/session/view";
import { Shell } from "../../../src/core/worker/shell";
import { codeCredential } from "../../../src/crypto/schedule";
import { FakeSocket } from "./host";
import { eventually } from "../../support/eventually";

/** Decoders of a world without pictures. */
export const NO_PICTURES: Codecs = {
  decodePicture: () => Promise.reject(new Error("no pictures here")),
  encodePng: () => Promise.resolve(new Blob(["png"])),
  video: { begin: () => undefined, decode: () => Promise.reject(new PictureLostError("no video here")) },
  still: new Still(Promise.resolve(null)),
  decodable: () => Promise.resolve([]),
};

export class World {
  clock = 1_000_000;
  /** How far the time of day is ahead of the monotonic clock. */
  slept = 0;
  readonly sockets: FakeSocket[] = [];
  readonly views: SessionView[] = [];
  readonly drawings: Drawing[] = [];
  readonly told: Passing[] = [];
  finished = false;
  /** Confirm every drawing at once, as a page does. */
  draws = true;
  readonly shell: Shell;

  constructor(codecs: Codecs = NO_PICTURES) {
    this.shell = new Shell({
      openSocket: () => {
        const socket = new FakeSocket();
        this.sockets.push(socket);
        return socket;
      },
      post: (message) => this.posted(message),
      codecs,
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
    return eventually(() => {
      const socket = this.sockets[number];
      if (socket === undefined) throw new Error(`no socket ${number}`);
      return socket;
    });
  }

  phase(phase: SessionView["phase"]): Promise<void> {
    return eventually(() => {
      if (this.views.at(-1)?.phase !== phase) {
        const { phase: at, error } = this.views.at(-1) ?? {};
        throw new Error(`${at ?? "nothing"} (${JSON.stringify(error)}), not ${phase}`);
      }
    });
  }

  join(digits = "123456"): void {
    const ticket = "ticket-of-sixteen-characters";
    const url = "wss://relay.test/ws/viewer";
    const credential = codeCredential(digits);
    this.shell.receive({ t: "join", url, ticket, credential, mode: "full", quality: "auto" });
  }

  private posted(message: FromWorker): void {
    if (message.t === "view") this.views.push({ ...(this.views.at(-1) ?? IDLE_VIEW), ...message.view });
    if (message.t === "told") this.told.push(message.message);
    if (message.t === "finished") this.finished = true;
    if (message.t !== "drawing") return;
    this.drawings.push(message.drawing);
    if (this.draws)
      this.shell.receive({ t: "drawn", frameId: message.drawing.frameId, buffer: new ArrayBuffer() });
  }
}
