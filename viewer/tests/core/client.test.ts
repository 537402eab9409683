import { afterEach, describe, expect, test, vi } from "vitest";

import { Client, type Page, type WorkerPort } from "../../src/core/client";
import type { FromWorker, ToWorker } from "../../src/core/port";
import { startView } from "../../src/core/session/view";
import { fetchTicket, type TicketAnswer } from "../../src/core/tickets";

const CODE = "482913705146";
const TICKET = "ticket-of-sixteen-characters";

class FakeWorker implements WorkerPort {
  onmessage: Worker["onmessage"] = null;
  onerror: Worker["onerror"] = null;
  readonly got: ToWorker[] = [];
  terminated = false;

  postMessage(message: ToWorker): void {
    this.got.push(message);
  }

  terminate(): void {
    this.terminated = true;
  }

  say(message: FromWorker): void {
    (this.onmessage as ((event: { data: FromWorker }) => void) | null)?.({ data: message });
  }
}

function page(answer: TicketAnswer = { ok: true, ticket: TICKET }) {
  const workers: FakeWorker[] = [];
  const [asked, drawn]: [string[], number[]] = [[], []];
  let comeBack = (): void => undefined;
  const made: Page = {
    startWorker: () => {
      const worker = new FakeWorker();
      workers.push(worker);
      return worker;
    },
    fetchTicket: (routing) => {
      asked.push(routing);
      return Promise.resolve(answer);
    },
    socketUrl: () => "wss://relay.test/ws/viewer",
    painter: {
      attach: () => () => undefined,
      draw: ({ frameId, width }) => {
        if (width > 16_384) throw new Error("no canvas of that size");
        drawn.push(frameId);
      },
      clear: () => undefined,
    },
    onReturn: (listener) => {
      comeBack = listener;
    },
  };
  const worker = (): Promise<FakeWorker> =>
    vi.waitFor(() => {
      const last = workers.at(-1);
      if (last === undefined) throw new Error("no worker yet");
      return last;
    });
  return { client: new Client(made), workers, worker, asked, drawn, comeBack: () => comeBack() };
}

const drawing = { frameId: 5, width: 1, height: 1, ops: [], pixels: new Uint8ClampedArray(), cursor: null };

describe("joining", () => {
  test("C3: the relay is asked with the public digits; the secret ones go to the worker alone", async () => {
    const { client, worker, asked } = page();
    const joined = client.join({ code: CODE, mode: "full" });
    expect(client.getSnapshot().phase).toBe("ticket");
    const started = await worker();
    expect(asked).toEqual(["482913"]);
    const [order] = started.got;
    expect(order).toMatchObject({ t: "join", ticket: TICKET, digits: "705146", mode: "full" });
    expect(order?.t === "join" && order.url).toBe("wss://relay.test/ws/viewer");
    started.say({ t: "view", view: { ...startView(), phase: "live" } });
    await joined;
    expect(client.getSnapshot().phase).toBe("live");
  });

  test.each([["1234"], ["48291370514x"], [""]])(
    "a code like %j is wrong before anybody is asked",
    async (code) => {
      const { client, asked } = page();
      await client.join({ code, mode: "full" });
      expect(client.getSnapshot()).toMatchObject({ phase: "ended", error: { code: "code_wrong" } });
      expect(asked).toEqual([]);
    },
  );

  test("no ticket, no worker; and then another try", async () => {
    const { client, workers } = page({ ok: false, failure: { code: "throttled" } });
    await client.join({ code: CODE, mode: "full" });
    expect(client.getSnapshot()).toMatchObject({ phase: "ended", error: { code: "throttled" } });
    expect(client.getSnapshot().steps.relay).toBe("failed");
    await client.join({ code: CODE, mode: "full" });
    expect(workers).toHaveLength(0);
  });

  test("leaving while the ticket is fetched starts nothing", async () => {
    const { client, workers } = page();
    const joined = client.join({ code: CODE, mode: "full" });
    client.leave();
    await joined;
    expect(client.getSnapshot()).toMatchObject({ phase: "ended", error: null });
    expect(workers).toHaveLength(0);
  });

  test("a session that runs is not joined twice", async () => {
    const { client, worker, workers } = page();
    void client.join({ code: CODE, mode: "full" });
    await worker();
    await client.join({ code: CODE, mode: "full" });
    expect(workers).toHaveLength(1);
  });
});

describe("while it runs", () => {
  async function running() {
    const made = page();
    const joined = made.client.join({ code: CODE, mode: "full" });
    const started = await made.worker();
    started.say({ t: "view", view: { ...startView(), phase: "live" } });
    await joined;
    return { ...made, started };
  }

  test("a picture that cannot be drawn ends the session with a reason, and the host is told", async () => {
    const { client, worker } = page();
    void client.join({ code: CODE, mode: "full" });
    const started = await worker();
    started.say({ t: "view", view: { ...startView(), phase: "live" } });
    started.say({ t: "drawing", drawing: { ...drawing, width: 20_000, cursorAt: null } });
    expect(client.getSnapshot()).toMatchObject({ phase: "ended", error: { code: "internal" } });
    expect(client.getSnapshot().error?.detail).toContain("no canvas of that size");
    expect(started.got.at(-1)).toEqual({ t: "leave" });
    started.say({ t: "finished" });
    expect(started.terminated).toBe(true);
  });

  test("D2: a drawing is confirmed when it is drawn", async () => {
    const { started, drawn } = await running();
    started.say({ t: "drawing", drawing: { ...drawing, cursorAt: null } });
    expect(drawn).toEqual([5]);
    expect(started.got.at(-1)).toEqual({ t: "drawn", frameId: 5 });
  });

  test("F8: the cursor follows the frames and is gone with the session", async () => {
    const { client, started } = await running();
    const shape = { image: new Blob(["png"]), hotX: 3, hotY: 4 };
    started.say({ t: "drawing", drawing: { ...drawing, cursor: shape, cursorAt: { x: 7, y: 8 } } });
    expect(client.cursor.getSnapshot()).toMatchObject({ x: 7, y: 8, hotX: 3, hotY: 4, visible: true });
    expect(client.cursor.getSnapshot().url).toMatch(/^blob:/u);
    started.say({ t: "drawing", drawing: { ...drawing, cursor: null, cursorAt: { x: 1, y: 2 } } });
    expect(client.cursor.getSnapshot()).toMatchObject({ x: 1, y: 2, visible: true });
    const hidden = { image: null, hotX: 0, hotY: 0 };
    started.say({ t: "drawing", drawing: { ...drawing, cursor: hidden, cursorAt: null } });
    expect(client.cursor.getSnapshot()).toMatchObject({ visible: false, url: null });
  });

  test("S3: what is said while not live stays here", async () => {
    const { client, started } = await running();
    client.send({ t: "TextInput", text: "a" });
    expect(started.got.at(-1)).toEqual({ t: "send", message: { t: "TextInput", text: "a" } });
    started.say({ t: "view", view: { ...startView(), phase: "reconnecting" } });
    client.send({ t: "TextInput", text: "b" });
    expect(started.got.at(-1)).toEqual({ t: "send", message: { t: "TextInput", text: "a" } });
  });

  test("a network that is back is told at once", async () => {
    const { started, comeBack } = await running();
    comeBack();
    expect(started.got.at(-1)).toEqual({ t: "nudge" });
  });

  test("leaving ends the view at once, and the worker when it has said goodbye", async () => {
    const { client, started } = await running();
    client.leave();
    expect(client.getSnapshot()).toMatchObject({ phase: "ended", error: null });
    expect(started.got.at(-1)).toEqual({ t: "leave" });
    started.say({ t: "view", view: { ...startView(), phase: "live" } });
    expect(client.getSnapshot().phase).toBe("ended");
    expect(started.terminated).toBe(false);
    started.say({ t: "finished" });
    expect(started.terminated).toBe(true);
  });

  test("a worker that breaks is an internal fault, and is ended", async () => {
    const { client, started } = await running();
    (started.onerror as ((event: { message: string }) => void) | null)?.({ message: "broken" });
    const error = { code: "internal", detail: "broken" };
    expect(client.getSnapshot()).toMatchObject({ phase: "ended", error });
    expect(started.terminated).toBe(true);
  });
});

describe("tickets", () => {
  afterEach(() => vi.unstubAllGlobals());

  const answering = (status: number, body: string) => {
    const fetched = vi.fn(() => Promise.resolve(new Response(body, { status })));
    vi.stubGlobal("fetch", fetched);
    return fetched;
  };

  test("C3: asked for in the body, never in an address", async () => {
    const fetched = answering(200, JSON.stringify({ ticket: TICKET, expires_in_s: 30 }));
    expect(await fetchTicket("482913")).toEqual({ ok: true, ticket: TICKET });
    expect(fetched).toHaveBeenCalledWith(
      "/api/tickets",
      expect.objectContaining({ body: '{"routing":"482913"}' }),
    );
  });

  test.each([
    [401, "signed_out"],
    [403, "origin_refused"],
    [429, "throttled"],
    [422, "code_wrong"],
    [500, "internal"],
    [503, "unreachable"],
  ])("%i is %s", async (status, code) => {
    answering(status, "{}");
    expect(await fetchTicket("482913")).toMatchObject({ ok: false, failure: { code } });
  });

  test.each([["<html>"], ['{"ticket":7}'], ['{"ticket":"short"}'], ["null"]])(
    "an answer %j is no relay's",
    async (body) => {
      answering(200, body);
      expect(await fetchTicket("482913")).toMatchObject({ ok: false, failure: { code: "unreachable" } });
    },
  );

  test("without a network the relay is unreachable", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
    expect(await fetchTicket("482913")).toEqual({ ok: false, failure: { code: "unreachable" } });
  });
});
