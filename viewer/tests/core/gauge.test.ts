/** The figures of the line: what they say, and that they take no room where nobody reads them. */
import { expect, test } from "vitest";

import { Gauge } from "../../src/core/session/gauge";

test("the last second is told, and nothing of before", () => {
  const gauge = new Gauge();
  for (let at = 0; at < 5000; at += 100) gauge.received(1000, at);
  expect(gauge.read(4999, 0).kbps).toBe(80);
  expect(gauge.read(7000, 0).kbps).toBe(0);
});

test("a host that sends for hours to somebody whom it lets wait fills nothing", () => {
  const gauge = new Gauge();
  for (let at = 0; at < 60_000; at += 1) gauge.received(40, at);
  expect(JSON.stringify(gauge).length).toBeLessThan(200_000);
});
