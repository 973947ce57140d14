// The signed-in application, served by the web process under /static/app/.
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

import { licences } from "./licences.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("./pages/app"),
  base: "/static/app/",
  plugins: [react(), licences()],
  build: {
    outDir: here("../src/plainview/web/static"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // The public pages' style sheet names the fonts, so these keep their names.
        assetFileNames: ({ names }) =>
          names[0]?.endsWith(".woff2") ? "fonts/[name][extname]" : "assets/[name]-[hash][extname]",
      },
    },
  },
});
