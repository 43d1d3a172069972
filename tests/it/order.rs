//! The warning about resources that the instance does not wait for.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const IN_ENDPOINT_GROUP: &str = "      SecurityGroupIngress:
        - Description: HTTPS from the application server
          IpProtocol: tcp
          FromPort: 443
          ToPort: 443
          SourceSecurityGroupId: !Ref AppSecurityGroup
";
const WAITS: &str = "    DependsOn:
      - SsmEndpoint
      - SsmMessagesEndpoint
      - Ec2MessagesEndpoint
";
const OUTBOUND: &str = "          FromPort: 443
          ToPort: 443
          CidrIp: !Ref VpcCidr
";
const ENDPOINT_GROUP: &str = "        - !Ref EndpointSecurityGroup\n";
const PRIVATE_IP: &str = "CidrIp: !Sub '${AppServer.PrivateIp}/32'";
const FROM_SERVER: &str = "SourceSecurityGroupId: !Ref AppSecurityGroup";

fn rule(name: &str, direction: &str, group: &str, port: u16, peer: &str) -> String {
    format!(
        "  {name}:\n    Type: AWS::EC2::SecurityGroup{direction}\n    Properties: {{GroupId: {group}, \
         IpProtocol: tcp, FromPort: {port}, ToPort: {port}, {peer}}}\n"
    )
}

fn inbound(name: &str, group: &str, port: u16, peer: &str) -> String {
    rule(name, "Ingress", &format!("!Ref {group}"), port, peer)
}

fn outbound(name: &str, port: u16, peer: &str) -> String {
    rule(name, "Egress", "!Ref AppSecurityGroup", port, peer)
}

/// Returns the resources of the warning: the template of the corpus with edits and more resources.
fn warned(edits: &[(&str, &str)], more: &str) -> Vec<String> {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/cfn/instance.yaml");
    let mut template = std::fs::read_to_string(base).unwrap();
    for (find, with) in edits {
        assert!(template.contains(find), "{find}");
        template = template.replace(find, with);
    }
    template = template.replace("\nOutputs:\n", &format!("\n{more}\nOutputs:\n"));
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("template.yaml");
    std::fs::write(&file, template).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssm-synth"));
    command.arg("check").arg(&file).args(["--format", "json"]);
    let done = command.output().unwrap();
    let report: Value = serde_json::from_slice(&done.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&done.stderr)));
    let text = report.to_string();
    let Some((_, names)) = text.split_once("`AppServer` does not depend on ") else {
        return Vec::new();
    };
    let (names, _) = names.split_once(';').unwrap();
    let names = names.split(", ").map(|it| it.trim_matches('`').to_owned());
    names.collect()
}

#[test]
fn only_rules_that_the_agent_needs_are_named() {
    let alone = [(IN_ENDPOINT_GROUP, "")];
    let from_server = inbound("FromServer", "EndpointSecurityGroup", 443, FROM_SERVER);
    let to_vpc = "CidrIp: !Ref VpcCidr";
    let none: [&str; 0] = [];
    // Inbound rules of the instance, and a rule of a database.
    let own = inbound("ToServer", "AppSecurityGroup", 443, to_vpc);
    assert_eq!(warned(&[], &own), none);
    let of_database = rule(
        "OfDatabase",
        "Ingress",
        "sg-0123456789abcdef0",
        5432,
        FROM_SERVER,
    );
    assert_eq!(warned(&[], &of_database), none);
    let of_other = rule(
        "OfOther",
        "Ingress",
        "sg-0123456789abcdef0",
        443,
        FROM_SERVER,
    );
    assert_eq!(warned(&[], &of_other), none);
    // The nested rules are enough.
    assert_eq!(warned(&[], &from_server), none);
    assert_eq!(warned(&[], &outbound("Out", 443, to_vpc)), none);

    assert_eq!(warned(&alone, &from_server), ["FromServer"]);
    let other_port = OUTBOUND.replace("443", "80");
    let more = outbound("Web", 80, to_vpc) + &outbound("Out", 443, to_vpc);
    assert_eq!(warned(&[(OUTBOUND, &other_port)], &more), ["Out"]);
    // One of two is enough.
    let second = inbound("Second", "EndpointSecurityGroup", 443, to_vpc);
    let both = format!("{from_server}{second}");
    assert_eq!(warned(&alone, &both), ["FromServer"]);
    // Both halves are necessary.
    let half = |name, half: &str| inbound(name, "EndpointSecurityGroup", 443, half);
    let halves = half("Low", "CidrIp: 10.20.1.0/25") + &half("High", "CidrIp: 10.20.1.128/25");
    assert_eq!(warned(&alone, &halves), ["Low", "High"]);
    // The endpoints have the group of the instance.
    let same = [(ENDPOINT_GROUP, "        - !Ref AppSecurityGroup\n")];
    let itself = inbound("Itself", "AppSecurityGroup", 443, FROM_SERVER);
    assert_eq!(warned(&same, &itself), ["Itself"]);
}

#[test]
fn the_instance_does_not_wait_for_what_depends_on_it() {
    let alone = [(IN_ENDPOINT_GROUP, "")];
    let none: [&str; 0] = [];
    let of_server = inbound("OfServer", "EndpointSecurityGroup", 443, PRIVATE_IP);
    assert_eq!(warned(&alone, &of_server), none);
    let from_server = inbound("FromServer", "EndpointSecurityGroup", 443, FROM_SERVER);
    let both = format!("{of_server}{from_server}");
    assert_eq!(warned(&alone, &both), ["FromServer"]);
    // In between is a resource that refers to the instance.
    let after = from_server.replace("    Properties", "    DependsOn: Address\n    Properties");
    let address =
        "  Address:\n    Type: AWS::EC2::EIP\n    Properties: {InstanceId: !Ref AppServer}\n";
    assert_eq!(warned(&alone, &format!("{address}{after}")), none);
    // The rules in the group of the endpoints refer to the instance, so the endpoints do too.
    assert_eq!(warned(&[(WAITS, "")], "").len(), 2);
    let edits = [(WAITS, ""), (FROM_SERVER, PRIVATE_IP)];
    assert_eq!(warned(&edits, ""), none);
    // A policy that names the instance.
    let policy = "  OfRole:\n    Type: AWS::IAM::RolePolicy\n    Properties:\n      RoleName: !Ref \
                  InstanceRole\n      PolicyName: agent\n      PolicyDocument: {Version: 2012-10-17, \
                  Statement: [{Effect: Allow, Action: 'ssm:UpdateInstanceInformation', Resource: '*'}]}\n";
    assert_eq!(warned(&[], policy), ["OfRole"]);
    let of_server = policy.replace("PolicyName: agent", "PolicyName: !Sub 'agent-${AppServer}'");
    assert_eq!(warned(&[], &of_server), none);
}
