/** Entry of the session worker: one session, then the main thread ends it. */
import type { FromWorker, ToWorker } from "../port";
import { BROWSER_CODECS } from "./pictures";
import { Shell } from "./shell";

declare const self: DedicatedWorkerGlobalScope;

const shell = new Shell({
  openSocket: (url) => new WebSocket(url),
  post: (message: FromWorker, transfer: Transferable[] = []) => self.postMessage(message, transfer),
  codecs: BROWSER_CODECS,
  // Monotonic, unlike Date.now(), and yet the time of day.
  now: () => performance.timeOrigin + performance.now(),
  timeOfDay: Date.now,
  random: Math.random,
});

self.onmessage = ({ data }: MessageEvent<ToWorker>) => shell.receive(data);
