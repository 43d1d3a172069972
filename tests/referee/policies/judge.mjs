// The verdict of an independent IAM simulator. README.md lists the condition keys with AWS's pages.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { CALLS, LITERAL, OWN_ACCOUNT, OWN_REGION, endpoints } from "./generate.mjs";
import { resolve } from "./text.mjs";

// run installs the package outside the sources.
const { runSimulation } = createRequire(`${process.env.REFEREE_MODULES ?? process.cwd()}/`)("@cloud-copilot/iam-simulate");
const MANAGED = JSON.parse(readFileSync(new URL("managed.json", import.meta.url)));

/** Values that only a deployment decides. A verdict that differs between them is not in the file. */
const DEPLOYMENTS = [
  { vpc: "vpc-0f1e2d3c4b5a69788", ssm: "vpce-0f1e2d3c4b5a69700", messages: "vpce-0f1e2d3c4b5a69711", node: "i-0f1e2d3c4b5a69799",
    address: "10.0.1.4", nat: "3.120.7.9", stack: "app", account: OWN_ACCOUNT, organization: null },
  { vpc: "vpc-0a9b8c7d6e5f40312", ssm: "vpce-0a9b8c7d6e5f40322", messages: "vpce-0a9b8c7d6e5f40333", node: "i-0a9b8c7d6e5f40344",
    address: "10.0.1.254", nat: "52.59.8.1", stack: "nodes", account: "444455556666", organization: "o-exampleorg1" },
  { vpc: "vpc-0123987645deadbee", ssm: "vpce-0123987645deadbe1", messages: "vpce-0123987645deadbe2", node: "i-0123987645deadbee",
    address: "10.0.1.77", nat: "18.195.3.44", stack: "app-blue", account: "210987654321", organization: "o-otherorgan2" },
];
// AWS assigns these identifiers, so the file decides that a new resource does not have them. A program can still call it unknown.
const ASSIGNED = { vpc: LITERAL.vpc, ssm: LITERAL.endpoint, messages: LITERAL.endpoint, node: LITERAL.instance };

/**
 * The verdict, and why: `reachable`, `unreachable`, or `unknown` if the file does not decide.
 * `undocumented`: AWS's pages contradict each other. `assigned`: an identifier that AWS assigns decides.
 */
export async function judge(world) {
  const seen = new Map();
  const decide = async (deployment, mfa) => {
    const request = new Request(world, deployment, mfa);
    const key = request.key();
    if (!seen.has(key)) seen.set(key, request.failures());
    return seen.get(key);
  };
  const outcomes = [];
  const denied = new Set();
  for (const deployment of DEPLOYMENTS) {
    const failures = await decide(deployment, "false");
    // The user guide says that the key is present for roles, and in its examples that it is absent without MFA.
    const other = await decide(deployment, null);
    if ((failures.length === 0) !== (other.length === 0)) return { verdict: "undocumented", failures: [] };
    outcomes.push(failures);
    for (const failure of [...failures, ...other]) denied.add(failure);
  }
  const reached = outcomes.filter((failures) => failures.length === 0).length;
  const assigned = (await decide({ ...DEPLOYMENTS[0], ...ASSIGNED }, "false")).length === 0 !== (outcomes[0].length === 0);
  const verdict = reached === outcomes.length ? "reachable" : reached ? "unknown" : "unreachable";
  return { verdict, assigned, failures: [...denied] };
}

class Request {
  constructor(world, deployment, mfa) {
    const account = world.account ? OWN_ACCOUNT : deployment.account;
    const name = world.role.name ?? `${deployment.stack}-Role-1EXAMPLE2`;
    const role = `arn:aws:iam::${account}:role${world.role.path ?? "/"}${name}`;
    const address = world.address ?? deployment.address;
    const names = {
      "AWS::Partition": "aws", "AWS::Region": OWN_REGION, "AWS::AccountId": account, Vpc: deployment.vpc, "Vpc.CidrBlock": "10.0.0.0/16",
      Ssm: deployment.ssm, Messages: deployment.messages, Node: deployment.node, "Role.Arn": role, Address: deployment.nat,
    };
    this.account = account;
    this.role = role;
    this.session = `arn:aws:sts::${account}:assumed-role/${name}/${deployment.node}`;
    this.instance = `arn:aws:ec2:${OWN_REGION}:${account}:instance/${deployment.node}`;
    const identity = world.identity.map((policy, index) => ({ name: `p${index}`, policy: policy.name ? MANAGED[policy.name] : plain(resolve(policy.document, names)) }));
    this.identity = identity;
    this.boundary = world.boundary && [{ name: "boundary", policy: world.boundary.name ? MANAGED[world.boundary.name] : plain(resolve(world.boundary.document, names)) }];
    this.trust = plain(resolve(world.trust, names));
    this.endpoints = Object.fromEntries(Object.entries(world.endpoints).map(([service, policy]) => [service, policy && plain(resolve(policy, names))]));
    const always = {
      "aws:PrincipalArn": role,
      "aws:PrincipalAccount": account,
      "aws:PrincipalType": "AssumedRole",
      "aws:userid": `AROAEXAMPLEEXAMPLE123:${deployment.node}`,
      "aws:RequestedRegion": OWN_REGION,
      "aws:SecureTransport": "true",
      "aws:ViaAWSService": "false",
      "aws:PrincipalIsAWSService": "false",
      "aws:CurrentTime": "2027-01-15T10:00:00Z",
      "aws:EpochTime": "1800007200",
      "aws:Ec2InstanceSourceVpc": deployment.vpc,
      "aws:Ec2InstanceSourcePrivateIPv4": address,
      "ec2:SourceInstanceARN": this.instance,
    };
    if (mfa !== null) always["aws:MultiFactorAuthPresent"] = mfa;
    if (deployment.organization) always["aws:PrincipalOrgID"] = deployment.organization;
    for (const [key, value] of Object.entries(world.role.tags)) always[`aws:PrincipalTag/${key}`] = value;
    this.context = {};
    for (const service of ["ssm", "ssmmessages"]) {
      const endpoint = endpoints(world).includes(service) && { ssm: deployment.ssm, ssmmessages: deployment.messages }[service];
      this.context[service] = endpoint
        ? { ...always, "aws:SourceVpce": endpoint, "aws:SourceVpc": deployment.vpc, "aws:VpcSourceIp": address }
        : { ...always, "aws:SourceIp": deployment.nat };
    }
    this.trustContext = { "aws:CurrentTime": always["aws:CurrentTime"], "aws:EpochTime": always["aws:EpochTime"] };
  }

  /** Requests with the same key have the same outcome. */
  key() {
    const policies = JSON.stringify([this.identity, this.boundary, this.trust, this.endpoints]);
    const searched = policies.toLowerCase();
    const context = (keys) => Object.entries(keys).filter(([key]) => searched.includes(key.toLowerCase()));
    return JSON.stringify([policies, context(this.context.ssm), context(this.context.ssmmessages), searched.includes("arn:") && [this.instance, this.session]]);
  }

  /** The calls that AWS denies, as `hop call`. */
  async failures() {
    const failures = [];
    const trust = await simulate({
      request: { principal: "ec2.amazonaws.com", action: "sts:AssumeRole", resource: { resource: this.role, accountId: this.account }, contextVariables: this.trustContext },
      identityPolicies: [], resourcePolicy: this.trust,
    });
    if (trust.result !== "Allowed") failures.push("role-trust sts:AssumeRole");
    for (const call of CALLS) {
      const service = call.split(":")[0];
      const request = {
        principal: this.session,
        action: call,
        resource: { resource: service === "ssm" ? this.instance : "*", accountId: this.account },
        contextVariables: this.context[service],
      };
      const identity = await simulate({ request, identityPolicies: this.identity, permissionBoundaryPolicies: this.boundary ?? undefined });
      if (identity.result !== "Allowed") failures.push(`role-permissions ${call}`);
      const policy = this.endpoints[service];
      if (!policy) continue;
      // The simulator reads no `Principal` in `vpcEndpointPolicies`, so it gets the policy as one of a resource. Only the
      // statements count: an endpoint policy must allow the call, whatever the identity has.
      const endpoint = await simulate({ request, identityPolicies: ALLOW_ALL, resourcePolicy: policy });
      if (!["Allowed", "AllowedForAccount"].includes(endpoint.resourceAnalysis.result)) failures.push(`endpoint-policy ${call}`);
    }
    return failures;
  }
}

const ALLOW_ALL = [{ name: "all", policy: { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] } }];

async function simulate(input) {
  const outcome = await runSimulation({ serviceControlPolicies: [], resourceControlPolicies: [], ...input }, {});
  if (outcome.resultType !== "single") throw new Error(`the simulator refuses ${JSON.stringify(input)}: ${JSON.stringify(outcome.errors ?? outcome)}`);
  if (outcome.result.ignoredContextKeys?.length) throw new Error(`the simulator ignores ${outcome.result.ignoredContextKeys}`);
  return outcome.result.analysis;
}

/**
 * The document for the simulator, which differs from AWS in three ways. It replaces variables in every version of the
 * language, AWS only in 2012-10-17: `${$}` stands for `$`. Its `IpAddress` finds no address in `0.0.0.0/0`: the two halves
 * are the same range. It wants strings where a template may have other scalars.
 */
function plain(document) {
  const escape = document.Version !== "2012-10-17";
  const walk = (value) => {
    if (value === "0.0.0.0/0") return ["0.0.0.0/1", "128.0.0.0/1"];
    if (typeof value === "string") return escape ? value.replaceAll("${", "${$}{") : value;
    if (typeof value === "boolean" || typeof value === "number") return String(value);
    if (Array.isArray(value)) return value.flatMap(walk);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item)]));
  };
  return walk(document);
}
