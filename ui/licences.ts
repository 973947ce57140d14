// Writes `licences.txt` beside the pages: the licence of every package that went into them, which the
// minified scripts do not carry.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/** Licences of packages that do not carry theirs as a file; the texts are their authors'. */
const OWN = new URL("./licences/", import.meta.url);
/** Packages that come with what they depend on already inside. */
const WHOLE = ["maplibre-gl"];

interface About {
  name: string;
  version: string;
  license: string;
  dependencies?: Record<string, string>;
}

const aboutOf = (folder: string): About =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as About;

function textOf(folder: string, name: string): string {
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  if (file !== undefined) return readFileSync(join(folder, file), "utf8");
  const own = new URL(`${name}.txt`, OWN);
  if (existsSync(own)) return readFileSync(own, "utf8");
  throw new Error(`${name} has no licence file`);
}

function notice(folder: string): string {
  const { name, version, license } = aboutOf(folder);
  const text = textOf(folder, name).replaceAll("\r\n", "\n").trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
}

/** The folder, and those of everything inside it. Declarations of types are in no script. */
function withInner(folder: string, seen = new Set<string>()): Set<string> {
  if (seen.has(folder)) return seen;
  seen.add(folder);
  const { name, dependencies = {} } = aboutOf(folder);
  if (!WHOLE.includes(name) && seen.size === 1) return seen;
  for (const inner of Object.keys(dependencies)) {
    if (inner.startsWith("@types/")) continue;
    const nested = join(folder, "node_modules", inner);
    const flat = join(folder.slice(0, folder.lastIndexOf("node_modules")), "node_modules", inner);
    withInner(existsSync(nested) ? nested : flat, seen);
  }
  return seen;
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
      const notices = [
        ...new Set([...folders].flatMap((one) => [...withInner(one)]).map(notice)),
      ].sort();
      const rule = `\n${"-".repeat(72)}\n\n`;
      this.emitFile({ type: "asset", fileName: "licences.txt", source: notices.join(rule) });
    },
  };
}
