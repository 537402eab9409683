import { describe, expect, test } from "vitest";

import { Host, type HostPage, type HostPort } from "../../../src/core/host/client";

/** A host whose screen ends as soon as it is chosen, so that nothing of a browser's capture is needed. */
async function sharing(): Promise<{ host: Host; worker: HostPort }> {
  const track = Object.assign(new EventTarget(), {
    readyState: "ended",
    contentHint: "",
    stop: () => undefined,
  });
  const stream = { getTracks: () => [track], getVideoTracks: () => [track] } as unknown as MediaStream;
  const worker: HostPort = {
    postMessage: () => undefined,
    terminate: () => undefined,
    onmessage: null,
    onerror: null,
  };
  const page: HostPage = {
    startWorker: () => worker,
    canShowScreen: () => true,
    chooseScreen: () => Promise.resolve(stream),
    fetchPresentation: () => Promise.resolve({ ok: true, ticket: null, name: "" }),
    socketUrl: () => "wss://relay.test/ws/agent",
    onReturn: () => undefined,
    onClose: () => undefined,
  };
  const host = new Host(page);
  await host.share();
  return { host, worker };
}

function breaks(worker: HostPort): void {
  worker.onerror?.call(worker as Worker, { message: "out of memory" } as ErrorEvent);
}

describe("the page's end of a host's session", () => {
  test("a worker that breaks ends it, and why is told", async () => {
    const { host, worker } = await sharing();
    breaks(worker);
    expect(host.getSnapshot()).toMatchObject({ phase: "ended", error: { detail: "out of memory" } });
  });

  test("one that breaks after the end changes nothing that is said", async () => {
    const { host, worker } = await sharing();
    host.stop();
    breaks(worker);
    expect(host.getSnapshot()).toMatchObject({ phase: "ended", error: null });
  });
});
