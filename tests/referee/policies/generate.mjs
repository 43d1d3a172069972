// Random worlds: one instance in a correct network, and random policies around the calls of SSM Agent.
//
// A world is data, so that `shrink.mjs` can make it smaller. `template.mjs` writes it as CloudFormation.

import { conditions } from "./conditions.mjs";
import { Random } from "./random.mjs";
import { ACCOUNT, Name, PARTITION, REGION, t } from "./text.mjs";

export const OWN_ACCOUNT = "123456789012";
export const OWN_REGION = "eu-central-1";
// Identifiers that policies spell out. AWS assigns identifiers, so no new resource has them.
export const LITERAL = { vpc: "vpc-0123456789abcdef0", endpoint: "vpce-0123456789abcdef0", instance: "i-0123456789abcdef0" };

export const CALLS = [
  "ssm:UpdateInstanceInformation",
  "ssmmessages:CreateControlChannel",
  "ssmmessages:CreateDataChannel",
  "ssmmessages:OpenControlChannel",
  "ssmmessages:OpenDataChannel",
];
const SESSION_CALLS = CALLS.slice(1);
const ENOUGH = ["AmazonSSMManagedInstanceCore", "AmazonSSMManagedEC2InstanceDefaultPolicy", "service-role/AmazonEC2RoleforSSM",
  "AmazonSSMFullAccess", "PowerUserAccess", "AdministratorAccess", "AWSCloud9SSMInstanceProfile"];
const NOT_ENOUGH = ["CloudWatchAgentServerPolicy", "AmazonS3ReadOnlyAccess", "AmazonSSMPatchAssociation"];

export function generate(seed) {
  const random = new Random(seed);
  const world = {
    seed,
    // `endpoints`: both services through endpoints; `nat`: none; else only the named service.
    network: random.weighted([[5, "endpoints"], [3, "nat"], [1, "ssm"], [1, "ssmmessages"]]),
    account: random.chance(0.85),
    address: random.chance(0.3) ? "10.0.1.10" : null,
    role: role(random),
  };
  world.trust = trust(random);
  world.identity = identity(random, world);
  world.boundary = boundary(random, world);
  world.endpoints = {};
  for (const service of endpoints(world)) {
    world.endpoints[service] = random.chance(0.4) ? endpointPolicy(random, world, service) : null;
  }
  return world;
}

export function endpoints(world) {
  return { endpoints: ["ssm", "ssmmessages"], nat: [], ssm: ["ssm"], ssmmessages: ["ssmmessages"] }[world.network];
}

function role(random) {
  const it = {};
  if (random.chance(0.5)) it.name = random.pick(["app", "app-node", "web"]);
  if (random.chance(0.25)) it.path = random.pick(["/", "/team/", "/service/nodes/"]);
  it.tags = {};
  for (const key of ["team", "stage"]) {
    if (random.chance(0.35)) it.tags[key] = random.pick(["core", "Core", "prod"]);
  }
  return it;
}

// Trust

export const USUAL_TRUST = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
};

function trust(random) {
  if (random.chance(0.75)) return USUAL_TRUST;
  const statements = [];
  for (let count = 1 + random.below(2); count > 0; count--) {
    const statement = {
      Effect: "Allow",
      Principal: random.weighted([
        [5, { Service: "ec2.amazonaws.com" }],
        [3, { Service: ["ec2.amazonaws.com", "ssm.amazonaws.com"] }],
        [1, { Service: ["lambda.amazonaws.com", "ssm.amazonaws.com"] }],
        [1, { Service: "ssm.amazonaws.com" }],
        [1, { AWS: t`arn:${PARTITION}:iam::${ACCOUNT}:root` }],
        [2, { AWS: OWN_ACCOUNT, Service: "ec2.amazonaws.com" }],
      ]),
      Action: random.weighted([
        [5, "sts:AssumeRole"],
        [2, ["sts:AssumeRole", "sts:TagSession"]],
        [1, "sts:*"],
        [1, "sts:Assume*"],
        [1, "STS:assumerole"],
        [1, "sts:AssumeRoleWithSAML"],
        [1, "sts:TagSession"],
      ]),
    };
    if (random.chance(0.3)) statement.Condition = conditions(random, { kind: "trust" });
    statements.push(statement);
  }
  if (random.chance(0.25)) {
    const statement = {
      Effect: "Deny",
      Principal: random.pick([{ Service: "ec2.amazonaws.com" }, { Service: "ssm.amazonaws.com" }]),
      Action: random.pick(["sts:AssumeRole", "sts:*", "sts:TagSession"]),
    };
    if (random.chance(0.6)) statement.Condition = conditions(random, { kind: "trust" });
    statements.push(statement);
  }
  return document(random, statements);
}

// Identity policies and boundaries

function identity(random, world) {
  const policies = [];
  const custom = (statements) => {
    const form = random.weighted([[4, "inline"], [2, "attached"], [2, "policy"], [1, "role-policy"], [2, "managed"]]);
    const late = !["inline", "attached"].includes(form);
    policies.push({ form, document: document(random, statements({ kind: "identity", late, world })) });
  };
  const base = random.weighted([[4, "aws"], [6, "custom"], [1, "none"]]);
  if (base === "aws") policies.push({ form: "aws", name: random.pick(ENOUGH) });
  if (base === "custom") custom((scope) => grants(random, scope));
  if (random.chance(0.3)) policies.push({ form: "aws", name: random.pick(NOT_ENOUGH) });
  if (random.chance(0.25)) custom((scope) => [allow(random, scope)]);
  if (random.chance(0.45)) custom((scope) => denials(random, scope));
  return random.shuffle(policies);
}

function boundary(random, world) {
  if (random.chance(0.7)) return null;
  if (random.chance(0.3)) return { name: random.pick([...ENOUGH, ...NOT_ENOUGH]) };
  const scope = { kind: "identity", late: false, world };
  return { document: document(random, [...grants(random, scope), ...(random.chance(0.35) ? denials(random, scope) : [])]) };
}

/** Statements that usually allow all calls. */
function grants(random, scope) {
  const action = random.weighted([
    [4, () => [{ Action: list(random, CALLS) }]],
    [3, () => [{ Action: "ssm:UpdateInstanceInformation", split: true }, { Action: list(random, SESSION_CALLS) }]],
    [2, () => [{ Action: ["ssm:*", "ssmmessages:*"] }]],
    [2, () => [{ Action: "ssm:Update*", split: true }, { Action: ["ssmmessages:Create*", "ssmmessages:Open*"] }]],
    [1, () => [{ Action: ["ssm:UpdateInstanceInformation", "ssmmessages:*Channel"] }]],
    [1, () => [{ Action: ["ssm:Update?nstance*", "ssmmessages:????*ControlChannel", "ssmmessages:*Data*"] }]],
    [1, () => [{ Action: "*" }]],
    [1, () => [{ Action: ["ssm:*", "ssmmessages:*", "ec2messages:*"] }]],
    [2, () => [{ NotAction: random.pick([["iam:*", "s3:*"], "iam:*", ["organizations:*", "account:*"], ["ssm:GetParameter*", "ec2:*"]]) }]],
    [1, () => [{ Action: list(random, random.sample(CALLS, 4)) }]],
  ])();
  return action.map(({ split, ...element }) => {
    const statement = { Effect: "Allow", ...element, ...resources(random, scope, split) };
    if (random.chance(0.3)) statement.Condition = conditions(random, scope);
    return statement;
  });
}

function allow(random, scope) {
  const statement = { Effect: "Allow", Action: actions(random), ...resources(random, scope, random.chance(0.3)) };
  if (random.chance(0.4)) statement.Condition = conditions(random, scope);
  return statement;
}

function denials(random, scope) {
  const statements = [];
  for (let count = 1 + random.below(2); count > 0; count--) {
    const element = random.chance(0.2)
      ? { NotAction: random.pick([["ssm:*", "ssmmessages:*"], CALLS, ["ssm:*"], ["ssmmessages:*", "ssm:UpdateInstance*", "s3:*"], "ssm:*"]) }
      : { Action: actions(random) };
    const statement = { Effect: "Deny", ...element, ...resources(random, scope, random.chance(0.4)) };
    if (random.chance(0.7)) statement.Condition = conditions(random, scope);
    statements.push(statement);
  }
  return statements;
}

function actions(random) {
  return random.weighted([
    [2, "*"],
    [2, "ssm:*"],
    [2, "ssmmessages:*"],
    [2, random.pick(CALLS)],
    [2, random.sample(CALLS, 2)],
    [1, "ssmmessages:Open*"],
    [1, "ssm:Get*"],
    [1, ["s3:*", "ec2:Describe*"]],
    [1, ["ssm:SendCommand", "ssm:StartSession"]],
    [1, ["iam:*", "ssm:Up*Info*"]],
  ]);
}

/** Spells a list of actions in one of the ways that IAM treats alike. */
function list(random, items) {
  return random.shuffle(items).map((item) => random.weighted([[17, item], [2, item.toLowerCase()], [1, item.toUpperCase()]]));
}

/** `Resource` or `NotResource`. `byArn`: the statement may name instances. */
function resources(random, scope, byArn) {
  if (!byArn || random.chance(0.45)) {
    if (random.chance(0.04)) return { NotResource: t`arn:${PARTITION}:s3:::bucket/*` };
    return { Resource: random.chance(0.2) ? ["*"] : "*" };
  }
  const arns = [instanceArn(random, scope)];
  if (random.chance(0.25)) arns.push(instanceArn(random, scope));
  const value = arns.length === 1 && random.chance(0.6) ? arns[0] : arns;
  return random.chance(0.2) ? { NotResource: value } : { Resource: value };
}

// The resource of `ssm:UpdateInstanceInformation` is the instance, by the service authorization reference. The calls of
// `ssmmessages` have none, so a statement about an ARN says nothing about them.
function instanceArn(random, scope) {
  const choices = [
    [3, t`arn:${PARTITION}:ec2:${REGION}:${ACCOUNT}:instance/*`],
    [3, "arn:aws:ec2:*:*:instance/*"],
    [2, t`arn:aws:ec2:*:${ACCOUNT}:instance/*`],
    [1, `arn:aws:ec2:${OWN_REGION}:${OWN_ACCOUNT}:instance/*`],
    [1, t`arn:aws:ec2:${REGION}:${ACCOUNT}:instance/i-*`],
    [1, t`arn:aws:ec2:eu-*:${ACCOUNT}:instance/*`],
    [1, "arn:*:ec2:*:*:instance/*"],
    [1, `arn:aws:ec2:eu-central-?:${OWN_ACCOUNT}:*`],
    [1, t`arn:aws:ec2:us-east-1:${ACCOUNT}:instance/*`],
    [1, t`arn:${PARTITION}:ec2:${REGION}:210987654321:instance/*`],
    [1, "arn:aws-cn:ec2:*:*:instance/*"],
    [1, t`arn:aws:ec2:${REGION}:${ACCOUNT}:instance/${LITERAL.instance}`],
    [1, t`arn:aws:ssm:*:${ACCOUNT}:managed-instance/*`],
    [1, t`arn:aws:ec2:*:${ACCOUNT}:volume/*`],
    [1, "arn:aws:s3:::bucket/*"],
  ];
  if (scope.late) choices.push([4, t`arn:${PARTITION}:ec2:${REGION}:${ACCOUNT}:instance/${new Name("Node")}`]);
  return random.weighted(choices);
}

// Endpoint policies

function endpointPolicy(random, world, service) {
  const scope = { kind: "endpoint", late: false, world };
  const statements = [];
  const grant = random.weighted([
    [4, { Action: "*" }],
    [3, { Action: `${service}:*` }],
    [2, { Action: list(random, CALLS) }],
    [2, { Action: list(random, CALLS.filter((call) => call.startsWith(`${service}:`))) }],
    [1, { Action: service === "ssm" ? "ssm:Update*" : ["ssmmessages:Create*", "ssmmessages:Open*"] }],
    [1, { Action: service === "ssm" ? ["ssm:GetParameter*", "ssm:Describe*"] : ["ssmmessages:Create*"] }],
    [1, { NotAction: random.pick(["s3:*", ["ssm:SendCommand"], ["ssmmessages:OpenDataChannel"]]) }],
  ]);
  const statement = { Effect: "Allow", Principal: principal(random, world), ...grant, ...resources(random, scope, random.chance(0.25)) };
  if (random.chance(0.35)) statement.Condition = conditions(random, scope);
  statements.push(statement);
  if (random.chance(0.2)) {
    const more = { Effect: "Allow", Principal: principal(random, world), Action: actions(random), Resource: "*" };
    if (random.chance(0.4)) more.Condition = conditions(random, scope);
    statements.push(more);
  }
  if (random.chance(0.35)) {
    const who = random.chance(0.12)
      ? { NotPrincipal: { AWS: random.pick(["210987654321", "arn:aws:iam::210987654321:root"]) } }
      : { Principal: principal(random, world) };
    const deny = { Effect: "Deny", ...who, Action: actions(random), ...resources(random, scope, random.chance(0.25)) };
    if (random.chance(0.75)) deny.Condition = conditions(random, scope);
    statements.push(deny);
  }
  return document(random, random.shuffle(statements));
}

function principal(random, world) {
  const choices = [
    [6, "*"],
    [3, { AWS: "*" }],
    [2, { AWS: t`arn:${PARTITION}:iam::${ACCOUNT}:root` }],
    [1, { AWS: OWN_ACCOUNT }],
    [1, { AWS: t`${ACCOUNT}` }],
    [3, { AWS: t`${new Name("Role.Arn")}` }],
    [1, { AWS: [t`arn:aws:iam::${ACCOUNT}:role/other`, t`${new Name("Role.Arn")}`] }],
    [1, { AWS: t`arn:aws:iam::${ACCOUNT}:role/other` }],
    [1, { AWS: "arn:aws:iam::210987654321:root" }],
    [1, { Service: "ec2.amazonaws.com" }],
  ];
  if (world.role.name && (world.role.path ?? "/") === "/") choices.push([2, { AWS: t`arn:aws:iam::${ACCOUNT}:role/${world.role.name}` }]);
  return random.weighted(choices);
}

function document(random, statements) {
  // Without a version, IAM reads 2008-10-17, which has no policy variables.
  const version = random.weighted([[20, "2012-10-17"], [1, "2008-10-17"], [1, null]]);
  const it = version ? { Version: version } : {};
  it.Statement = statements.length === 1 && random.chance(0.2) ? statements[0] : statements;
  if (Array.isArray(it.Statement) && random.chance(0.2)) it.Statement = it.Statement.map((one, index) => ({ Sid: `S${index}`, ...one }));
  return it;
}
