// The npm package `shamir-secret-sharing` as a second implementation.
//   node oracle.mjs MODULE < {"split": [[secretHex, n, k], ...], "combine": [[shareHex, ...], ...]}
// answers {"split": [[shareHex, ...], ...], "combine": [secretHex, ...]}.
// Vectors anew (random, so each run differs): node oracle.mjs MODULE --vectors > vectors.json
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { split, combine } = await import(pathToFileURL(process.argv[2]));
const bytes = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (data) => Buffer.from(data).toString("hex");
const splitHex = async ([secret, n, k]) => (await split(bytes(secret), n, k)).map(hex);

if (process.argv[3] === "--vectors") {
  const vectors = [];
  for (const [n, k] of [[2, 2], [3, 2], [5, 3], [7, 4], [255, 2]]) {
    for (const secret of ["00", "ff", "80".repeat(3), hex(Buffer.from("AGE-SECRET-KEY-1".repeat(4)))]) {
      vectors.push({ n, k, secret, shares: (await splitHex([secret, n, k])).slice(0, 7) });
    }
  }
  console.log(JSON.stringify({ package: "shamir-secret-sharing 0.0.4", vectors }, null, 1));
} else {
  const asked = JSON.parse(readFileSync(0, "utf8"));
  const answer = { split: [], combine: [] };
  for (const one of asked.split) answer.split.push(await splitHex(one));
  for (const one of asked.combine) answer.combine.push(hex(await combine(one.map(bytes))));
  console.log(JSON.stringify(answer));
}
