// Worlds with verdicts from AWS's pages: they show that the judge reads a request as AWS does.

import { USUAL_TRUST } from "./generate.mjs";
import { judge } from "./judge.mjs";
import { name } from "./text.mjs";

const GRANT = { Effect: "Allow", Action: ["ssm:UpdateInstanceInformation", "ssmmessages:*"], Resource: "*" };
const of = (statement, version = "2012-10-17") => ({ Version: version, Statement: statement });
const inline = (...statements) => [{ form: "inline", document: of(statements) }];
const when = (Condition) => inline({ ...GRANT, Condition });
const unless = (Condition) => inline(GRANT, { Effect: "Deny", Action: "*", Resource: "*", Condition });
const through = (ssm) => ({ ssm: of(ssm), ssmmessages: null });

// [page of AWS's documentation, change to a world that is reachable, verdict]
const FACTS = [
  ["base", {}, "reachable"],
  ["base", { network: "nat", endpoints: {} }, "reachable"],
  // IAM user guide, reference_policies_condition-keys: availability
  ["aws:SourceIp", { identity: when({ IpAddress: { "aws:SourceIp": "0.0.0.0/0" } }) }, "unreachable"],
  ["aws:SourceIp", { network: "nat", endpoints: {}, identity: when({ IpAddress: { "aws:SourceIp": "0.0.0.0/0" } }) }, "reachable"],
  ["aws:SourceIp", { network: "ssm", endpoints: { ssm: null }, identity: when({ IpAddress: { "aws:SourceIp": "0.0.0.0/0" } }) }, "unreachable"],
  ["aws:SourceIp", { network: "nat", endpoints: {}, identity: unless({ NotIpAddress: { "aws:SourceIp": ["0.0.0.0/0"] } }) }, "reachable"],
  ["aws:SourceIp", { network: "nat", endpoints: {}, identity: when({ IpAddress: { "aws:SourceIp": "10.0.0.0/8" } }) }, "unreachable"],
  ["aws:SourceIp", { network: "nat", endpoints: {}, identity: when({ IpAddress: { "aws:SourceIp": name("Address") } }) }, "reachable"],
  ["aws:SourceVpc", { identity: when({ StringEquals: { "aws:SourceVpc": name("Vpc") } }) }, "reachable"],
  ["aws:SourceVpc", { network: "nat", endpoints: {}, identity: unless({ StringNotEquals: { "aws:SourceVpc": name("Vpc") } }) }, "unreachable"],
  ["aws:SourceVpce", { identity: when({ StringEquals: { "aws:SourceVpce": name("Ssm") } }) }, "unreachable"],
  ["aws:VpcSourceIp", { identity: when({ IpAddress: { "aws:VpcSourceIp": "10.0.1.0/24" } }) }, "reachable"],
  ["aws:VpcSourceIp", { identity: when({ IpAddress: { "aws:VpcSourceIp": "10.0.1.0/25" } }) }, "unknown"],
  ["aws:VpcSourceIp", { address: "10.0.1.10", identity: when({ IpAddress: { "aws:VpcSourceIp": "10.0.1.0/25" } }) }, "reachable"],
  ["aws:PrincipalArn", { identity: when({ ArnLike: { "aws:PrincipalArn": name("Role.Arn") } }) }, "reachable"],
  ["aws:PrincipalTag", { role: { tags: { team: "core" } }, identity: when({ StringEquals: { "aws:PrincipalTag/team": "core" } }) }, "reachable"],
  ["aws:PrincipalTag", { identity: when({ StringEquals: { "aws:PrincipalTag/team": "core" } }) }, "unreachable"],
  ["aws:PrincipalOrgID", { identity: when({ StringEquals: { "aws:PrincipalOrgID": "o-exampleorg1" } }) }, "unknown"],
  ["aws:ViaAWSService", { identity: unless({ Bool: { "aws:ViaAWSService": "false" } }) }, "unreachable"],
  ["aws:CalledVia", { identity: when({ "ForAnyValue:StringEquals": { "aws:CalledVia": ["cloudformation.amazonaws.com"] } }) }, "unreachable"],
  ["aws:Ec2InstanceSourceVpc", { identity: unless({ StringNotEquals: { "aws:Ec2InstanceSourceVpc": "${aws:SourceVpc}" } }) }, "reachable"],
  ["aws:MultiFactorAuthPresent", { identity: unless({ Bool: { "aws:MultiFactorAuthPresent": "false" } }) }, "undocumented"],
  // Service authorization reference: Systems Manager, Message Gateway Service
  ["ssm:SourceInstanceARN", { identity: when({ ArnLike: { "ssm:SourceInstanceARN": "arn:aws:ec2:*:*:instance/*" } }) }, "unreachable"],
  ["ec2:SourceInstanceARN", { identity: when({ ArnLike: { "ec2:SourceInstanceARN": "arn:aws:ec2:*:*:instance/*" } }) }, "reachable"],
  ["resources of ssmmessages", { identity: inline({ ...GRANT, Resource: "arn:aws:ec2:*:*:instance/*" }) }, "unreachable"],
  ["resource of ssm", { identity: inline({ ...GRANT, Action: "ssmmessages:*" }, { ...GRANT, Action: "ssm:*", Resource: "arn:aws:ec2:*:*:instance/*" }) }, "reachable"],
  // IAM user guide, reference_policies_elements_condition_operators: keys that are absent
  ["IfExists", { identity: when({ IpAddressIfExists: { "aws:SourceIp": "203.0.113.0/24" } }) }, "reachable"],
  ["negated operators", { identity: unless({ NotIpAddress: { "aws:SourceIp": "10.0.0.0/8" } }) }, "unreachable"],
  ["ForAllValues", { identity: when({ "ForAllValues:StringEquals": { "aws:CalledVia": ["cloudformation.amazonaws.com"] } }) }, "reachable"],
  // IAM user guide, reference_policies_elements_version
  ["version", { identity: [{ form: "inline", document: of([{ ...GRANT, Condition: { StringEquals: { "aws:RequestedRegion": "${aws:RequestedRegion}" } } }]) }] }, "reachable"],
  ["version", { identity: [{ form: "inline", document: of([{ ...GRANT, Condition: { StringEquals: { "aws:RequestedRegion": "${aws:RequestedRegion}" } } }], "2008-10-17") }] }, "unreachable"],
  // IAM user guide, access_policies_boundaries
  ["boundary", { boundary: { document: of([{ ...GRANT, Action: "ssm:*" }]) } }, "unreachable"],
  ["boundary", { boundary: { name: "PowerUserAccess" } }, "reachable"],
  ["managed policy", { identity: [{ form: "aws", name: "CloudWatchAgentServerPolicy" }] }, "unreachable"],
  // PrivateLink guide, vpc-endpoints-access
  ["endpoint policy", { endpoints: through([{ Effect: "Deny", Principal: "*", Action: "s3:*", Resource: "*" }]) }, "unreachable"],
  ["endpoint policy", { endpoints: through([{ ...GRANT, Principal: { AWS: "123456789012" } }]) }, "reachable"],
  ["endpoint policy", { endpoints: through([{ ...GRANT, Principal: { AWS: name("Role.Arn") } }]) }, "reachable"],
  ["endpoint policy", { endpoints: through([{ ...GRANT, Principal: { AWS: "210987654321" } }]) }, "unreachable"],
  ["endpoint policy", { endpoints: through([{ ...GRANT, Principal: "*" }, { ...GRANT, Effect: "Deny", NotPrincipal: { AWS: "210987654321" } }]) }, "unreachable"],
  // IAM user guide, reference_policies_elements_principal and id_roles_create_for-user_externalid
  ["trust", { trust: of([{ Effect: "Allow", Principal: { Service: "ssm.amazonaws.com" }, Action: "sts:AssumeRole" }]) }, "unreachable"],
  ["trust", { trust: of([{ ...USUAL_TRUST.Statement[0], Condition: { StringEquals: { "sts:ExternalId": "example" } } }]) }, "unreachable"],
];

/** Fails if the judge disagrees with a page. */
export async function selfTest() {
  const base = {
    seed: 0, network: "endpoints", account: true, address: null, role: { tags: {} }, trust: USUAL_TRUST,
    identity: inline(GRANT), boundary: null, endpoints: { ssm: null, ssmmessages: null },
  };
  const wrong = [];
  for (const [page, change, expected] of FACTS) {
    const { verdict } = await judge({ ...base, ...change });
    if (verdict !== expected) wrong.push(`${page}: ${verdict}, expected ${expected}: ${JSON.stringify(change)}`);
  }
  if (wrong.length) {
    console.error(`the judge contradicts AWS's documentation:\n${wrong.join("\n")}`);
    process.exit(1);
  }
  console.log(`${FACTS.length} facts of AWS's documentation hold`);
}
