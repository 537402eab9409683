/** Entry of the worker in which a browser is the host: one session, then the page ends it. */
import { Eye } from "../host/eye/eye";
import type { FromHost, ToHost } from "../host/port";
import { HostShell } from "../host/shell";

declare const self: DedicatedWorkerGlobalScope;

const shell = new HostShell({
  openSocket: (url) => new WebSocket(url),
  openEye: (events) => new Eye(events),
  post: (message: FromHost) => self.postMessage(message),
  // Monotonic, unlike Date.now(), and yet the time of day.
  now: () => performance.timeOrigin + performance.now(),
  timeOfDay: Date.now,
  random: Math.random,
});

self.onmessage = ({ data }: MessageEvent<ToHost>) => shell.receive(data);
