// Replays decisions with Cedar's official WebAssembly build, without a line of Plainview's.
//
//     node tools/replay_policies.mjs tests/vectors/policies/decisions.json POLICIES
//
// POLICIES is /policies.json of a server (its address), or a copy of it. Ends with 1 unless every
// decision is the same and was made by the same policies.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const require = createRequire(new URL("../ui/package.json", import.meta.url));
const SCHEMA = ".cedarschema";

function cedar() {
  try {
    return require("@cedar-policy/cedar-wasm/nodejs");
  } catch (error) {
    console.error(`Cedar's WebAssembly build is missing (${error.code}). Run: npm ci --prefix ui`);
    process.exit(2);
  }
}

async function read(place) {
  if (/^https?:/.test(place)) return (await fetch(place)).json();
  return JSON.parse(await readFile(place, "utf8"));
}

function must(answer) {
  if (answer.type !== "success") throw new Error(JSON.stringify(answer.errors));
  return answer;
}

/** Parse the policies under their own names, so that reasons can be compared. */
function prepare(wasm, files) {
  const text = files.filter((file) => !file.name.endsWith(SCHEMA)).map((file) => file.text);
  const schema = files.find((file) => file.name.endsWith(SCHEMA)).text;
  const named = {};
  for (const policy of must(wasm.policySetTextToParts(text.join("\n"))).policies) {
    named[must(wasm.policyToJson(policy)).json.annotations.id] = policy;
  }
  const valid = must(wasm.validate({ schema, policies: { staticPolicies: named } }));
  if (valid.validationErrors.length > 0) throw new Error(JSON.stringify(valid.validationErrors));
  must(wasm.preparsePolicySet("policies", { staticPolicies: named }));
  must(wasm.preparseSchema("schema", schema));
}

function decide(wasm, principal, action, resource, context) {
  const answer = wasm.statefulIsAuthorized({
    principal: principal.uid,
    action: { type: "Action", id: action },
    resource: resource.uid,
    context,
    entities: [principal, resource],
    preparsedPolicySetId: "policies",
    preparsedSchemaName: "schema",
    validateRequest: true,
  });
  const { decision, diagnostics } = must(answer).response;
  const allowed = decision === "allow" && diagnostics.errors.length === 0;
  return JSON.stringify({ allowed, reasons: [...diagnostics.reason].sort() });
}

function replay(wasm, vectors) {
  let same = 0;
  const different = [];
  for (const { action, resource, context, answers } of vectors.questions) {
    vectors.principals.forEach((principal, number) => {
      const outcome = vectors.outcomes[parseInt(answers.slice(2 * number, 2 * number + 2), 16)];
      const expected = JSON.stringify({ allowed: outcome.allowed, reasons: outcome.reasons });
      const thing = vectors.resources[resource];
      const found = decide(wasm, principal, action, thing, vectors.contexts[context]);
      if (found === expected) same += 1;
      else different.push({ principal, action, thing, expected, found });
    });
  }
  return { same, different: different.length, first: different.slice(0, 3) };
}

const [vectorsAt, policiesAt] = process.argv.slice(2);
const wasm = cedar();
const vectors = await read(vectorsAt);
const published = await read(policiesAt);
if (published.hash !== vectors.policies) throw new Error("These vectors are of other policies.");
prepare(wasm, published.files);
const result = { cedar: wasm.getCedarVersion(), ...replay(wasm, vectors) };
console.log(JSON.stringify(result));
process.exit(result.different === 0 && result.same > 0 ? 0 : 1);
