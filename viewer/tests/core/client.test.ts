import { describe, expect, test } from "vitest";

import { Client, type Page, type WorkerPort } from "../../src/core/client";
import type { FromWorker, ToWorker } from "../../src/core/port";
import { startView } from "../../src/core/session/view";
import type { EntryAnswer } from "../../src/core/entry";
import { codeCredential } from "../../src/crypto/schedule";
import type { Member } from "../../src/protocol/generated";
import { eventually } from "../support/eventually";

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

const CREDENTIAL = codeCredential("705146");
const ENTRY: EntryAnswer = { ok: true, entry: { ticket: TICKET, credential: CREDENTIAL, mode: "full" } };

function page(answer: EntryAnswer = ENTRY) {
  const workers: FakeWorker[] = [];
  const [asked, drawn]: [string[], number[]] = [[], []];
  let [comeBack, close] = [(): void => undefined, (): void => undefined];
  const knocked = (how: string): Promise<EntryAnswer> => {
    asked.push(how);
    return Promise.resolve(answer);
  };
  const made: Page = {
    startWorker: () => {
      const worker = new FakeWorker();
      workers.push(worker);
      return worker;
    },
    door: {
      byCode: (code, mode) => knocked(`code ${code} ${mode}`),
      byInvite: ({ invite, secret, name }) => knocked(`invite ${invite}.${secret} ${name ?? "-"}`),
      byAsking: (session) => knocked(`live ${session}`),
    },
    socketUrl: () => "wss://relay.test/ws/viewer",
    painter: {
      attach: () => () => undefined,
      draw: ({ frameId, width }) => {
        if (width > 16_384) throw new Error("no canvas of that size");
        drawn.push(frameId);
      },
      clear: () => undefined,
      onBlank: () => undefined,
    },
    onReturn: (listener) => {
      comeBack = listener;
    },
    onClose: (listener) => {
      close = listener;
    },
  };
  const worker = (): Promise<FakeWorker> =>
    eventually(() => {
      const last = workers.at(-1);
      if (last === undefined) throw new Error("no worker yet");
      return last;
    });
  return {
    client: new Client(made),
    workers,
    worker,
    asked,
    drawn,
    comeBack: () => comeBack(),
    close: () => close(),
    blank: () => made.painter.onBlank(),
  };
}

const drawing = { frameId: 5, width: 1, height: 1, ops: [], pixels: new Uint8ClampedArray(), cursor: null };

describe("joining", () => {
  test("what the door gives goes to the worker", async () => {
    const { client, worker, asked } = page();
    const joined = client.join({ code: CODE, mode: "full" });
    expect(client.getSnapshot().phase).toBe("ticket");
    const started = await worker();
    expect(asked).toEqual([`code ${CODE} full`]);
    const [order] = started.got;
    expect(order).toMatchObject({ t: "join", ticket: TICKET, credential: CREDENTIAL, mode: "full" });
    expect(order?.t === "join" && order.url).toBe("wss://relay.test/ws/viewer");
    started.say({ t: "view", view: { ...startView(), phase: "live" } });
    await joined;
    expect(client.getSnapshot().phase).toBe("live");
  });

  test("the other doors", async () => {
    const { client, worker, asked } = page();
    void client.joinByInvite({ invite: "i", secret: "s", name: "Ana" });
    (await worker()).say({ t: "view", view: { phase: "ended", error: null } });
    void client.joinLive({ session: "ab" });
    expect(asked).toEqual(["invite i.s Ana", "live ab"]);
  });

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

  test("F9: a canvas that came back empty is told to the worker", async () => {
    const { client, worker, blank } = page();
    void client.join({ code: CODE, mode: "full" });
    const started = await worker();
    blank();
    expect(started.got.at(-1)).toEqual({ t: "blank" });
  });

  test("D2: a drawing is confirmed when it is drawn", async () => {
    const { started, drawn } = await running();
    started.say({ t: "drawing", drawing: { ...drawing, cursorAt: null } });
    expect(drawn).toEqual([5]);
    expect(started.got.at(-1)).toMatchObject({ t: "drawn", frameId: 5 });
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

  const SELF: Member = {
    slot: 2,
    link: 7,
    role: "lead",
    account_id: "a1",
    display_name: "Núria",
    organisation: "Ayuda",
    team_key: new Uint8Array(32),
  };
  const sentBy = ({ got }: FakeWorker): unknown[] =>
    got.flatMap((one) => (one.t === "send" ? [one.message] : []));

  test("the view is told in parts, and what has not changed stays the same object", async () => {
    const { client, started } = await running();
    started.say({ t: "view", view: { members: [SELF], self: { slot: 2, name: "Núria" } } });
    const { members } = client.getSnapshot();
    started.say({ t: "view", view: { mode: "full" } });
    expect(client.getSnapshot()).toMatchObject({ phase: "live", mode: "full" });
    expect(client.getSnapshot().members).toBe(members);
  });

  test("A1: one's own marks are shown at once and told to the host, where the right is there", async () => {
    const { client, started } = await running();
    const rights = { "point.laser": { permit: "allow" } } as const;
    started.say({ t: "view", view: { members: [SELF], self: { slot: 2, name: "Núria" }, rights } });
    client.laser({ monitor: 0, x: 0.5, y: 0.25 });
    client.draw({ stroke: 1, monitor: 0, points: [0, 0] });
    expect(client.marks.getSnapshot()).toEqual({
      lasers: { 2: { monitor: 0, x: 0.5, y: 0.25 } },
      strokes: [],
    });
    client.laser(null);
    expect(sentBy(started)).toEqual([{ t: "Laser", monitor: 0, x: 0.5, y: 0.25 }, { t: "LaserOff" }]);
    client.leave();
    expect(client.marks.getSnapshot().lasers).toEqual({});
  });

  test("A3: everybody's drawings are cleared by who may", async () => {
    const { client, started } = await running();
    const rights = { "point.annotate": { permit: "allow" } } as const;
    const expert: Member = { ...SELF, role: "expert" };
    started.say({ t: "view", view: { members: [expert], self: { slot: 2, name: "Núria" }, rights } });
    client.draw({ stroke: 1, monitor: 0, points: [0, 0] });
    client.clearMarks(true);
    expect(client.marks.getSnapshot().strokes).toHaveLength(1);
    started.say({ t: "view", view: { members: [SELF] } });
    client.clearMarks(true);
    expect(client.marks.getSnapshot().strokes).toEqual([]);
    expect(sentBy(started).at(-1)).toEqual({ t: "ClearMarks", everybody: true });
  });

  test("T4: whispering says whether anybody hears it", async () => {
    const { client, started } = await running();
    const jon: Member = { ...SELF, slot: 3, link: 8, role: "supervisor" };
    started.say({ t: "view", view: { members: [SELF], self: { slot: 2, name: "Núria" } } });
    expect(client.whisper("hola")).toBe(false);
    started.say({ t: "view", view: { members: [SELF, jon] } });
    expect(client.whisper(" \n ")).toBe(false);
    expect(client.whisper("hola")).toBe(true);
    expect(started.got.filter(({ t }) => t === "whisper")).toEqual([{ t: "whisper", text: "hola" }]);
  });

  test("G13: a demonstration is asked for with its link, and not with half of one", async () => {
    const { client, started } = await running();
    client.requestMode("demo", { invite: "A".repeat(22), secret: "A".repeat(43) });
    client.requestMode("demo", { invite: "A".repeat(22), secret: "" });
    client.requestMode("shared");
    expect(sentBy(started)).toEqual([
      { t: "ModeRequest", mode: "demo", demo: { invite: new Uint8Array(16), secret: new Uint8Array(32) } },
      { t: "ModeRequest", mode: "shared" },
    ]);
  });

  test("V4: what terminals say goes to who listens", async () => {
    const { client, started } = await running();
    const heard: unknown[] = [];
    const end = client.listenTerminals({
      opened: (...given) => heard.push(given),
      output: (...given) => heard.push(given),
      closed: (...given) => heard.push(given),
    });
    const data = Uint8Array.of(36);
    started.say({ t: "told", message: { t: "TerminalOpened", terminal: 1, elevated: true } });
    started.say({ t: "told", message: { t: "TerminalOutput", terminal: 1, data } });
    started.say({ t: "told", message: { t: "TerminalClosed", terminal: 1 } });
    end();
    started.say({ t: "told", message: { t: "TerminalClosed", terminal: 2 } });
    expect(heard).toEqual([
      [1, true],
      [1, data],
      [1, 0],
    ]);
  });

  test("a page that is closed leaves, but for what is kept for its lead", async () => {
    const { client, started, close } = await running();
    const none = { grantEndsAt: null, holdEndsAt: null, restartAt: null };
    started.say({ t: "view", view: { administrator: { ...none, holdEndsAt: 5 } } });
    close();
    expect(client.getSnapshot().phase).toBe("live");
    started.say({ t: "view", view: { administrator: none } });
    close();
    expect(client.getSnapshot()).toMatchObject({ phase: "ended", error: null });
    expect(started.got.at(-1)).toEqual({ t: "leave" });
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

  test("C30: who begins anew at once lets the session before say that it is over", async () => {
    const { client, started, workers, comeBack } = await running();
    client.leave();
    void client.join({ code: CODE, mode: "full" });
    await eventually(() => expect(workers).toHaveLength(2));
    const [, next] = workers;
    expect(started.terminated).toBe(false);
    started.say({ t: "view", view: { ...startView(), phase: "live" } });
    expect(client.getSnapshot().phase).toBe("ticket");
    comeBack();
    expect([started, next].map((worker) => worker?.got.at(-1))).toEqual([{ t: "nudge" }, { t: "nudge" }]);
    started.say({ t: "finished" });
    expect(started.terminated).toBe(true);
    expect(next?.terminated).toBe(false);
  });

  test("a worker that breaks is an internal fault, and is ended", async () => {
    const { client, started } = await running();
    (started.onerror as ((event: { message: string }) => void) | null)?.({ message: "broken" });
    const error = { code: "internal", detail: "broken" };
    expect(client.getSnapshot()).toMatchObject({ phase: "ended", error });
    expect(started.terminated).toBe(true);
  });
});
