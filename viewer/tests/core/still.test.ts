import { describe, expect, test } from "vitest";

import { Buffers } from "../../src/core/display/buffers";
import { decodeDrawing } from "../../src/core/display/decode";
import { ProtocolError } from "../../src/protocol/errors";
import { decodeFrame, type Update } from "../../src/protocol/frame";
import { CodecId } from "../../src/protocol/generated";
import {
  bytesOf,
  compiledDecoder,
  madeBy,
  type MadeScreen,
  PlainCanvas,
  stillStream,
  withStill,
} from "./support/stills";

const SEED = 4;
const made = madeBy(SEED);
const FIRST = made.screens[0]?.frames[0]?.data ?? "";

/** Decode and draw all frames of a screen, as the session does; buffers come back as from the page. */
async function play({ frames }: MadeScreen): Promise<string[]> {
  const [codecs, buffers, canvas] = [await withStill(), new Buffers(), new PlainCanvas()];
  const shown: string[] = [];
  for (const [i, { data, keyframe }] of frames.entries()) {
    const facts = { frameId: i + 1, keyframe };
    const drawing = await decodeDrawing(facts, decodeFrame(bytesOf(data)), codecs, buffers);
    canvas.draw(drawing);
    buffers.giveBack(drawing.pixels.buffer);
    shown.push(canvas.sha256);
  }
  return shown;
}

/** What a payload for a rectangle of 8x4 pixels comes to: its pixels, or the code of the refusal. */
function outcome(decode: () => void): string {
  try {
    decode();
    return "pixels";
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

describe("what the host's Python encodes", () => {
  test.each(made.screens.map((screen, i) => [i, screen] as const))(
    `F3 F7 F11: random screen ${SEED}/%i is the same, bit by bit, after every frame`,
    async (_, screen) => {
      expect(await play(screen)).toEqual(screen.frames.map(({ sha256 }) => sha256));
    },
  );

  test("F11: a rectangle larger than the decoder's own room comes out whole", async () => {
    expect(await play(made.wide)).toEqual(made.wide.frames.map(({ sha256 }) => sha256));
  });

  test("the decoder is closed in: it can call nothing outside", () => {
    expect(WebAssembly.Module.imports(compiledDecoder())).toEqual([]);
  });
});

describe("hostile streams", () => {
  test.each(made.hostile)("F11: $name is malformed, and a keyframe begins anew", async ({ payload }) => {
    const stream = await stillStream();
    stream.begin();
    const out = new Uint8ClampedArray(8 * 4 * 4);
    expect(outcome(() => stream.decode(bytesOf(payload), out))).toBe("malformed");
    // Nothing that follows is taken, whatever it is, until the next keyframe.
    expect(outcome(() => stream.decode(bytesOf(payload), out))).toBe("malformed");
    stream.begin();
    const screen = decodeFrame(bytesOf(FIRST));
    const whole = new Uint8ClampedArray(screen.width * screen.height * 4);
    expect(outcome(() => stream.decode(screen.updates[0]?.payload ?? new Uint8Array(), whole))).toBe(
      "pixels",
    );
  });

  test("F11: nothing decodes before a keyframe", async () => {
    const stream = await stillStream();
    expect(outcome(() => stream.decode(new Uint8Array(3), new Uint8ClampedArray(4)))).toBe("malformed");
  });

  test("L2: more than a media message holds is refused", async () => {
    const stream = await stillStream();
    stream.begin();
    const payload = new Uint8Array(2 ** 21 + 1);
    expect(outcome(() => stream.decode(payload, new Uint8ClampedArray(4)))).toBe("too_large");
  });

  test("F11: bytes changed at random give pixels or an end, never anything else", async () => {
    const stream = await stillStream();
    const seen = new Set<string>();
    for (const screen of made.screens) {
      for (let round = 0; round < 60; round += 1) {
        stream.begin();
        for (const { payload, width, height } of stillUpdates(screen)) {
          const out = new Uint8ClampedArray(width * height * 4);
          const told = outcome(() => stream.decode(spoilt(payload), out));
          seen.add(told);
          if (told !== "pixels") break;
        }
      }
    }
    expect([...seen].sort()).toEqual(["malformed", "pixels"]);
  });
});

function stillUpdates({ frames }: MadeScreen): Update[] {
  const updates = frames.flatMap(({ data }) => decodeFrame(bytesOf(data)).updates);
  return updates.filter(({ codec }) => codec === CodecId.ZSTD_STREAM_BGRX);
}

/** Often one byte near the beginning is another one, now and then the end is missing. */
function spoilt(payload: Uint8Array): Uint8Array {
  const copy = payload.slice();
  const at = Math.floor(Math.random() * Math.min(copy.length, 40));
  if (Math.random() < 0.5) copy[at] = Math.floor(Math.random() * 256);
  return Math.random() < 0.1 ? copy.subarray(0, at) : copy;
}
