import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { manifestOf, withIntegrity } from "../../bundling/manifest.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "relevo-bundle-"));
  mkdirSync(join(folder, "assets"));
  writeFileSync(join(folder, "assets/index.js"), "go();");
  writeFileSync(join(folder, "icon.svg"), "<svg/>");
});
afterEach(() => rmSync(folder, { recursive: true }));

const sha = (algorithm: string, text: string, encoding: "hex" | "base64"): string =>
  createHash(algorithm).update(text).digest(encoding);

describe("the page's hashes (Y1)", () => {
  const held = `integrity="sha384-${sha("sha384", "go();", "base64")}"`;

  it.each([
    `<script type="module" crossorigin src="/assets/index.js"></script>`,
    `<link rel="modulepreload" crossorigin href="/assets/index.js">`,
    `<link rel="stylesheet" crossorigin href="/assets/index.js" />`,
  ])("stand at %s", (tag) => {
    expect(withIntegrity(tag, folder)).toContain(` ${held}>`);
  });

  it("leave what runs nothing as it is", () => {
    const icon = `<link rel="icon" href="/icon.svg" />`;
    expect(withIntegrity(icon, folder)).toBe(icon);
  });

  it.each([`<script>go()</script>`, `<script src="https://elsewhere.example/x.js"></script>`])(
    "cannot be made for %s, and so the build fails",
    (tag) => {
      expect(() => withIntegrity(tag, folder)).toThrow("no file of its own");
    },
  );
});

describe("the manifest (Y1)", () => {
  it("names each file but itself, in order, with its SHA-256", () => {
    writeFileSync(join(folder, "manifest.json"), "of an earlier build");
    expect(JSON.parse(manifestOf(folder, "1.2.3"))).toEqual({
      product: "relevo-viewer",
      version: "1.2.3",
      files: { "assets/index.js": sha("sha256", "go();", "hex"), "icon.svg": sha("sha256", "<svg/>", "hex") },
    });
  });
});
