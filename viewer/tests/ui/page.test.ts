// @vitest-environment happy-dom
import { expect, test } from "vitest";

import "./page";

test("a test of the interface reaches no network that it has not made itself", async () => {
  await expect(fetch("/api/config")).rejects.toThrow("no network");
});
