/** How every test of the interface begins and ends; it is imported for that alone. */
import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, vi } from "vitest";

import { chooseLanguage, startTexts } from "../../src/ui/i18n";
import { PATIENCE_MS } from "../support/eventually";

// Without a layout nothing can be judged visible.
configure({ defaultHidden: true, asyncUtilTimeout: PATIENCE_MS });

beforeAll(() => startTexts());
beforeEach(() => {
  chooseLanguage("en");
  // Whatever a test does not answer itself finds no relay.
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  window.history.replaceState(null, "", "/");
});
