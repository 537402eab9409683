/** Reads the vectors that the Python side and this one share. */
import { readFileSync } from "node:fs";

import type { Bytes } from "../../src/crypto/bytes";

/** A parsed vector file: `group/name.json` under `protocol/vectors`. The caller says what it holds. */
export function vectors(name: string): unknown {
  const url = new URL(`../../../protocol/vectors/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8"));
}

/** Bytes from hexadecimal. */
export function unhex(text: string): Bytes {
  return new Uint8Array(Buffer.from(text, "hex"));
}
