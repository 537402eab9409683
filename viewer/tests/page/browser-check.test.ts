/** The page's first script, run against made-up browsers. */
import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";

import { describe, expect, test } from "vitest";

const SOURCE = readFileSync(new URL("../../public/browser-check.js", import.meta.url), "utf8");
const NEEDED = [
  "Promise",
  "WebSocket",
  "Worker",
  "BigInt",
  "OffscreenCanvas",
  "createImageBitmap",
  "DecompressionStream",
];

interface Browser {
  readonly language?: string;
  readonly lacks?: readonly string[];
  readonly curves?: readonly string[];
  readonly secure?: boolean;
}

/** Runs the script in a browser that has what is needed but for `lacks`; gives what it found and what it showed. */
async function runIn(browser: Browser): Promise<{ missing: unknown; shown: string; language: string }> {
  const { language = "en", lacks = [], curves = ["X25519", "Ed25519"], secure = true } = browser;
  const texts: string[] = [];
  let pageLanguage = "";
  const subtle = {
    generateKey: ({ name }: { readonly name: string }) =>
      curves.includes(name) ? Promise.resolve({}) : Promise.reject(new Error("NotSupportedError")),
  };
  const has = NEEDED.filter((name) => !lacks.includes(name)).map((name) => [name, true] as const);
  const window: Record<string, unknown> = {
    ...Object.fromEntries(has),
    ...(lacks.includes("Promise") ? {} : { Promise }),
    crypto: secure ? { subtle } : {},
    isSecureContext: secure,
  };
  const document = {
    createElement: () => ({ style: {}, noModule: false, setAttribute: () => null, appendChild: () => null }),
    createTextNode: (text: string) => texts.push(text),
    documentElement: { setAttribute: (_: string, value: string) => (pageLanguage = value) },
    body: { insertBefore: () => null, firstChild: null },
  };
  runInContext(SOURCE, createContext({ window, document, navigator: { language } }));
  return { missing: await window["relevoBrowserCheck"], shown: texts.join("\n"), language: pageLanguage };
}

describe("browser check", () => {
  test("a browser that has everything sees nothing and the application may start", async () => {
    expect(await runIn({})).toEqual({ missing: [], shown: "", language: "" });
  });

  test("a browser without X25519 is told so, with the floor", async () => {
    const { missing, shown } = await runIn({ curves: ["Ed25519"] });
    expect(missing).toEqual(["X25519 (WebCrypto)"]);
    expect(shown).toContain("This browser is too old for Relevo");
    expect(shown).toContain("Chrome / Edge 137, Firefox 130, Safari 17");
    expect(shown).toContain("Missing: X25519 (WebCrypto).");
  });

  test("in Spanish for a Spanish browser", async () => {
    const { shown, language } = await runIn({ language: "es-MX", lacks: ["OffscreenCanvas"] });
    expect(language).toBe("es");
    expect(shown).toContain("Este navegador es demasiado antiguo para Relevo");
    expect(shown).toContain("Falta: OffscreenCanvas.");
  });

  test("a page opened without TLS says that, and not that the browser is old", async () => {
    const { missing, shown } = await runIn({ secure: false });
    expect(missing).toEqual(["WebCrypto"]);
    expect(shown).toContain("This page was opened without encryption");
    expect(shown).toContain("https://");
    expect(shown).not.toContain("too old");
  });

  test("a browser without promises still gets the page, and the application does not start", async () => {
    const { missing, shown } = await runIn({ lacks: ["Promise", "BigInt"] });
    expect(missing).toBeUndefined();
    expect(shown).toContain("Missing: Promise, BigInt.");
  });
});
