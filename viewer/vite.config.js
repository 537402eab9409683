import { readFileSync } from "node:fs";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import { manifest } from "./bundling/manifest.js";

// The oldest browsers with X25519 and Ed25519 in WebCrypto; public/browser-check.js names the same floor.
const BROWSER_FLOOR = ["chrome137", "firefox130", "safari17"];

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

/** What is compiled into the WebAssembly module is no package of npm, so its notice comes by itself. */
const zstdLicence = {
  name: "zstd-licence",
  generateBundle() {
    const source = readFileSync(new URL("wasm/build/zstd-licence.txt", import.meta.url));
    this.emitFile({ type: "asset", fileName: "licences/zstd.txt", source });
  },
};

export default defineConfig({
  plugins: [react(), zstdLicence, manifest(version)],
  build: {
    target: BROWSER_FLOOR,
    outDir: "../server/relevo_server/static",
    emptyOutDir: true,
    license: { fileName: "licences/libraries.md" },
    // The content security policy allows scripts and fonts from this origin only, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What changes with the libraries alone stays in the browser's cache when Relevo changes.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "react", test: /node_modules\/(react|react-dom|scheduler)\// },
            // Most sessions open no terminal: it comes with the first one.
            { name: "terminal", test: /node_modules\/@xterm\// },
            { name: "libraries", test: /node_modules\// },
          ],
        },
      },
    },
  },
  worker: { format: "es" },
  server: { proxy: { "/api": { target: "https://localhost:8443", secure: false, ws: true } } },
  test: {
    environment: "node",
    include: ["tests/**/*.test.{ts,tsx}"],
    maxWorkers: 2,
    // What must come is waited for by each test itself; these end what would never end.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
