// Compares the program with the simulator on random worlds. README.md describes the options.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { OWN_ACCOUNT, OWN_REGION, generate } from "./generate.mjs";
import { selfTest } from "./facts.mjs";
import { judge } from "./judge.mjs";
import { keys, kind, shrink } from "./shrink.mjs";
import { write } from "./template.mjs";

const USAGE = "usage: tests/referee/policies/run (--ci | --seeds N [--start S]) [--save DIR] [--unknown] [--max-unknown PERCENT] [--quiet] PROGRAM";
const CI_SEEDS = 600;
const WORKERS = 2;
// Disagreements of one class that become small examples; the others only count.
const EXAMPLES = 300;

let options;
try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seeds: { type: "string" }, start: { type: "string", default: "0" }, save: { type: "string" },
      ci: { type: "boolean" }, unknown: { type: "boolean" }, quiet: { type: "boolean" }, "max-unknown": { type: "string" }, show: { type: "string" },
    },
  });
  options = { ...values, program: positionals[0], count: Number(values.ci ? CI_SEEDS : values.seeds), first: Number(values.start) };
  if (positionals.length !== 1 || !(Number.isInteger(options.count) || values.show) || !Number.isInteger(options.first)) throw new Error("");
} catch (error) {
  console.error(`${error.message ? `${error.message}\n` : ""}${USAGE}`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "referee-policies-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

function command(world, file) {
  return ["check", file, "-f", "json", "--region", OWN_REGION, ...(world.account ? ["--account", OWN_ACCOUNT] : [])];
}

process.on("uncaughtException", (error) => {
  console.error(error.message);
  process.exit(2);
});

let files = 0;
/** What the program says about the one instance. */
async function ask(world, plain) {
  const file = join(folder, `${files++}.yaml`);
  writeFileSync(file, write(world, plain));
  const { status, stdout, stderr } = await new Promise((done, fail) => {
    const child = spawn(options.program, command(world, file), { stdio: ["ignore", "pipe", "pipe"] });
    const output = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"]) child[stream].on("data", (data) => { output[stream] += data; });
    child.on("error", () => fail(new Error(`cannot run ${options.program}`)));
    child.on("close", (status) => done({ status, ...output }));
  });
  rmSync(file);
  let report;
  try {
    report = JSON.parse(stdout);
  } catch {
    return { verdict: `no report: exit ${status}, ${stderr.trim().split("\n")[0]}` };
  }
  const node = report.instances.find(({ id }) => id === "Node");
  if (report.instances.length !== 1 || !node) return { verdict: `no verdict for the instance` };
  const hop = node.hops.find((hop) => hop.hop === node.failing_hop) ?? node.hops.find((hop) => hop.verdict !== "pass");
  return { verdict: node.verdict, hop: node.failing_hop, detail: hop?.detail };
}

/** The class of a comparison: `agreed`, or the name of a disagreement. */
function compare(truth, said) {
  if (!["reachable", "unreachable", "unknown"].includes(said.verdict)) return "error";
  if (truth.verdict === "undocumented") return said.verdict === "unknown" ? "undocumented" : `undocumented, called ${said.verdict}`;
  if (said.verdict === truth.verdict) {
    const hops = new Set(truth.failures.map((failure) => failure.split(" ")[0]));
    return said.verdict === "unreachable" && !hops.has(said.hop) ? "other hop" : "agreed";
  }
  if (said.verdict === "unknown") return truth.assigned ? "unknown by assigned ID" : "unknown";
  if (truth.verdict === "unknown") return `undecided, called ${said.verdict}`;
  return `wrong ${said.verdict}`;
}

const WRONG = (name) => name.startsWith("wrong ") || name.startsWith("undecided") || name === "error" || name === "other hop";

async function example(world, name) {
  const same = async (candidate, plain) => compare(await judge(candidate), await ask(candidate, plain)) === name;
  const small = await shrink(world, (candidate) => same(candidate, false));
  const plain = await same(small, true);
  const smallest = plain ? await shrink(small, (candidate) => same(candidate, true)) : small;
  return { world: smallest, plain };
}

const REASON = {
  reachable: () => "AWS allows every call",
  unreachable: ({ failures }) => `AWS denies ${failures.join(", ")}`,
  unknown: ({ failures }) => `the file does not decide ${failures.join(", ")}`,
};

function save(world, plain, truth, said, name) {
  mkdirSync(options.save, { recursive: true });
  const file = `policies-${world.seed}.${plain ? "json" : "yaml"}`;
  writeFileSync(join(options.save, file), write(world, plain));
  const list = join(options.save, "cases.json");
  const cases = existsSync(list) ? JSON.parse(readFileSync(list)) : [];
  cases.push({
    files: [file],
    run: command(world, file),
    instances: { Node: truth.assigned ? [truth.verdict, "unknown"] : [truth.verdict] },
    hops: truth.verdict === "unreachable" ? [...new Set(truth.failures.map((failure) => failure.split(" ")[0]))] : [],
    note: `${kind(world)}. ${REASON[truth.verdict](truth)}. Found as: ${name}, seed ${world.seed}`,
    kind: "policies",
  });
  writeFileSync(list, `${JSON.stringify(cases, null, 1)}\n`);
}

if (options.show) {
  const world = generate(Number(options.show));
  console.log(write(world), JSON.stringify(await judge(world)), JSON.stringify(await ask(world, false)));
  process.exit(0);
}

if (options.ci) await selfTest();
const counts = new Map();
const verdicts = new Map();
const kinds = new Map();
let next = options.first;
const began = Date.now();
await Promise.all(Array.from({ length: WORKERS }, async () => {
  while (next < options.first + options.count) {
    const seed = next++;
    const world = generate(seed);
    const [truth, said] = [await judge(world), await ask(world, false)];
    const name = compare(truth, said);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    verdicts.set(truth.verdict, (verdicts.get(truth.verdict) ?? 0) + 1);
    if (!(WRONG(name) || (options.unknown && name === "unknown"))) continue;
    if (counts.get(name) > EXAMPLES) continue;
    const found = await example(world, name);
    // For `unknown`, the keys are enough: their operators make hundreds of kinds.
    const key = `${name}: ${name === "unknown" ? keys(found.world) : kind(found.world)}`;
    const entry = kinds.get(key) ?? { count: 0, seed, ...found };
    entry.count++;
    kinds.set(key, entry);
    if (options.save) {
      // The judge and the program see the saved world, which is smaller than the one of the seed.
      save(found.world, found.plain, await judge(found.world), await ask(found.world, found.plain), name);
    }
  }
}));

const print = (map) => [...map].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${name} ${count}`).join(", ");
for (const [key, { count, seed, world, plain }] of [...kinds].sort((a, b) => b[1].count - a[1].count)) {
  console.log(`${count}x ${key} (seed ${seed})`);
  if (options.quiet) continue;
  const said = await ask(world, plain);
  const truth = await judge(world);
  console.log(`  program: ${said.verdict}, ${said.hop}: ${said.detail}`);
  console.log(`  simulator: ${REASON[truth.verdict]?.(truth) ?? truth.verdict}`);
  const template = write(world, plain);
  const shown = plain ? policies(JSON.parse(template)) : template;
  console.log(shown.replace(/^/gm, "  | "));
}
console.log(`${options.count} worlds from seed ${options.first} in ${Math.round((Date.now() - began) / 1000)} s; by the simulator: ${print(verdicts)}`);
console.log(print(counts));
const share = (100 * (counts.get("unknown") ?? 0)) / options.count;
console.log(`${share.toFixed(1)}% unknown where the file decides`);
const limit = options["max-unknown"] === undefined ? Infinity : Number(options["max-unknown"]);
if ([...counts.keys()].some(WRONG) || !(share <= limit)) process.exit(1);

/** The resources that matter, one a line. */
function policies({ Resources, ...rest }) {
  const lines = Object.entries(rest).filter(([key]) => key !== "AWSTemplateFormatVersion").map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  for (const [id, { Type, Properties }] of Object.entries(Resources)) {
    if (Type.startsWith("AWS::IAM::") && Type !== "AWS::IAM::InstanceProfile") lines.push(`${id}: ${JSON.stringify(Properties)}`);
    if (Type === "AWS::EC2::VPCEndpoint") lines.push(`${id}: ${JSON.stringify(Properties.PolicyDocument ?? "default policy")}`);
    if (Type === "AWS::EC2::NatGateway") lines.push(`${id}: NAT gateway`);
  }
  return lines.join("\n");
}
