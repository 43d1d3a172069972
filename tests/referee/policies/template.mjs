// Writes a world as a CloudFormation template, in one of many spellings.

import { endpoints } from "./generate.mjs";
import { Random } from "./random.mjs";
import { Name, Text, name, t } from "./text.mjs";

/** The template as a string, in JSON or YAML. `plain` writes JSON without variation. */
export function write(world, plain = false) {
  const random = new Random(world.seed + 7919);
  const writer = new Writer(random, plain);
  const resources = build(world, writer);
  const template = { AWSTemplateFormatVersion: "2010-09-09" };
  if (Object.keys(writer.parameters).length) template.Parameters = writer.parameters;
  if (Object.keys(writer.mappings).length) template.Mappings = writer.mappings;
  if (Object.keys(writer.conditions).length) template.Conditions = writer.conditions;
  template.Resources = plain ? resources : Object.fromEntries(random.shuffle(Object.entries(resources)));
  return !plain && random.chance(0.5) ? yaml(template) : `${JSON.stringify(template, null, 1)}\n`;
}

class Writer {
  constructor(random, plain) {
    this.random = random;
    this.plain = plain;
    this.parameters = {};
    this.mappings = {};
    this.conditions = {};
  }

  chance(probability) {
    return !this.plain && this.random.chance(probability);
  }

  /** A value with CloudFormation's functions. */
  value(value) {
    if (value instanceof Text) return this.text(value);
    if (typeof value === "string") return this.string(value);
    if (Array.isArray(value)) {
      const items = value.map((item) => this.value(item));
      if (value.length > 1 && value.every((item) => typeof item === "string" && !item.includes(",")) && this.chance(0.04)) {
        return { "Fn::Split": [",", this.string(value.join(","))] };
      }
      return items;
    }
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, KEEP.has(key) ? item : this.value(item)]));
    }
    return value;
  }

  string(string) {
    if (this.chance(0.03)) return { Ref: this.parameter(string) };
    if (this.chance(0.02)) return { "Fn::If": [this.condition(true), string, `not-${string}`] };
    if (this.chance(0.02)) {
      this.mappings.Values ??= {};
      const key = `Key${Object.keys(this.mappings.Values).length}`;
      this.mappings.Values[key] = { Value: string };
      return { "Fn::FindInMap": ["Values", key, "Value"] };
    }
    if (this.chance(0.03)) return { "Fn::Sub": string.replaceAll("${", "${!") };
    if (string.includes(":") && this.chance(0.03)) return { "Fn::Join": [":", string.split(":")] };
    return string;
  }

  text(text) {
    const only = text.parts.length === 1 && text.parts[0];
    if (only instanceof Name && !this.chance(0.2)) return this.reference(only);
    if (text.parts.every((part) => typeof part === "string")) return this.string(text.parts.join(""));
    if (this.chance(0.3)) {
      return { "Fn::Join": ["", text.parts.map((part) => (part instanceof Name ? this.reference(part) : part))] };
    }
    if (this.chance(0.1)) {
      const names = {};
      const body = text.parts.map((part, index) => {
        if (!(part instanceof Name)) return part.replaceAll("${", "${!");
        names[`V${index}`] = this.reference(part);
        return `\${V${index}}`;
      });
      return { "Fn::Sub": [body.join(""), names] };
    }
    return { "Fn::Sub": text.parts.map((part) => (part instanceof Name ? `\${${part.name}}` : part.replaceAll("${", "${!"))).join("") };
  }

  reference({ name }) {
    if (!name.includes(".")) return { Ref: name };
    return { "Fn::GetAtt": this.chance(0.3) ? name : name.split(".") };
  }

  parameter(value) {
    const key = `Parameter${Object.keys(this.parameters).length}`;
    this.parameters[key] = { Type: "String", Default: value };
    return key;
  }

  condition(holds) {
    const key = `Condition${Object.keys(this.conditions).length}`;
    this.conditions[key] = holds
      ? this.random.pick([{ "Fn::Equals": ["a", "a"] }, { "Fn::Not": [{ "Fn::Equals": ["a", "b"] }] }, { "Fn::Equals": [{ Ref: this.parameter("prod") }, "prod"] }])
      : this.random.pick([{ "Fn::Equals": ["a", "b"] }, { "Fn::Equals": [{ Ref: this.parameter("dev") }, "prod"] }]);
    return key;
  }

  /** A policy document. A statement may stand behind a condition, beside a statement that does not exist. */
  document(document) {
    const it = this.value(document);
    const statements = [it.Statement].flat();
    if (this.chance(0.06)) {
      const index = this.random.below(statements.length);
      statements[index] = { "Fn::If": [this.condition(true), statements[index], { Ref: "AWS::NoValue" }] };
      it.Statement = statements;
    }
    if (this.chance(0.06)) {
      const all = { ...statements[0]["Fn::If"]?.[1] ?? statements[0], Effect: "Deny" };
      delete all.Condition;
      it.Statement = [...statements, { "Fn::If": [this.condition(false), all, { Ref: "AWS::NoValue" }] }];
    }
    return it;
  }
}

// Their values are read as they are.
const KEEP = new Set(["Effect", "Version", "Sid"]);

const GROUP_RULE = { IpProtocol: "tcp", FromPort: 443, ToPort: 443, CidrIp: "10.0.0.0/16" };

function build(world, writer) {
  const ref = (id) => writer.value(name(id));
  const resources = {
    Vpc: { Type: "AWS::EC2::VPC", Properties: { CidrBlock: "10.0.0.0/16", EnableDnsSupport: true, EnableDnsHostnames: true } },
    Private: { Type: "AWS::EC2::Subnet", Properties: { VpcId: ref("Vpc"), CidrBlock: "10.0.1.0/24" } },
    NodeGroup: { Type: "AWS::EC2::SecurityGroup", Properties: { GroupDescription: "Instance", VpcId: ref("Vpc") } },
  };
  const served = endpoints(world);
  for (const service of served) {
    const id = { ssm: "Ssm", ssmmessages: "Messages" }[service];
    resources[id] = {
      Type: "AWS::EC2::VPCEndpoint",
      Properties: {
        VpcId: ref("Vpc"),
        VpcEndpointType: "Interface",
        ServiceName: writer.value(t`com.amazonaws.${new Name("AWS::Region")}.${service}`),
        PrivateDnsEnabled: true,
        SubnetIds: [ref("Private")],
        SecurityGroupIds: [ref("EndpointGroup")],
      },
    };
    const policy = world.endpoints[service];
    if (policy) resources[id].Properties.PolicyDocument = writer.document(policy);
  }
  if (served.length) {
    resources.EndpointGroup = {
      Type: "AWS::EC2::SecurityGroup",
      Properties: { GroupDescription: "Endpoints", VpcId: ref("Vpc"), SecurityGroupIngress: [GROUP_RULE] },
    };
  }
  if (served.length < 2) nat(resources, ref);
  identity(world, writer, resources, ref);
  const node = {
    ImageId: "{{resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64}}",
    InstanceType: "t3.micro",
    SubnetId: ref("Private"),
    SecurityGroupIds: [ref("NodeGroup")],
    IamInstanceProfile: ref("Profile"),
  };
  if (world.address) node.PrivateIpAddress = world.address;
  resources.Node = { Type: "AWS::EC2::Instance", Properties: node };
  return resources;
}

function nat(resources, ref) {
  Object.assign(resources, {
    Public: { Type: "AWS::EC2::Subnet", Properties: { VpcId: ref("Vpc"), CidrBlock: "10.0.0.0/24" } },
    Gateway: { Type: "AWS::EC2::InternetGateway" },
    Attachment: { Type: "AWS::EC2::VPCGatewayAttachment", Properties: { VpcId: ref("Vpc"), InternetGatewayId: ref("Gateway") } },
    Address: { Type: "AWS::EC2::EIP", Properties: { Domain: "vpc" }, DependsOn: "Attachment" },
    Nat: {
      Type: "AWS::EC2::NatGateway",
      Properties: { SubnetId: ref("Public"), AllocationId: { "Fn::GetAtt": ["Address", "AllocationId"] } },
      DependsOn: "Attachment",
    },
  });
  for (const [subnet, target] of [["Public", { GatewayId: ref("Gateway") }], ["Private", { NatGatewayId: ref("Nat") }]]) {
    resources[`${subnet}Routes`] = { Type: "AWS::EC2::RouteTable", Properties: { VpcId: ref("Vpc") } };
    resources[`${subnet}Default`] = {
      Type: "AWS::EC2::Route",
      Properties: { RouteTableId: ref(`${subnet}Routes`), DestinationCidrBlock: "0.0.0.0/0", ...target },
      DependsOn: "Attachment",
    };
    resources[`${subnet}Association`] = {
      Type: "AWS::EC2::SubnetRouteTableAssociation",
      Properties: { SubnetId: ref(subnet), RouteTableId: ref(`${subnet}Routes`) },
    };
  }
}

const managedArn = (writer, policy) => writer.value(t`arn:${new Name("AWS::Partition")}:iam::aws:policy/${policy}`);

function identity(world, writer, resources, ref) {
  const role = { AssumeRolePolicyDocument: writer.document(world.trust) };
  if (world.role.name) role.RoleName = world.role.name;
  if (world.role.path) role.Path = world.role.path;
  const tags = Object.entries(world.role.tags).map(([Key, Value]) => ({ Key, Value }));
  if (tags.length) role.Tags = tags;
  const attached = [];
  const inline = [];
  world.identity.forEach((policy, index) => {
    const id = `Policy${index}`;
    if (policy.form === "aws") {
      attached.push(managedArn(writer, policy.name));
      return;
    }
    const PolicyDocument = writer.document(policy.document);
    if (policy.form === "inline") inline.push({ PolicyName: `inline-${index}`, PolicyDocument });
    if (policy.form === "attached") {
      resources[id] = { Type: "AWS::IAM::ManagedPolicy", Properties: { PolicyDocument } };
      attached.push(ref(id));
    }
    if (policy.form === "managed") {
      resources[id] = { Type: "AWS::IAM::ManagedPolicy", Properties: { PolicyDocument, Roles: [ref("Role")] } };
    }
    if (policy.form === "policy") {
      resources[id] = { Type: "AWS::IAM::Policy", Properties: { PolicyName: `policy-${index}`, PolicyDocument, Roles: [ref("Role")] } };
    }
    if (policy.form === "role-policy") {
      resources[id] = { Type: "AWS::IAM::RolePolicy", Properties: { PolicyName: `policy-${index}`, PolicyDocument, RoleName: ref("Role") } };
    }
  });
  if (attached.length) role.ManagedPolicyArns = attached;
  if (inline.length) role.Policies = inline;
  if (world.boundary?.name) role.PermissionsBoundary = managedArn(writer, world.boundary.name);
  if (world.boundary?.document) {
    resources.Boundary = { Type: "AWS::IAM::ManagedPolicy", Properties: { PolicyDocument: writer.document(world.boundary.document) } };
    role.PermissionsBoundary = ref("Boundary");
  }
  resources.Role = { Type: "AWS::IAM::Role", Properties: role };
  resources.Profile = { Type: "AWS::IAM::InstanceProfile", Properties: { Roles: [ref("Role")] } };
}

const TAGS = { Ref: "!Ref", "Fn::Sub": "!Sub", "Fn::GetAtt": "!GetAtt", "Fn::Join": "!Join", "Fn::If": "!If", "Fn::Split": "!Split", "Fn::FindInMap": "!FindInMap", "Fn::Equals": "!Equals", "Fn::Not": "!Not" };

/** YAML in flow style below the properties, with short tags. */
function yaml(template) {
  const lines = [];
  for (const [section, body] of Object.entries(template)) {
    if (typeof body === "string") lines.push(`${section}: ${JSON.stringify(body)}`);
    else {
      lines.push(`${section}:`);
      for (const [id, item] of Object.entries(body)) {
        if (section !== "Resources") lines.push(`  ${id}: ${flow(item)}`);
        else {
          lines.push(`  ${id}:`);
          for (const [key, part] of Object.entries(item)) {
            if (key !== "Properties") lines.push(`    ${key}: ${flow(part)}`);
            else {
              lines.push("    Properties:");
              for (const [property, value] of Object.entries(part)) lines.push(`      ${property}: ${flow(value)}`);
            }
          }
        }
      }
    }
  }
  return `${lines.join("\n")}\n`;
}

function flow(value) {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (value && typeof value === "object") {
    const keys = Object.keys(value);
    if (keys.length === 1 && TAGS[keys[0]]) {
      const argument = value[keys[0]];
      return `${TAGS[keys[0]]} ${flow(keys[0] === "Fn::GetAtt" && Array.isArray(argument) ? argument.join(".") : argument)}`;
    }
    return `{${keys.map((key) => `${JSON.stringify(key)}: ${flow(value[key])}`).join(", ")}}`;
  }
  return JSON.stringify(value);
}

