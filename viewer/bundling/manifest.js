import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** What the relay serves beside the page; `relevo verify-viewer` holds a server to it (SECURITY.md, Y1). */
export const MANIFEST = "manifest.json";
const PAGE = "index.html";
// The only tags of the page that make a browser load something to run or to style with.
const LOADING = /<(?:script|link)\b[^>]*>/gu;
const ADDRESS = /\s(?:src|href)="\/([^"]+)"/u;
const TO_BE_HELD = /^<script\b|\brel="(?:modulepreload|stylesheet)"/u;

function hash(algorithm, bytes, encoding) {
  return createHash(algorithm).update(bytes).digest(encoding);
}

function filesIn(folder, path = "") {
  return readdirSync(join(folder, path), { withFileTypes: true })
    .flatMap((entry) => {
      const name = path === "" ? entry.name : `${path}/${entry.name}`;
      return entry.isDirectory() ? filesIn(folder, name) : [name];
    })
    .sort();
}

/** Give every script and style of the page its hash, so that a browser refuses any other (W3C SRI). */
export function withIntegrity(page, folder) {
  return page.replace(LOADING, (tag) => {
    const file = ADDRESS.exec(tag)?.[1];
    if (!TO_BE_HELD.test(tag)) return tag;
    if (file === undefined) throw new Error(`the page loads something that is no file of its own: ${tag}`);
    const integrity = `sha384-${hash("sha384", readFileSync(join(folder, file)), "base64")}`;
    return tag.replace(/\s*\/?>$/u, ` integrity="${integrity}">`);
  });
}

/** The manifest of everything in the folder: its version, and each file with its SHA-256. */
export function manifestOf(folder, version) {
  const names = filesIn(folder).filter((name) => name !== MANIFEST);
  const files = Object.fromEntries(
    names.map((name) => [name, hash("sha256", readFileSync(join(folder, name)), "hex")]),
  );
  return `${JSON.stringify({ product: "relevo-viewer", version, files }, null, 1)}\n`;
}

/** A plugin of Vite: once all is written, the page gets its hashes and the folder its manifest. */
export function manifest(version) {
  let folder = "";
  return {
    name: "relevo-manifest",
    apply: "build",
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir);
    },
    writeBundle: {
      order: "post",
      sequential: true,
      handler() {
        const page = join(folder, PAGE);
        writeFileSync(page, withIntegrity(readFileSync(page, "utf8"), folder));
        writeFileSync(join(folder, MANIFEST), manifestOf(folder, version));
      },
    },
  };
}
