import { describe, expect, test } from "vitest";

import { type Bytes, concat } from "../../src/crypto/bytes";
import { encodeMsgpack } from "../../src/protocol/codec";
import { ERROR_CODES, Flags, MessageType } from "../../src/protocol/generated";
import { header, packHeader } from "../../src/protocol/header";
import { comeBack, DOT, live, RED, withPicture } from "./support/sessions";
import { eventually } from "../support/eventually";

/** Numbers in 0..1 that are the same in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A message spoilt in one of the ways in which lines and liars spoil them. */
function spoil(message: Bytes, random: () => number): Bytes {
  const way = Math.floor(random() * 4);
  const at = Math.floor(random() * message.length);
  if (way === 0) return message.slice(0, at);
  if (way === 1) return concat(message, message.slice(at));
  if (way === 2) return Uint8Array.from({ length: at }, () => Math.floor(random() * 256));
  const copy = message.slice();
  copy[at] = Math.floor(random() * 256);
  return copy;
}

const relayed = (body: object): Bytes =>
  concat(packHeader(header(MessageType.RELAY)), new Uint8Array(encodeMsgpack(body)));

describe("a hostile relay", () => {
  test.each(Array.from({ length: 24 }, (_, i) => [i]))(
    "spoilt messages, seed %i: the session goes on, or ends with a code of the wire",
    async (seed) => {
      const random = seeded(seed);
      const { world, host } = await live();
      const head = { flags: Flags.KEYFRAME, dst: 0, frameId: 1, keyId: 1n, counter: 1n };
      const samples = [
        relayed({ t: "HostGone" }),
        relayed({ t: "HostBack", link: 9 }),
        await host.sealed({ t: "CaptureState", condition: "ok" }),
        concat(packHeader(header(MessageType.MEDIA, head)), RED),
        concat(
          packHeader(header(MessageType.HANDSHAKE, { dst: 2, keyId: 7n })),
          encodeMsgpack({ flight: 4 }),
        ),
      ];
      for (let i = 0; i < 40; i += 1) {
        const sample = samples[Math.floor(random() * samples.length)] ?? RED;
        host.socket.deliver(spoil(new Uint8Array(sample), random));
      }
      await eventually(() =>
        expect(["ended", "live", "host_away", "reconnecting"]).toContain(world.view.phase),
      );
      const { error } = world.view;
      if (error !== null) {
        expect(ERROR_CODES).toContain(error.code);
        expect(error.code).not.toBe("internal");
      }
    },
  );

  test("C11: a storm of HostBack ends in one handshake at a time, and in a session that can go on", async () => {
    const { world, host } = await withPicture();
    for (let link = 100; link < 160; link += 1) host.relay({ t: "HostBack", link });
    await world.phase("reconnecting");
    await eventually(() => expect(host.socket.sent.length).toBeGreaterThan(60));
    await comeBack(world, host, 1, 200);
    await host.until("ViewerHello");
    host.welcome();
    await host.verify();
    await host.goLive();
    await world.phase("live");
  });

  test("C11: on a new socket nothing is said of the host before the welcome", async () => {
    const { world, host } = await withPicture();
    await comeBack(world, host, 1, 8);
    await host.until("ViewerHello");
    host.relay({ t: "HostBack", link: 8 });
    await world.phase("ended");
    expect(world.view.error?.code).toBe("unexpected");
  });

  test("a flood of errors ends the session once", async () => {
    const { world, host } = await withPicture();
    for (let i = 0; i < 5000; i += 1) host.relay({ t: "RelayError", code: "removed" });
    await world.phase("ended");
    await eventually(() => expect(world.finished).toBe(true));
    expect(world.views.filter(({ phase }) => phase === "ended")).toHaveLength(1);
  });

  test("a flood of empty messages is given up before it fills the memory", async () => {
    const { world, host } = await live();
    const stale = packHeader(header(MessageType.MEDIA, { dst: 0, keyId: 99n, frameId: 1 }));
    for (let i = 0; i < 70_000; i += 1) host.socket.deliver(stale);
    await eventually(() => expect(world.view.error?.code).toBe("too_large"));
  });
});

describe("a hostile host", () => {
  test("K15: two members in one slot, or six of them, end the session", async () => {
    for (const slots of [
      [2, 2],
      [1, 2, 3, 4, 5, 5],
    ]) {
      const { world, host } = await live();
      const [me] = host.members();
      if (me === undefined) throw new Error("nobody");
      const members = slots.map((slot) => ({ ...me, slot, link: slot === 2 ? 7 : 90 + slot }));
      await host.tell({ t: "Epoch", epoch: 2, secret: new Uint8Array(32), members });
      await world.phase("ended");
      expect(world.view.error?.code).toBe("malformed");
      world.shell.receive({ t: "leave" });
    }
  });

  test("M5: a name with a right-to-left override does not get into the list", async () => {
    const { world, host } = await live();
    const [me] = host.members();
    if (me === undefined) throw new Error("nobody");
    const members = [{ ...me, display_name: "Ana\u202eaicnega" }];
    await host.tell({ t: "Epoch", epoch: 2, secret: new Uint8Array(32), members });
    await world.phase("ended");
    expect(world.view.error?.code).toBe("malformed");
  });

  test("F9: frames of an old epoch are passed over, whatever comes between", async () => {
    const { world, host } = await withPicture();
    await host.newEpoch();
    host.epoch -= 1;
    for (let i = 0; i < 50; i += 1) await host.frame(DOT, true);
    await host.tell({ t: "CaptureState", condition: "locked" });
    await eventually(() => expect(world.view.capture).toBe("locked"));
    expect(world.drawings).toHaveLength(1);
    expect(world.view.phase).toBe("live");
  });
});
