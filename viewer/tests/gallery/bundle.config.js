import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The gallery as files, for the test that walks through every screen of it. */
export default defineConfig({
  root: "tests/gallery",
  plugins: [react()],
  worker: { format: "es" },
  build: {
    target: "chrome137",
    minify: false,
    emptyOutDir: true,
    copyPublicDir: false,
    reportCompressedSize: false,
  },
});
