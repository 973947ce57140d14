// Writes `licences.txt` beside the pages: the licence of every package that went into them, which the
// minified scripts do not carry.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

function notice(folder: string): string {
  const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    name: string;
    version: string;
    license: string;
  };
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  if (!file) throw new Error(`${about.name} has no licence file`);
  const text = readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim();
  return `${about.name} ${about.version} (${about.license})\n\n${text}\n`;
}

export function licences(): Plugin {
  return {
    name: "licences",
    generateBundle() {
      const folders = new Set<string>();
      for (const id of this.getModuleIds()) {
        const folder = PACKAGE.exec(id)?.[0];
        if (folder && !folder.includes("\0")) folders.add(folder);
      }
      // By name and version, not by place: the file is the same wherever it is built.
      const notices = [...new Set([...folders].map(notice))].sort();
      const rule = `\n${"-".repeat(72)}\n\n`;
      this.emitFile({ type: "asset", fileName: "licences.txt", source: notices.join(rule) });
    },
  };
}
