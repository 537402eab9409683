import { describe, expect, test } from "vitest";

import { PictureLostError } from "../../src/core/display/video";
import type { Codecs } from "../../src/core/display/decode";
import { CodecId, UpdateKind } from "../../src/protocol/generated";
import { container } from "./support/frames";
import { begin, comeBack, DOT, live, RED } from "./support/sessions";
import { withStill } from "./support/stills";
import { NO_PICTURES } from "./support/world";
import { eventually } from "../support/eventually";

/** A viewer whose video fails when it is told to. */
function failingVideo(): { readonly codecs: Codecs; readonly fail: () => void } {
  let fail = (): void => undefined;
  const decode = () =>
    new Promise<VideoFrame>((_, reject) => {
      fail = () => reject(new PictureLostError("broken"));
    });
  const video = { begin: () => undefined, decode };
  return { codecs: { ...NO_PICTURES, video }, fail: () => fail() };
}

const PIECE = { x: 0, y: 0, width: 4, height: 2, kind: UpdateKind.VIDEO, codec: CodecId.VP9 };

describe("what this viewer decodes", () => {
  test("D5: said after verification, before consent, and again on every new line", async () => {
    const { world, host } = await begin(undefined, await withStill());
    await host.until("ViewerHello");
    host.welcome();
    await host.verify();
    expect(await host.until("Decoders")).toEqual({ t: "Decoders", codecs: [CodecId.ZSTD_STREAM_BGRX] });
    expect(world.view.phase).toBe("asking");
    await host.tell({ t: "ConsentResult", granted: true, mode: "full" });
    await host.goLive();
    await world.phase("live");
    await comeBack(world, host, 1, 8);
    await host.until("ViewerHello");
    host.welcome();
    await host.verify();
    expect((await host.until("Decoders")).codecs).toEqual([CodecId.ZSTD_STREAM_BGRX]);
  });

  test("D5: what is known late is said late, and lets nothing wait", async () => {
    let answer = (codecs: readonly CodecId[]): void => expect(codecs).toBeNull();
    const late = new Promise<readonly CodecId[]>((resolve) => (answer = resolve));
    const { host } = await live({ ...NO_PICTURES, decodable: () => late });
    await host.frame(RED, true);
    await host.until("FrameAck");
    answer([CodecId.VP9]);
    expect((await host.until("Decoders")).codecs).toEqual([CodecId.VP9]);
  });
});

describe("gaps", () => {
  test("F9: a frame behind one that could not be drawn is not drawn; a keyframe goes on", async () => {
    const { codecs, fail } = failingVideo();
    const { world, host } = await live(codecs);
    await host.frame(RED, true);
    await host.until("FrameAck");
    await host.frame(container(4, 2, [{ ...PIECE, payload: new Uint8Array(3) }]), false);
    await host.frame(DOT, false);
    await host.frame(RED, true);
    await eventually(() => {
      fail();
      expect(world.drawings.map(({ frameId }) => frameId)).toEqual([1, 4]);
    });
    expect(world.view.phase).toBe("live");
  });
});
