/** Who is sent away stays away, and who stops has stopped: also where the line to the relay is cut (SPEC G10, G12, C11). */
import { describe, expect, test } from "vitest";

import { RESUME_LIFE_S } from "../../../src/protocol/generated";
import { FakeViewer, given, HostWorld } from "./world";

async function presentation(...slots: number[]): Promise<{ world: HostWorld; viewers: FakeViewer[] }> {
  const world = new HostWorld("presentation");
  await world.start();
  const viewers: FakeViewer[] = [];
  for (const slot of slots) viewers.push(await world.join(slot));
  return { world, viewers };
}

async function cut(world: HostWorld): Promise<void> {
  world.socket.drop();
  await world.pass(1000);
}

describe("somebody is sent away", () => {
  test("G10, C11: over a cut they are gone at once, and hear so from the relay when it is back", async () => {
    const { world, viewers } = await presentation(1, 2);
    const [one, two] = [given(viewers[0]), given(viewers[1])];
    await cut(world);
    await world.tell({ t: "remove", person: 12 });
    expect(world.view?.people.map(({ slot }) => slot)).toEqual([1]);
    expect(world.said("RemoveViewer")).toEqual([]);
    await world.welcome(true);
    // Who is away as well has kept the link that the relay knows.
    expect(world.said("RemoveViewer")).toEqual([{ t: "RemoveViewer", link: 12, code: "removed" }]);
    two.link = 22;
    await world.announce(two, true);
    expect(world.said("RemoveViewer").at(-1)).toEqual({ t: "RemoveViewer", link: 22, code: "removed" });
    one.link = 21;
    await world.announce(one, true);
    await world.verify(one, given(one.resume));
    expect(world.view?.people).toMatchObject([{ slot: 1, present: true }]);
    expect(world.said("RemoveViewer")).toHaveLength(2);
  });

  test("G10: the word and their own return cross on the way: the new link is refused too", async () => {
    const { world, viewers } = await presentation(1);
    const one = given(viewers[0]);
    await world.tell({ t: "remove", person: 11 });
    one.link = 31;
    await world.announce(one, true);
    expect(world.said("RemoveViewer").at(-1)).toEqual({ t: "RemoveViewer", link: 31, code: "removed" });
    expect(world.view?.people).toEqual([]);
  });

  test("S2: whoever is away is sent away like who is there", async () => {
    const { world } = await presentation(1, 2);
    await world.relay({ t: "ViewerGone", link: 12, slot: 2, left: false, code: "unexpected" });
    expect(world.view?.people).toMatchObject([{ present: true }, { present: false }]);
    await world.tell({ t: "remove", person: 12 });
    expect(world.view?.people.map(({ slot }) => slot)).toEqual([1]);
    expect(world.said("RemoveViewer")).toEqual([{ t: "RemoveViewer", link: 12, code: "removed" }]);
  });

  test("C11: a seat that is somebody else's by now is left alone", async () => {
    const { world } = await presentation(1);
    await world.relay({ t: "ViewerGone", link: 11, slot: 1, left: true, code: "removed" });
    const next = new FakeViewer(1, 41);
    await world.announce(next);
    await world.verify(next);
    await world.tell({ t: "remove", person: 11 });
    expect(world.view?.people).toMatchObject([{ id: 41, slot: 1 }]);
    await cut(world);
    await world.welcome(true);
    expect(world.said("RemoveViewer")).toEqual([]);
  });

  test("C11: a line that was only cut is nobody's removal", async () => {
    const { world, viewers } = await presentation(1);
    const one = given(viewers[0]);
    await world.pass(10_001);
    expect(world.said("RemoveViewer")).toEqual([{ t: "RemoveViewer", link: 11, code: "desync" }]);
    await cut(world);
    await world.welcome(true);
    one.link = 51;
    await world.announce(one, true);
    await world.verify(one, given(one.resume));
    expect(world.said("RemoveViewer")).toHaveLength(1);
    expect(world.view?.people).toMatchObject([{ slot: 1, present: true }]);
  });
});

describe("the link into a presentation", () => {
  test("G12, C19: after a removal it is another one, and the old one lets nobody in", async () => {
    const { world } = await presentation(1, 2);
    const old = { link: world.view?.link, credential: world.credential };
    await world.tell({ t: "remove", person: 12 });
    const closed = world.said("InviteClosed").map(({ invite }) => new Uint8Array(invite));
    expect(closed).toEqual([old.credential.ref]);
    const opened = given(world.said("InviteOpened").at(-1));
    expect(new Uint8Array(opened.invite)).toEqual(world.credential.ref);
    expect(world.view?.link).not.toBe(old.link);
    const again = new FakeViewer(2, 62);
    await world.announce(again);
    await world.deliver(again.flight(await again.handshake(old.credential).hello()));
    expect(world.said("RemoveViewer").at(-1)).toEqual({ t: "RemoveViewer", link: 62, code: "code_wrong" });
    const invited = new FakeViewer(2, 63);
    await world.announce(invited);
    await world.verify(invited);
    expect(world.view?.people.map(({ id }) => id)).toEqual([11, 63]);
  });

  test("G12: who is at the door by the old one at that moment does not get in", async () => {
    const { world } = await presentation(1);
    const late = new FakeViewer(2, 12);
    await world.announce(late);
    const run = late.handshake(world.credential);
    await world.deliver(late.flight(await run.hello()));
    const flight2 = given(world.flights.splice(0)[0]).body;
    await world.tell({ t: "remove", person: 11 });
    await world.deliver(late.flight(await run.prove(flight2)));
    expect(world.flights).toEqual([]);
    expect(world.said("RemoveViewer").at(-1)).toMatchObject({ link: 12, code: "code_wrong" });
    expect(world.view?.people).toEqual([]);
  });

  test("C19: a removal over a cut changes it, and only the new one is opened again", async () => {
    const { world } = await presentation(1);
    await cut(world);
    const opened = world.said("InviteOpened").length;
    await world.tell({ t: "remove", person: 11 });
    await world.welcome(true);
    const again = world.said("InviteOpened").slice(opened);
    expect(again.map(({ invite }) => new Uint8Array(invite))).toEqual([world.credential.ref]);
    expect(world.said("InviteClosed")).toEqual([]);
  });
});

describe("Stop", () => {
  test.each([false, true])(
    "C11, N8: over a cut it is said when the relay is back (reported: %s)",
    async (reported) => {
      const { world } = await presentation(1);
      await cut(world);
      await world.tell({ t: "stop", reported });
      expect(world.finished).toBe(false);
      await world.welcome(true);
      expect(world.said("EndSession")).toHaveLength(1);
      expect(world.said("RecordNotice")).toHaveLength(reported ? 1 : 0);
      expect(world.said("InviteOpened")).toHaveLength(1);
      expect(world.view?.phase).toBe("ended");
      expect(world.finished).toBe(false);
      world.socket.drop("session_ended");
      await world.settle();
      expect(world.finished).toBe(true);
    },
  );

  test.each(["", "shutting_down"])(
    "C30: into a line that was dead, or closed for another reason (%j), it is said again over the next one",
    async (reason) => {
      const { world, viewers } = await presentation(1);
      await world.tell({ t: "stop", reported: true });
      expect(world.view).toMatchObject({ phase: "ended", people: [], error: null });
      expect(world.eye.watched).toBe(false);
      // Whoever would come in by what was under way finds nobody.
      const one = given(viewers[0]);
      one.link = 21;
      await world.announce(one, true);
      if (reason === "") await world.pass(3000);
      else world.socket.drop(reason);
      await world.pass(1000);
      expect(world.sockets).toHaveLength(2);
      expect(world.finished).toBe(false);
      await world.welcome(true);
      expect(world.said("EndSession")).toHaveLength(2);
      expect(world.said("RecordNotice").map(({ number }) => number)).toEqual([1, 1]);
      expect(world.said("RemoveViewer")).toEqual([]);
      world.socket.drop("session_ended");
      await world.settle();
      expect(world.finished).toBe(true);
      await world.pass(5000);
      expect(world.sockets).toHaveLength(2);
    },
  );

  test("C30: it is given up when the relay would not wait any longer", async () => {
    const { world } = await presentation(1);
    await world.tell({ t: "stop" });
    await world.pass(3000);
    expect(world.finished).toBe(false);
    await world.pass(1000 * RESUME_LIFE_S + 1);
    world.socket.drop();
    await world.settle();
    expect(world.finished).toBe(true);
    expect(world.view).toMatchObject({ phase: "ended", error: null });
  });

  test("C30: a relay that takes everybody back and never ends it is told no longer than that", async () => {
    const { world } = await presentation(1);
    await world.tell({ t: "stop" });
    await world.pass(3000);
    await world.pass(1000);
    await world.welcome(true);
    expect(world.said("EndSession")).toHaveLength(2);
    await world.pass(1000 * RESUME_LIFE_S);
    world.socket.drop();
    await world.settle();
    expect(world.finished).toBe(true);
    expect(world.view).toMatchObject({ phase: "ended", error: null });
  });

  test("G8: nothing is said after the end, and nobody is to lead what is over", async () => {
    const world = new HostWorld("support");
    await world.start();
    const lead = await world.join(1);
    await world.tell({ t: "answer", question: given(world.view?.question).id, yes: true });
    await world.relay({ t: "CodeIssued", routing: "482914", code_life_s: 600 });
    const second = await world.join(2);
    await world.tell({ t: "answer", question: given(world.view?.question).id, yes: true });
    const [heard, told] = [second.heard.length, world.relayHeard.length];
    await world.tell({ t: "stop" });
    expect(lead.heard.at(-1)).toEqual({ t: "HostGoodbye", code: "session_ended" });
    expect(second.heard.slice(heard)).toEqual([{ t: "HostGoodbye", code: "session_ended" }]);
    expect(world.relayHeard.slice(told)).toEqual([{ t: "EndSession" }]);
    expect(world.view?.people).toEqual([]);
  });

  test("C4: a relay that has lost the session has nothing to be told", async () => {
    const { world } = await presentation(1);
    await cut(world);
    await world.tell({ t: "stop" });
    world.socket.open();
    await world.relay({ t: "RelayError", code: "resume_invalid", detail: "no session waits" });
    expect(world.view).toMatchObject({ phase: "ended", error: null });
    expect(world.said("AgentHello")).toHaveLength(2);
  });
});

describe("a seat that somebody comes back to", () => {
  test("P6: the secret counts until one after it was used, however often flight 4 is lost", async () => {
    const { world, viewers } = await presentation(1);
    const one = given(viewers[0]);
    const secret = given(one.resume);
    for (const link of [21, 22, 23]) {
      one.link = link;
      await world.announce(one, true);
      await world.verify(one, secret);
      expect(world.view?.people).toMatchObject([{ slot: 1, present: true }]);
    }
  });

  test("C10: who does not know its secret ends nothing", async () => {
    const { world, viewers } = await presentation(1);
    const one = given(viewers[0]);
    const thief = new FakeViewer(1, 31, one.account);
    await world.announce(thief, true);
    const made = { kind: "resume", ref: new Uint8Array(8), secret: new Uint8Array(32) } as const;
    await world.deliver(thief.flight(await thief.handshake(made).hello()));
    expect(world.said("RemoveViewer").at(-1)).toEqual({ t: "RemoveViewer", link: 31, code: "tampered" });
    expect(world.view?.people).toMatchObject([{ slot: 1, present: false }]);
    one.link = 41;
    await world.announce(one, true);
    await world.verify(one, given(one.resume));
    expect(world.view?.people).toMatchObject([{ slot: 1, present: true }]);
  });
});

describe("a seat that nobody comes back to", () => {
  test("C11: who came back and left while we were away is gone, by another link than we knew", async () => {
    const { world } = await presentation(1, 2);
    await cut(world);
    await world.welcome(true);
    await world.relay({ t: "ViewerGone", link: 77, slot: 1, left: true, code: "session_ended" });
    expect(world.view?.people.map(({ slot }) => slot)).toEqual([2]);
    await world.relay({ t: "ViewerGone", link: 78, slot: 2, left: false, code: "slow" });
    expect(world.view?.people.map(({ slot }) => slot)).toEqual([2]);
  });
});
