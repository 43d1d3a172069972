// Random conditions on the keys that the calls of SSM Agent have, or do not have.

import { ACCOUNT, Name, PARTITION, REGION, Text, name, t } from "./text.mjs";

const OWN_ACCOUNT = "123456789012";

export function conditions(random, scope) {
  const block = {};
  for (let count = random.chance(0.25) ? 2 : 1; count > 0; count--) {
    const [operator, key, values] = condition(random, scope);
    block[operator] ??= {};
    block[operator][key] = values;
  }
  return block;
}

function condition(random, scope) {
  const makers = scope.kind === "trust"
    ? [[3, externalId], [3, currentTime]]
    : [
      [4, sourceVpce], [4, sourceVpc], [4, sourceIp], [3, vpcSourceIp], [4, principalArn], [2, principalAccount], [3, requestedRegion],
      [2, flag("aws:SecureTransport")], [2, flag("aws:ViaAWSService")], [4, principalTag], [2, currentTime], [1, epochTime],
      [1, calledVia], [3, instanceArn], [1, ssmInstanceArn], [1, flag("aws:MultiFactorAuthPresent")], [1, mfaAge],
      [2, instanceVpc], [1, instanceAddress], [1, organization], [1, principalType], [1, sourceAccount],
    ];
  let [operator, key, values] = random.weighted(makers)(random, scope);
  // A key that this policy tests with `Null` needs no operator of its type.
  if (random.chance(0.08)) return ["Null", spell(random, key), random.pick([true, false, "true", "false"])];
  if (random.chance(0.2) && !operator.includes(":")) operator += "IfExists";
  if (Array.isArray(values) && values.length === 1 && random.chance(0.5)) values = values[0];
  return [operator, spell(random, key), values];
}

// Names of condition keys are not case-sensitive.
const spell = (random, key) => (random.chance(0.08) ? key.toLowerCase() : key);

const equality = (random, scope) => random.weighted([
  [6, "StringEquals"], [3, "StringNotEquals"], [1, "StringEqualsIgnoreCase"], [1, "StringNotEqualsIgnoreCase"],
  ...(scope.kind === "endpoint" ? [] : [[1, "ForAnyValue:StringEquals"], [1, "ForAllValues:StringEquals"]]),
]);
const arnOperator = (random) => random.weighted([[4, "ArnLike"], [3, "ArnEquals"], [2, "ArnNotLike"], [1, "ArnNotEquals"]]);

function sourceVpce(random, scope) {
  const choices = [[2, ["vpce-0123456789abcdef0"]]];
  if (scope.late && scope.world.network !== "nat") {
    const services = { endpoints: ["Ssm", "Messages"], ssm: ["Ssm"], ssmmessages: ["Messages"] }[scope.world.network];
    choices.push([6, services.map(name)], [2, [name(random.pick(services))]], [1, [name(random.pick(services)), "vpce-0123456789abcdef0"]]);
  }
  // The policy of an endpoint can use no wildcard with identifiers that AWS assigns.
  if (scope.kind === "identity" && random.chance(0.15)) return [random.pick(["StringLike", "StringNotLike"]), "aws:SourceVpce", ["vpce-*"]];
  return [equality(random, scope), "aws:SourceVpce", random.weighted(choices)];
}

function sourceVpc(random, scope) {
  if (scope.kind === "identity" && random.chance(0.1)) return [random.pick(["StringLike", "StringNotLike"]), "aws:SourceVpc", ["vpc-*"]];
  const values = random.weighted([[5, [name("Vpc")]], [2, ["vpc-0123456789abcdef0"]], [1, [name("Vpc"), "vpc-0123456789abcdef0"]], [1, ["${aws:Ec2InstanceSourceVpc}"]]]);
  return [equality(random, scope), "aws:SourceVpc", values];
}

function sourceIp(random, scope) {
  const choices = [[2, ["0.0.0.0/0"]], [2, ["10.0.0.0/8"]], [1, ["192.168.0.0/16", "10.0.0.0/16"]], [1, ["203.0.113.0/24"]], [1, ["52.0.0.0/8"]], [1, [t`${new Name("Vpc.CidrBlock")}`]]];
  if (scope.world.network !== "endpoints") choices.push([4, [name("Address")]], [3, [t`${new Name("Address")}/32`]]);
  return [random.pick(["IpAddress", "IpAddress", "NotIpAddress"]), "aws:SourceIp", random.weighted(choices)];
}

const RANGES = [
  [3, ["10.0.0.0/16"]], [2, ["10.0.1.0/24"]], [2, ["10.1.0.0/16"]], [1, ["10.0.1.0/25"]], [1, ["0.0.0.0/0"]], [1, ["192.168.0.0/16", "10.0.0.0/8"]],
  [1, ["10.0.1.10/32"]], [1, ["10.0.1.10"]], [1, ["10.0.1.0/25", "10.0.1.128/25"]], [2, [name("Vpc.CidrBlock")]],
];

function vpcSourceIp(random) {
  return [random.pick(["IpAddress", "IpAddress", "NotIpAddress"]), "aws:VpcSourceIp", random.weighted(RANGES)];
}

function instanceAddress(random) {
  return ["IpAddress", "aws:Ec2InstanceSourcePrivateIPv4", random.weighted(RANGES)];
}

function principalArn(random, scope) {
  const path = scope.world.role.path ?? "/";
  const role = scope.world.role.name ?? "app";
  const choices = [
    [3, [t`arn:${PARTITION}:iam::${ACCOUNT}:role/*`]],
    [1, ["arn:aws:iam::*:role/*"]],
    [2, [t`arn:aws:iam::${ACCOUNT}:role${path}${role}`]],
    [1, [t`arn:aws:iam::${ACCOUNT}:role/other`]],
    [1, [t`arn:aws:iam::210987654321:role/*`]],
    [1, [t`arn:aws:iam::${ACCOUNT}:user/*`]],
    [1, [t`arn:aws:sts::${ACCOUNT}:assumed-role/${role}/*`]],
    [1, [t`arn:aws:iam::${ACCOUNT}:role${path}*`]],
    [1, [t`arn:aws:iam::${ACCOUNT}:role/app*`]],
  ];
  if (scope.late || scope.kind === "endpoint") choices.push([3, [name("Role.Arn")]]);
  const values = random.weighted(choices);
  const wildcard = values.some((value) => (value instanceof Text ? value.parts : [value]).some((part) => typeof part === "string" && part.includes("*")));
  const operator = random.chance(0.6) ? arnOperator(random) : wildcard ? random.pick(["StringLike", "StringNotLike"]) : random.pick(["StringEquals", "StringNotEquals"]);
  return [operator, "aws:PrincipalArn", values];
}

function principalAccount(random, scope) {
  if (scope.kind === "identity" && random.chance(0.2)) return ["StringLike", "aws:PrincipalAccount", [random.pick(["*", "1234*"])]];
  return [equality(random, scope), "aws:PrincipalAccount", random.weighted([[4, [t`${ACCOUNT}`]], [2, [OWN_ACCOUNT]], [1, ["210987654321"]], [1, ["210987654321", t`${ACCOUNT}`]]])];
}

function requestedRegion(random, scope) {
  if (scope.kind === "identity" && random.chance(0.3)) return [random.pick(["StringLike", "StringNotLike"]), "aws:RequestedRegion", [random.pick(["eu-*", "us-*", "*-central-1"])]];
  const values = random.weighted([[4, [t`${REGION}`]], [2, ["eu-central-1", "eu-west-1"]], [2, ["us-east-1"]], [1, ["${aws:RequestedRegion}"]]]);
  return [equality(random, scope), "aws:RequestedRegion", values];
}

function flag(key) {
  return (random) => ["Bool", key, random.pick([true, false, "true", "false"])];
}

function principalTag(random, scope) {
  const key = `aws:PrincipalTag/${random.pick(["team", "stage"])}`;
  if (scope.kind === "identity" && random.chance(0.15)) return [random.pick(["StringLike", "StringNotLike"]), key, [random.pick(["c*", "*o*", "?ore", "*"])]];
  return [equality(random, scope), key, random.pick([["core"], ["Core"], ["core", "prod"], ["CORE"], ["${aws:PrincipalTag/team}"]])];
}

function currentTime(random) {
  const operator = random.pick(["DateGreaterThan", "DateLessThan", "DateGreaterThanEquals", "DateLessThanEquals", "DateNotEquals", "DateEquals"]);
  return [operator, "aws:CurrentTime", random.pick(["2020-01-01T00:00:00Z", "2099-12-31T23:59:59Z", "2020-06-30T12:00:00Z"])];
}

function epochTime(random) {
  const operator = random.pick(["NumericGreaterThan", "NumericLessThan", "NumericGreaterThanEquals", "NumericLessThanEquals", "NumericNotEquals"]);
  return [operator, "aws:EpochTime", random.pick(["1577836800", "4102444799", 1577836800])];
}

function mfaAge(random) {
  return [random.pick(["NumericLessThan", "NumericGreaterThan"]), "aws:MultiFactorAuthAge", random.pick(["3600", 3600])];
}

function calledVia(random) {
  return [random.pick(["ForAnyValue:StringEquals", "ForAllValues:StringEquals", "ForAnyValue:StringLike", "ForAllValues:StringNotEquals"]), "aws:CalledVia", ["cloudformation.amazonaws.com"]];
}

function instanceArn(random, scope) {
  const choices = [
    [2, t`arn:${PARTITION}:ec2:${REGION}:${ACCOUNT}:instance/*`],
    [1, "arn:aws:ec2:*:*:instance/*"],
    [1, t`arn:aws:ec2:us-east-1:${ACCOUNT}:instance/*`],
    [1, t`arn:aws:ec2:${REGION}:${ACCOUNT}:instance/i-0123456789abcdef0`],
    [1, t`arn:aws:ec2:${REGION}:210987654321:instance/*`],
  ];
  if (scope.late) choices.push([3, t`arn:${PARTITION}:ec2:${REGION}:${ACCOUNT}:instance/${new Name("Node")}`]);
  return [arnOperator(random), "ec2:SourceInstanceARN", [random.weighted(choices)]];
}

function ssmInstanceArn(random) {
  return [arnOperator(random), "ssm:SourceInstanceARN", [random.pick(["arn:aws:ec2:*:*:instance/*", t`arn:aws:ssm:*:${ACCOUNT}:managed-instance/*`])]];
}

function instanceVpc(random, scope) {
  return [equality(random, scope), "aws:Ec2InstanceSourceVpc", random.weighted([[3, [name("Vpc")]], [1, ["vpc-0123456789abcdef0"]], [3, ["${aws:SourceVpc}"]]])];
}

function organization(random, scope) {
  return [equality(random, scope), "aws:PrincipalOrgID", ["o-exampleorg1"]];
}

function principalType(random, scope) {
  return [equality(random, scope), "aws:PrincipalType", random.pick([["AssumedRole"], ["User"], ["AssumedRole", "User"]])];
}

function sourceAccount(random, scope) {
  return [equality(random, scope), "aws:SourceAccount", [t`${ACCOUNT}`]];
}

function externalId(random) {
  return [random.pick(["StringEquals", "StringNotEquals", "StringLike"]), "sts:ExternalId", ["example"]];
}
