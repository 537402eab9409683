import { defineConfig } from "vite";

/** The viewer's side of `make fuzz` as one file for Node: run as it is, without a test runner's detours. */
export default defineConfig({
  build: {
    ssr: "tests/fuzz/side.ts",
    target: "node20",
    minify: false,
    copyPublicDir: false,
    emptyOutDir: true,
    reportCompressedSize: false,
    rolldownOptions: { output: { entryFileNames: "side.mjs" } },
  },
  ssr: { noExternal: true },
});
