// The custodians' and requesters' tools: static pages on an origin of their own, or from any folder.
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

import { licences } from "./licences.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("./pages/tools"),
  base: "./",
  plugins: [react(), licences()],
  build: {
    outDir: here("../src/plainview/release/static"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: ["index", "custodian", "ask", "open"].map((name) =>
        here(`./pages/tools/${name}.html`),
      ),
    },
  },
});
