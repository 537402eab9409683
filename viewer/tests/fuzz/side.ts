/** The viewer's side of `make fuzz`: what `tests/fuzz/side.py` is on the Python side, line by line. */
import { createInterface } from "node:readline";

import { caseOf, type Octets, type Target } from "./mutate";
import { targets } from "./readers";

interface Asked {
  readonly target: string;
  readonly hex?: string;
  readonly seed?: number;
  readonly first?: number;
  readonly count?: number;
}

const SLOW_MS = 250;
const TRIES = 3;

function* bodiesOf(target: Target, { hex, seed = 0, first = 0, count = 0 }: Asked): Generator<Octets> {
  if (hex !== undefined) yield new Uint8Array(Buffer.from(hex, "hex"));
  else for (let number = first; number < first + count; number += 1) yield caseOf(target, seed, number);
}

const hexOf = (body: Octets): string => Buffer.from(body).toString("hex");

/** How long a case takes; a machine that was busy with something else does not count. */
async function surely(target: Target, body: Octets, tookMs: number): Promise<number> {
  let least = tookMs;
  for (let left = tookMs > SLOW_MS ? TRIES : 0; left > 0; left -= 1) {
    const began = performance.now();
    await target.read(body);
    least = Math.min(least, performance.now() - began);
  }
  return least;
}

async function answer(target: Target, asked: Asked): Promise<object> {
  let signs = "";
  let slowestMs = 0;
  let slowest: Octets = new Uint8Array();
  for (const body of bodiesOf(target, asked)) {
    const began = performance.now();
    try {
      const sign = target.read(body);
      signs += typeof sign === "string" ? sign : await sign;
    } catch (error) {
      return { crash: String(error), hex: hexOf(body) };
    }
    const tookMs = performance.now() - began;
    if (tookMs > slowestMs) [slowestMs, slowest] = [await surely(target, body, tookMs), body];
  }
  const rssKib = Math.round(process.memoryUsage.rss() / 1024);
  return { signs, slowest_ms: slowestMs, slowest: hexOf(slowest), rss_kib: rssKib };
}

const known = await targets();
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line) as Asked;
  const target = known.get(asked.target);
  if (target === undefined) throw new Error(`no target ${asked.target}`);
  process.stdout.write(`${JSON.stringify(await answer(target, asked))}\n`);
}
