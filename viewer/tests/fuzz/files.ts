/** Files of the repository, wherever this code was bundled to: `RELEVO_ROOT` says where, or this file's place. */
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

import type { Octets } from "./mutate";

const given = process.env["RELEVO_ROOT"];
const ROOT = given === undefined ? new URL("../../../", import.meta.url) : pathToFileURL(`${given}/`);

/** A parsed file; the caller says what it holds. */
export function json(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, ROOT), "utf8"));
}

/** The bytes of a file. */
export function bytes(path: string): Octets {
  return new Uint8Array(readFileSync(new URL(path, ROOT)));
}

/** A file of the vectors that both languages share. */
export function vectors(name: string): unknown {
  return json(`protocol/vectors/${name}.json`);
}
