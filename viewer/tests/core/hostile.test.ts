import { describe, expect, test } from "vitest";

import { concat } from "../../src/crypto/bytes";
import { encodeMsgpack } from "../../src/protocol/codec";
import { CodecId, Flags, MessageType, UpdateKind } from "../../src/protocol/generated";
import { header, packHeader } from "../../src/protocol/header";
import { container, deflated } from "./support/frames";
import { DOT, live, WHOLE, withPicture } from "./support/sessions";
import { eventually } from "../support/eventually";

describe("hostile messages", () => {
  const relayed = (body: object) => concat(packHeader(header(MessageType.RELAY)), encodeMsgpack(body));
  test.each([
    ["W1: a text message", "hello", "malformed"],
    ["W1: no header", Uint8Array.of(1, 2, 3), "malformed"],
    ["W1: another version", packHeader(header(MessageType.RELAY)).fill(2, 0, 1), "unsupported_version"],
    ["W2: too long", new Uint8Array(70_000).fill(1, 0, 1).fill(255, 3, 4), "too_large"],
    [
      "M2: a message of another direction",
      relayed({ t: "AgentHello", version: 1, agent_version: "1" }),
      "malformed",
    ],
    ["M4: an unknown message", relayed({ t: "Nonsense" }), "malformed"],
    ["C4: a second welcome", relayed({ t: "HostBack", link: 7 }), "unexpected"],
  ] as const)("%s ends the session with its code", async (_, message, code) => {
    const { world, host } = await live();
    host.socket.deliver(typeof message === "string" ? message : new Uint8Array(message));
    await world.phase("ended");
    expect(world.view.error?.code).toBe(code);
    expect(host.socket.closed).toBe(true);
  });

  test("K12: a message that was changed on the way is tampered", async () => {
    const { world, host } = await live();
    const message = await host.sealed({ t: "CaptureState", condition: "locked" });
    message[30] = (message[30] ?? 0) ^ 1;
    host.socket.deliver(message);
    await world.phase("ended");
    expect(world.view.error?.code).toBe("tampered");
  });

  test("W8: a message of an older link is dropped silently, one for another slot is not", async () => {
    const { world, host } = await live();
    host.socket.deliver(packHeader(header(MessageType.PAIRWISE, { dst: 2, keyId: 3n })));
    await host.tell({ t: "CaptureState", condition: "locked" });
    await eventually(() => expect(world.view.capture).toBe("locked"));
    host.socket.deliver(packHeader(header(MessageType.PAIRWISE, { dst: 3, keyId: 7n })));
    await world.phase("ended");
    expect(world.view.error?.code).toBe("unexpected");
  });

  test("F6: a bomb ends the session and is not inflated", async () => {
    const { world, host } = await live();
    const payload = deflated(new Uint8Array(40 * 2 ** 20));
    const { kind, codec } = { kind: UpdateKind.LOSSLESS, codec: CodecId.DEFLATE_RGB };
    await host.frame(container(4, 2, [{ ...WHOLE, kind, codec, payload }]), true);
    await world.phase("ended");
    expect(world.view.error?.code).toBe("malformed");
    expect(world.drawings).toEqual([]);
  });

  test("F3: copies paint as well: a frame that copies its screen over and over is refused", async () => {
    const { world, host } = await withPicture();
    const copy = { ...WHOLE, kind: UpdateKind.COPY, codec: CodecId.NONE, payload: new Uint8Array(4) };
    await host.frame(
      container(
        4,
        2,
        Array.from({ length: 4 }, () => copy),
      ),
      false,
    );
    await host.until("FrameAck");
    await host.frame(
      container(
        4,
        2,
        Array.from({ length: 5 }, () => copy),
      ),
      false,
    );
    await world.phase("ended");
    expect(world.view.error?.code).toBe("too_large");
  });

  test("a page that does not draw lets no pictures pile up, and goes on with a keyframe", async () => {
    const { world, host } = await live();
    world.draws = false;
    const [width, height] = [4096, 2048];
    const box = { x: 0, y: 0, width, height, kind: UpdateKind.COPY, codec: CodecId.NONE };
    const big = container(width, height, [{ ...box, payload: new Uint8Array(4) }]);
    for (let i = 0; i < 7; i += 1) await host.frame(big, true);
    await eventually(() => expect(world.drawings).toHaveLength(4));
    for (const { frameId } of world.drawings)
      world.shell.receive({ t: "drawn", buffer: new ArrayBuffer(), frameId });
    world.draws = true;
    world.clock += 1000;
    await host.until("KeyframeRequest");
    expect(world.drawings).toHaveLength(4);
    const last = await host.frame(big, true);
    await eventually(() => expect(world.drawings.at(-1)?.frameId).toBe(last));
    expect(world.view.phase).toBe("live");
  });

  test("K15: an epoch whose list lacks this viewer is refused", async () => {
    const { world, host } = await live();
    await host.tell({ t: "Epoch", epoch: 9, secret: new Uint8Array(32), members: [] });
    await world.phase("ended");
    expect(world.view.error?.code).toBe("malformed");
  });

  test("K17: a changed frame is tampered, a repeated one is dropped", async () => {
    const { world, host } = await withPicture();
    await host.frame(DOT, false);
    await host.until("FrameAck");
    host.frameId -= 1;
    (host as unknown as { counter: bigint }).counter -= 1n;
    await host.frame(DOT, false);
    await host.frame(DOT, false);
    expect((await host.until("FrameAck")).frame_id).toBe(3);
    const head = header(MessageType.MEDIA, {
      flags: Flags.DROPPABLE,
      dst: 0,
      frameId: 4,
      keyId: 1n,
      counter: 99n,
    });
    host.socket.deliver(concat(packHeader(head), new Uint8Array(40)));
    await world.phase("ended");
    expect(world.view.error?.code).toBe("tampered");
    expect(world.drawings).toHaveLength(3);
  });
});
