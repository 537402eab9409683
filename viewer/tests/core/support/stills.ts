/** Screens as the host's own Python encodes them, the decoder as the build compiles it, and a canvas of plain bytes. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { Codecs } from "../../../src/core/display/decode";
import type { Drawing } from "../../../src/core/display/ops";
import { Still, StillStream } from "../../../src/core/display/still";
import { CodecId } from "../../../src/protocol/generated";
import { NO_PICTURES } from "./world";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const WASM = fileURLToPath(new URL("../../../wasm/build/screen.wasm", import.meta.url));
const PYTHONS = [".venv/bin/python", ".venv/Scripts/python.exe"].map((path) => ROOT + path);

export interface MadeFrame {
  readonly keyframe: boolean;
  /** A frame container, base64. */
  readonly data: string;
  /** Of the whole picture after it, RGBA. */
  readonly sha256: string;
}

export interface MadeScreen {
  readonly width: number;
  readonly height: number;
  readonly frames: readonly MadeFrame[];
}

export interface Made {
  readonly screens: readonly MadeScreen[];
  readonly wide: MadeScreen;
  readonly hostile: readonly { readonly name: string; readonly payload: string }[];
}

/** What `tests/support/stills.py` makes of a seed. */
export function madeBy(seed: number): Made {
  const python = PYTHONS.find(existsSync);
  if (python === undefined) throw new Error("no .venv with the host's encoders: run make setup");
  const arguments_ = ["-m", "tests.support.stills", "--seed", String(seed)];
  const printed = execFileSync(python, arguments_, { cwd: ROOT, maxBuffer: 2 ** 27, encoding: "utf8" });
  return JSON.parse(printed) as Made;
}

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(base64, "base64"));
}

export function compiledDecoder(): WebAssembly.Module {
  if (!existsSync(WASM)) throw new Error("the decoder is not compiled: run python -m tools.zstd_wasm");
  return new WebAssembly.Module(readFileSync(WASM));
}

/** The real decoder. */
export function stillStream(): Promise<StillStream> {
  return StillStream.start(compiledDecoder());
}

/** Codecs of a viewer that decodes zstd and no pictures. */
export async function withStill(): Promise<Codecs> {
  const still = new Still(Promise.resolve(await stillStream()));
  return { ...NO_PICTURES, still, decodable: () => Promise.resolve([CodecId.ZSTD_STREAM_BGRX]) };
}

/** What the page's canvas does, on bytes. */
export class PlainCanvas {
  private rgba = new Uint8ClampedArray();

  draw({ width, height, ops, pixels }: Drawing): void {
    if (this.rgba.length !== width * height * 4) this.rgba = new Uint8ClampedArray(width * height * 4);
    for (const op of ops) {
      if (op.k === "bitmap") throw new Error("no pictures here");
      const from =
        op.k === "pixels"
          ? { data: pixels, at: op.offset, stride: op.width * 4 }
          : { data: this.rgba.slice(), at: (op.fromY * width + op.fromX) * 4, stride: width * 4 };
      for (let row = 0; row < op.height; row += 1) {
        const begin = from.at + row * from.stride;
        this.rgba.set(from.data.subarray(begin, begin + op.width * 4), ((op.y + row) * width + op.x) * 4);
      }
    }
  }

  get sha256(): string {
    return createHash("sha256").update(this.rgba).digest("hex");
  }
}
