//! Conversion: the converted template equals the generated module.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::cli::{Ran, run_in};
use super::{cases, documents};

fn convert(files: &[(&str, &str)], args: &[&str]) -> (Ran, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    let mut all = vec!["convert"];
    all.extend(args);
    (run_in(directory.path(), &all, b""), directory)
}

/// The resources of a module in JSON. The key of a rule is its content, since a template contains rules
/// in their security group, without names.
fn resources(module: &Value) -> BTreeMap<String, Value> {
    let mut out = BTreeMap::new();
    for (kind, all) in module["resource"].as_object().unwrap() {
        for (name, body) in all.as_object().unwrap() {
            let mut body = body.clone();
            for key in ["//", "depends_on"] {
                body.as_object_mut().unwrap().remove(key);
            }
            let key = match kind.as_str() {
                "aws_vpc_security_group_egress_rule" => {
                    let sorted: BTreeMap<_, _> = body.as_object().unwrap().iter().collect();
                    format!("{kind} {sorted:?}")
                }
                _ => format!("{kind}.{name}"),
            };
            out.insert(key, body);
        }
    }
    out
}

#[test]
fn a_generated_template_becomes_the_generated_module() {
    let mut same = 0;
    for (name, text) in cases() {
        let [(_, cfn), (_, yaml), (_, tf), _] = documents(&name, &text);
        let (ran, _folder) = convert(&[("stack.json", &cfn)], &["stack.json", "--format", "tf"]);
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        let (short, _folder) = convert(&[("stack.yaml", &yaml)], &["stack.yaml", "--format", "tf"]);
        assert_eq!(short.out, ran.out, "{name}: JSON and YAML");
        let made: Value = serde_json::from_str(&ran.out).unwrap();
        let ours: Value = serde_json::from_str(&tf).unwrap();
        // The prefix list of S3 is a data source in Terraform, and a parameter of the template.
        let s3 = cfn.contains("PrefixListId");
        // Only CloudFormation uses the old name.
        if !s3 && name != "instance-renamed" {
            let (made, ours) = (resources(&made), resources(&ours));
            assert!(made.keys().eq(ours.keys()), "{name}: other resources");
            for (key, body) in &made {
                assert_eq!(Some(body), ours.get(key), "{name}: {key}");
            }
            same += 1;
        }
    }
    assert!(same > 50, "{same}");
}

#[test]
fn a_missing_equivalent_is_a_diagnostic_with_its_location() {
    for (resources, what, line) in [
        (
            "Q: {Type: AWS::SQS::Queue}",
            "unsupported type `AWS::SQS::Queue`",
            2,
        ),
        (
            "V:\n    Type: AWS::EC2::VPC\n    Properties: {CidrBlock: 10.0.0.0/16, Ipv4IpamPoolId: x}",
            "unsupported property `Ipv4IpamPoolId`",
            4,
        ),
        (
            "V:\n    Type: AWS::EC2::VPC\n    Properties:\n      CidrBlock: !Transform {Name: x}",
            "`Fn::Transform` has no equivalent in Terraform",
            2,
        ),
        (
            "V:\n    Type: AWS::EC2::VPC\n    DeletionPolicy: Snapshot\n    Properties: {CidrBlock: 10.0.0.0/16}",
            "`Snapshot` has no equivalent in Terraform",
            4,
        ),
    ] {
        let template = format!("Resources:\n  {resources}\n");
        let (ran, _folder) = convert(&[("t.yaml", &template)], &["t.yaml"]);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (1, ""),
            "{resources}: {}",
            ran.err
        );
        assert!(ran.err.contains(what), "{resources}: {}", ran.err);
        assert!(
            ran.err.contains(&format!("t.yaml:{line}:")),
            "{resources}: {}",
            ran.err
        );
    }
}

#[test]
fn parameters_conditions_and_text_are_converted() {
    let template = "\
Parameters:
  Cidr: {Type: String, Default: 10.0.0.0/16}
Conditions:
  Here: !Equals [!Ref AWS::Region, eu-central-1]
Resources:
  Main:
    Type: AWS::EC2::VPC
    Condition: Here
    DeletionPolicy: Delete
    Properties:
      CidrBlock: !Ref Cidr
      Tags: [{Key: Name, Value: 'a ${x} %{ b'}]
Outputs:
  Id: {Value: !Ref Main, Condition: Here}
";
    let (ran, _folder) = convert(&[("t.yaml", template)], &["t.yaml", "-f", "tf"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let made: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(made["variable"]["cidr"]["default"], "10.0.0.0/16");
    let vpc = &made["resource"]["aws_vpc"]["main"];
    assert_eq!(vpc["cidr_block"], "${var.cidr}");
    assert_eq!(vpc["tags"]["Name"], "a $${x} %%{ b");
    let count = vpc["count"].as_str().unwrap();
    assert!(
        count.contains("eu-central-1") && count.ends_with("? 1 : 0}"),
        "{count}"
    );
    assert_eq!(made["output"]["id"]["value"], "${one(aws_vpc.main[*].id)}");
}

#[test]
fn a_live_stack_gets_import_blocks() {
    let [(_, cfn), ..] = documents("default", "");
    let physical = [
        ("NetworkVpc", "vpc-0123456789abcdef0"),
        ("NetworkSubnetA", "subnet-1"),
        ("NetworkRouteTableA", "rtb-1"),
        ("NetworkRouteTableAssociationA", "rtbassoc-1"),
        ("InstancesRole", "role-1"),
        ("EndpointsSecurityGroup", "sg-1"),
        ("InstancesSecurityGroup", "sg-2"),
    ];
    let ids = json!({ "StackResources": physical.map(|(logical, physical)| json!({
        "LogicalResourceId": logical, "PhysicalResourceId": physical })) });
    let rules = json!({ "SecurityGroupRules": [
        { "SecurityGroupRuleId": "sgr-1", "GroupId": "sg-2", "IsEgress": true, "IpProtocol": "tcp",
          "FromPort": 443, "ToPort": 443, "ReferencedGroupInfo": { "GroupId": "sg-1" } },
        { "SecurityGroupRuleId": "sgr-2", "GroupId": "sg-1", "IsEgress": false, "IpProtocol": "tcp",
          "FromPort": 443, "ToPort": 443, "ReferencedGroupInfo": { "GroupId": "sg-2" } } ] });
    let (ran, _folder) = convert(
        &[
            ("s.json", &cfn),
            ("ids.json", &ids.to_string()),
            ("rules.json", &rules.to_string()),
        ],
        &[
            "s.json",
            "--import-ids",
            "ids.json",
            "--import-ids",
            "rules.json",
            "-f",
            "tf",
        ],
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    let made: Value = serde_json::from_str(&ran.out).unwrap();
    let imports: BTreeMap<&str, &str> = made["import"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["to"].as_str().unwrap(), it["id"].as_str().unwrap()))
        .collect();
    assert_eq!(imports["aws_vpc.network_vpc"], "vpc-0123456789abcdef0");
    assert_eq!(
        imports["aws_route_table_association.network_route_table_association_a"],
        "subnet-1/rtb-1"
    );
    assert_eq!(
        imports["aws_iam_role_policy_attachment.instances_role_amazon_ssm_managed_instance_core"],
        "role-1/arn:${data.aws_partition.current.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"
    );
    assert_eq!(
        imports["aws_vpc_security_group_ingress_rule.instances_endpoints_from_instances"],
        "sgr-2"
    );
    // Resources without an ID in the input are reported.
    assert!(!imports.contains_key("aws_subnet.network_subnet_b"));
    assert!(
        ran.err
            .contains("`aws_subnet.network_subnet_b` is not imported"),
        "{}",
        ran.err
    );
}

#[test]
fn a_plan_is_converted_to_a_template() {
    let plan = json!({
        "format_version": "1.2",
        "planned_values": { "root_module": { "resources": [
            { "address": "aws_vpc.main", "mode": "managed", "type": "aws_vpc", "name": "main",
              "values": { "cidr_block": "10.0.0.0/16", "id": "vpc-0123456789abcdef0", "instance_tenancy": "default",
                          "tags": { "Name": "m" }, "tags_all": { "Name": "m" } } },
            { "address": "aws_subnet.a", "mode": "managed", "type": "aws_subnet", "name": "a",
              "values": { "cidr_block": "10.0.0.0/24", "vpc_id": "vpc-0123456789abcdef0", "id": "subnet-0123456789abcdef0" } },
        ] } },
        "configuration": { "root_module": { "resources": [
            { "address": "aws_vpc.main", "mode": "managed", "type": "aws_vpc", "name": "main",
              "expressions": { "cidr_block": { "constant_value": "10.0.0.0/16" }, "tags": { "constant_value": { "Name": "m" } } } },
            { "address": "aws_subnet.a", "mode": "managed", "type": "aws_subnet", "name": "a",
              "expressions": { "cidr_block": {}, "vpc_id": { "references": ["aws_vpc.main.id", "aws_vpc.main"] } } },
        ] } },
    });
    let (ran, directory) = convert(
        &[("plan.json", &plan.to_string())],
        &["plan.json", "--resources-to-import", "import.json"],
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    let made: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        made["Resources"]["Main"],
        json!({
            "Type": "AWS::EC2::VPC",
            "DeletionPolicy": "RetainExceptOnCreate",
            "UpdateReplacePolicy": "Retain",
            "Properties": { "CidrBlock": "10.0.0.0/16", "Tags": [{ "Key": "Name", "Value": "m" }] },
        })
    );
    assert_eq!(
        made["Resources"]["A"]["Properties"]["VpcId"],
        json!({ "Ref": "Main" })
    );
    let list = std::fs::read_to_string(directory.path().join("import.json")).unwrap();
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(
        list[0]["ResourceIdentifier"],
        json!({ "VpcId": "vpc-0123456789abcdef0" })
    );
    assert_eq!(
        list[1]["ResourceIdentifier"],
        json!({ "SubnetId": "subnet-0123456789abcdef0" })
    );
}

#[test]
fn retain_all_changes_only_removal_policies() {
    let template = "\
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Metadata: {a: '1'}
    Properties:
      GroupDescription: g
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: '443', CidrIp: 10.0.0.0/8}]
  Queue: {Type: AWS::SQS::Queue, Properties: {A: !Sub '${X}', B: !GetAtt Group.GroupId, C: 012}}
";
    let (ran, directory) = convert(
        &[("t.yaml", template)],
        &["t.yaml", "--retain-all", "-f", "cfn", "-o", "k.json"],
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    let kept = std::fs::read_to_string(directory.path().join("k.json")).unwrap();
    let kept: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(
        kept["Resources"]["Queue"],
        json!({
            "Type": "AWS::SQS::Queue",
            "Properties": { "A": { "Fn::Sub": "${X}" }, "B": { "Fn::GetAtt": ["Group", "GroupId"] }, "C": "012" },
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
        })
    );
    assert_eq!(kept["Resources"]["Group"]["Metadata"], json!({ "a": "1" }));
    let diff = run_in(
        directory.path(),
        &["diff", "t.yaml", "k.json", "--format", "json"],
        b"",
    );
    let report: Value = serde_json::from_str(&diff.out).unwrap();
    for it in report["differences"].as_array().unwrap() {
        for change in it["properties"].as_array().unwrap() {
            assert!(
                change["path"].as_str().unwrap().ends_with("Policy)"),
                "{change}"
            );
        }
    }
}

#[test]
fn lossy_conversions_are_rejected() {
    for (resources, what) in [
        (
            "T: {Type: AWS::EC2::LaunchTemplate, Properties: {LaunchTemplateData: {UserData: eA==}}}",
            "`UserData` is not in `Fn::Base64`",
        ),
        (
            "W: {Type: AWS::CloudFormation::WaitConditionHandle}\n  V: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16, Tags: [{Key: u, Value: !Ref W}]}}",
            "refers to `W`, which is not converted",
        ),
        (
            "V: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16, Tags: [{Key: u, Value: !Sub ['${A}', {A: !GetAZs ''}]}]}}",
            "`a list in Fn::Sub` has no equivalent",
        ),
        (
            "V: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16, Tags: [{Key: u, Value: !Select [0, !GetAZs eu-west-1]}]}}",
            "`Fn::GetAZs eu-west-1` has no equivalent",
        ),
        (
            "R: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}, ManagedPolicyArns: [!Transform {Name: x}]}}",
            "`Fn::Transform` has no equivalent in Terraform",
        ),
        (
            "F: {Type: AWS::EC2::FlowLog, Properties: {ResourceType: Subnet, ResourceId: subnet-0123456789abcdef0, TrafficType: ALL}}",
            "unsupported property `ResourceType`",
        ),
        (
            "V: {Type: AWS::EC2::VPC, Condition: Nope, Properties: {CidrBlock: 10.0.0.0/16}}",
            "condition `Nope` does not exist",
        ),
    ] {
        let template = format!("Resources:\n  {resources}\n");
        let (ran, _folder) = convert(&[("t.yaml", &template)], &["t.yaml"]);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (1, ""),
            "{resources}: {}",
            ran.err
        );
        assert!(ran.err.contains(what), "{resources}: {}", ran.err);
    }
    for parameter in [
        "P: {Type: 'AWS::SSM::Parameter::Value<X>'}",
        "P: {Type: List<X>}",
    ] {
        let template = format!(
            "Parameters: {{{parameter}}}\nResources: {{V: {{Type: AWS::EC2::VPC, Properties: {{CidrBlock: 10.0.0.0/16}}}}}}\n"
        );
        let (ran, _folder) = convert(&[("t.yaml", &template)], &["t.yaml"]);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (1, ""),
            "{parameter}: {}",
            ran.err
        );
    }
}

/// Converts a template to JSON, and returns the module and the warnings.
fn module(template: &str) -> (Value, String) {
    let (ran, _folder) = convert(&[("t.yaml", template)], &["t.yaml", "-f", "tf"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    (serde_json::from_str(&ran.out).unwrap(), ran.err)
}

#[test]
fn parameters_become_variables_with_their_constraints() {
    let (made, warnings) = module(
        "\
Parameters:
  Ami: {Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: /aws/service/x}
  Groups: {Type: 'AWS::SSM::Parameter::Value<List<AWS::EC2::SecurityGroup::Id>>'}
  Key: {Type: AWS::EC2::KeyPair::KeyName}
  Zones: {Type: List<AWS::EC2::AvailabilityZone::Name>}
  Secret: {Type: String, NoEcho: true, MinLength: 8, MaxLength: 41, AllowedPattern: '[a-z]*', ConstraintDescription: letters only.}
  Size: {Type: Number, MinValue: 1, MaxValue: 9, Default: 2}
  Odd: {Type: String, AllowedPattern: '(?!x).*'}
  Version: {Type: String, Default: a}
Conditions:
  Two: !And [!Equals [!Ref Size, 2], !Not [!Equals [!Ref Secret, !Ref Odd]]]
Resources:
  Node:
    Type: AWS::EC2::Instance
    Condition: Two
    Properties: {ImageId: !Ref Ami, InstanceType: t3.micro, SubnetId: subnet-0123456789abcdef0, KeyName: !Ref Key, SecurityGroupIds: !Ref Groups, Tags: [{Key: v, Value: !Ref Version}, {Key: n, Value: !Ref AWS::StackName}, {Key: z, Value: !Join ['+', !Ref Zones]}]}
Outputs:
  Secret: {Value: !Ref Secret}
",
    );
    let node = &made["resource"]["aws_instance"]["node"];
    assert_eq!(node["ami"], "${data.aws_ssm_parameter.ami.insecure_value}");
    assert_eq!(
        made["data"]["aws_ssm_parameter"]["ami"]["name"],
        "${var.ami}"
    );
    assert_eq!(
        node["vpc_security_group_ids"],
        "${split(\",\", data.aws_ssm_parameter.groups.insecure_value)}"
    );
    assert_eq!(node["key_name"], "${var.key}");
    assert_eq!(node["tags"]["v"], "${var.version_value}");
    assert_eq!(node["tags"]["n"], "${var.stack_name}");
    assert_eq!(node["tags"]["z"], "${join(\"+\", var.zones)}");
    assert_eq!(
        node["count"],
        "${(contains([\"2\"], tostring(var.size)) && !(nonsensitive(var.secret) == var.odd)) ? 1 : 0}"
    );
    let secret = &made["variable"]["secret"];
    assert_eq!(secret["sensitive"], true);
    let tests: Vec<&str> = secret["validation"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["condition"].as_str().unwrap())
        .collect();
    assert_eq!(
        tests,
        [
            "${can(regex(\"^(?:[a-z]*)$\", var.secret))}",
            "${length(var.secret) >= 8}",
            "${length(var.secret) <= 41}"
        ]
    );
    let message = secret["validation"][0]["error_message"].as_str().unwrap();
    assert!(message.ends_with("letters only."), "{message}");
    let size = made["variable"]["size"]["validation"].as_array().unwrap();
    assert_eq!(size[1]["condition"], "${var.size <= 9}");
    assert_eq!(made["variable"]["zones"]["type"], "list(string)");
    assert_eq!(made["variable"]["odd"]["validation"], Value::Null);
    assert!(
        warnings.contains("`AllowedPattern` of parameter `Odd`"),
        "{warnings}"
    );
    assert_eq!(made["output"]["secret"]["sensitive"], true);
}

#[test]
fn functions_become_expressions() {
    let (made, warnings) = module(
        "\
Parameters:
  Env: {Type: String}
  Cidr: {Type: String, Default: 10.0.0.0/16}
Mappings:
  ByRegion: {eu-central-1: {Name: a, Zones: [x, y]}, us-east-1: {Name: b, Zones: [z]}}
Conditions:
  Prod: !Equals [!Ref Env, prod]
  Named: !Equals [!FindInMap [ByRegion, !Ref AWS::Region, Name], a]
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: !Ref Cidr, InstanceTenancy: default}}
  Subnet:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: !Ref Vpc
      CidrBlock: !Select [1, !Cidr [!GetAtt Vpc.CidrBlock, 4, 8]]
      AvailabilityZone: !Select [1, !GetAZs '']
      Tags:
        - {Key: a, Value: !FindInMap [ByRegion, !Ref AWS::Region, Name]}
        - {Key: b, Value: !Select [0, !FindInMap [ByRegion, !Ref AWS::Region, Zones]]}
        - {Key: c, Value: !Join ['-', [!Ref Env, !If [Named, x, !Ref AWS::NoValue]]]}
        - {Key: d, Value: !Select [0, !Split ['-', !Ref Env]]}
        - {Key: e, Value: !Sub ['${X}-${Env}', {X: !If [Prod, p, q]}]}
        - {Key: f, Value: !ImportValue net-Vpc}
        - {Key: g, Value: '{{resolve:ssm:/a/b}}'}
        - {Key: h, Value: !Join ['', [a, !Base64 x]]}
  Node:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-0123456789abcdef0
      InstanceType: t3.micro
      SubnetId: !Ref Subnet
      KeyName: !If [Prod, ops, !Ref AWS::NoValue]
      SecurityGroupIds: !If [Prod, [sg-0123456789abcdef0], !Ref AWS::NoValue]
      UserData: !If [Prod, !Base64 one, !Base64 two]
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties: {LaunchTemplateData: {ImageId: ami-0123456789abcdef0, UserData: !Base64 {'Fn::Sub': 'echo ${Env}'}}}
",
    );
    let prod = "contains([\"prod\"], var.env)";
    let tags = &made["resource"]["aws_subnet"]["subnet"]["tags"];
    let region = "data.aws_service.ssm.region";
    let expected = [
        ("a", format!("${{local.by_region[{region}][\"Name\"]}}")),
        ("b", format!("${{local.by_region[{region}][\"Zones\"][0]}}")),
        (
            "c",
            format!(
                "${{join(\"-\", concat([var.env], contains([\"a\"], local.by_region[{region}][\"Name\"]) ? [\"x\"] : []))}}"
            ),
        ),
        ("d", "${split(\"-\", var.env)[0]}".to_owned()),
        ("e", format!("${{{prod} ? \"p\" : \"q\"}}-${{var.env}}")),
        ("f", "${var.net_vpc}".to_owned()),
        (
            "g",
            "${data.aws_ssm_parameter.ssm_a_b.insecure_value}".to_owned(),
        ),
        ("h", "a${base64encode(\"x\")}".to_owned()),
    ];
    for (key, value) in expected {
        assert_eq!(tags[key], value, "{key}");
    }
    assert_eq!(
        made["locals"]["by_region"]["us-east-1"]["Zones"],
        json!(["z"])
    );
    let subnet = &made["resource"]["aws_subnet"]["subnet"];
    let block = "aws_vpc.vpc.cidr_block";
    assert_eq!(
        subnet["cidr_block"],
        format!("${{cidrsubnet({block}, 32 - 8 - tonumber(split(\"/\", {block})[1]), 1)}}")
    );
    assert_eq!(
        subnet["availability_zone"],
        "${data.aws_availability_zones.available.names[1]}"
    );
    let node = &made["resource"]["aws_instance"]["node"];
    assert_eq!(node["key_name"], format!("${{{prod} ? \"ops\" : null}}"));
    assert_eq!(
        node["vpc_security_group_ids"],
        format!("${{{prod} ? [\"sg-0123456789abcdef0\"] : null}}")
    );
    assert_eq!(
        node["user_data"],
        format!("${{{prod} ? \"one\" : \"two\"}}")
    );
    let template = &made["resource"]["aws_launch_template"]["template"];
    assert_eq!(
        template["user_data"],
        "${base64encode(\"echo ${var.env}\")}"
    );
    assert!(
        warnings.contains("`net_vpc` replaces `net-Vpc`"),
        "{warnings}"
    );
}

#[test]
fn parts_that_only_cloudformation_has_are_dropped_with_a_warning() {
    let (made, warnings) = module(
        "\
Parameters:
  BootstrapVersion: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /cdk-bootstrap/hnb659fds/version}
Rules: {CheckBootstrapVersion: {Assertions: []}}
Metadata: {'AWS::CloudFormation::Interface': {ParameterGroups: []}}
Conditions: {CDKMetadataAvailable: !Or [!Equals [!Ref AWS::Region, a], !Equals [!Ref AWS::Region, b]]}
Resources:
  CDKMetadata: {Type: AWS::CDK::Metadata, Condition: CDKMetadataAvailable, Properties: {Analytics: x}}
  Vpc: {Type: AWS::EC2::VPC, Metadata: {'aws:cdk:path': S/Vpc}, Properties: {CidrBlock: 10.0.0.0/16}}
  Restrict:
    Type: Custom::VpcRestrictDefaultSG
    Properties: {ServiceToken: !GetAtt CustomVpcRestrictDefaultSGCustomResourceProviderHandler1.Arn, DefaultSecurityGroupId: !GetAtt Vpc.DefaultSecurityGroup, Account: !Ref AWS::AccountId}
  CustomVpcRestrictDefaultSGCustomResourceProviderHandler1: {Type: AWS::Lambda::Function, Properties: {Role: !GetAtt CustomVpcRestrictDefaultSGCustomResourceProviderRole1.Arn}}
  CustomVpcRestrictDefaultSGCustomResourceProviderRole1: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: []}}}
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: sts:AssumeRole, Principal: {Service: ec2.amazonaws.com}}]}}
  Policy:
    Type: AWS::IAM::Policy
    Properties: {PolicyName: p, Roles: [!Ref Role], PolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: s3:GetObject, Resource: '*'}]}}
  Node:
    Type: AWS::EC2::Instance
    DependsOn: Policy
    CreationPolicy: {ResourceSignal: {Timeout: PT5M}}
    Metadata: {'AWS::CloudFormation::Init': {config: {}}}
    Properties: {ImageId: ami-0123456789abcdef0, InstanceType: t3.micro, SubnetId: subnet-0123456789abcdef0}
  Alarm: {Type: AWS::CloudWatch::Alarm, Properties: {ComparisonOperator: GreaterThanThreshold, EvaluationPeriods: 1, MetricName: m, Namespace: n, Statistic: Sum, Period: 60, Threshold: 1}}
",
    );
    let kinds: Vec<&String> = made["resource"].as_object().unwrap().keys().collect();
    assert!(!kinds.iter().any(|it| it.contains("lambda")), "{kinds:?}");
    let group = &made["resource"]["aws_default_security_group"]["restrict"];
    assert_eq!(*group, json!({ "vpc_id": "${aws_vpc.vpc.id}" }));
    assert_eq!(
        made["resource"]["aws_iam_role"].as_object().unwrap().len(),
        1
    );
    let policy = &made["resource"]["aws_iam_role_policy"]["policy_role1"];
    assert_eq!(policy["role"], "${aws_iam_role.role.name}");
    let node = &made["resource"]["aws_instance"]["node"];
    assert_eq!(
        node["depends_on"],
        json!(["aws_iam_role_policy.policy_role1"])
    );
    let alarm = &made["resource"]["aws_cloudwatch_metric_alarm"]["alarm"];
    assert_eq!(alarm["alarm_name"], "alarm");
    assert_eq!(made["variable"], Value::Null);
    for what in [
        "`CheckBootstrapVersion` is not converted",
        "`CDKMetadata` is not converted",
        "`aws_default_security_group` needs no function",
        "`CreationPolicy` is not converted",
        "`AWS::CloudFormation::Init` is not converted",
        "`Metadata` of resources is not converted",
        "CloudFormation generates `AlarmName`",
    ] {
        assert!(warnings.contains(what), "{what}: {warnings}");
    }
}

#[test]
fn inline_children_follow_their_parent() {
    let template = "\
Parameters: {N: {Type: Number, Default: 2}}
Conditions: {Two: !Equals [!Ref N, 2]}
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Condition: Two
    DeletionPolicy: Retain
    Properties:
      GroupDescription: g
      VpcId: vpc-0123456789abcdef0
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/8}]
";
    let ids = json!({ "StackResources": [{ "LogicalResourceId": "Group", "PhysicalResourceId": "sg-${x}" }] });
    let (ran, _folder) = convert(
        &[("t.yaml", template), ("ids.json", &ids.to_string())],
        &["t.yaml", "-f", "tf", "--import-ids", "ids.json"],
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    let made: Value = serde_json::from_str(&ran.out).unwrap();
    let group = &made["resource"]["aws_security_group"]["group"];
    let count = "${contains([\"2\"], tostring(var.n)) ? 1 : 0}";
    assert_eq!(group["count"], count);
    assert_eq!(group["lifecycle"], json!({ "prevent_destroy": true }));
    let rules = made["resource"]["aws_vpc_security_group_ingress_rule"]
        .as_object()
        .unwrap();
    assert!(rules.values().all(|it| it["count"] == count), "{rules:?}");
    assert_eq!(
        made["import"],
        json!({ "to": "aws_security_group.group[0]", "id": "sg-$${x}" })
    );
}
