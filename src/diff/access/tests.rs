use super::*;
use crate::diff::templates::differences;
use crate::diff::valuation::Source;
use crate::frontend::cfn::Deployment;

fn lines(old: &str, new: &str) -> Vec<String> {
    let [old, new] = [old, new].map(|it| {
        let text = format!("Resources: {it}");
        Source::read(&text, &Deployment::default()).expect("a template")
    });
    let word = |direction| match direction {
        Direction::Broader => "+",
        Direction::Unknown => "?",
        Direction::Narrower => "-",
    };
    differences(&old, &new)
        .1
        .iter()
        .map(|it| format!("{} {} {}", word(it.direction), it.owner, it.what))
        .collect()
}

#[test]
fn rules_are_compared_by_coverage() {
    let group = |rules: &str| {
        format!(
            "{{G: {{Type: AWS::EC2::SecurityGroup, Properties: {{SecurityGroupEgress: [], SecurityGroupIngress: [{rules}]}}}}}}"
        )
    };
    let narrow = group("{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/24}");
    let wide = group("{IpProtocol: '6', FromPort: 440, ToPort: 450, CidrIp: 10.0.0.0/16}");
    assert_eq!(
        lines(&narrow, &wide),
        ["+ G allows TCP 440–450 inbound from 10.0.0.0/16"]
    );
    assert_eq!(
        lines(&wide, &narrow),
        ["- G no longer allows TCP 440–450 inbound from 10.0.0.0/16"]
    );
    assert!(lines(&wide, &wide).is_empty());
}

#[test]
fn a_group_without_egress_rules_lets_everything_out() {
    let closed = "{G: {Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupEgress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/24}]}}}";
    let open = "{G: {Type: AWS::EC2::SecurityGroup, Properties: {}}}";
    // Removing the list removes all rules of an existing group; a new group without a list is
    // open.
    assert_eq!(
        lines(closed, open),
        ["- G no longer allows TCP 443 outbound to 10.0.0.0/24"]
    );
    assert_eq!(
        lines("{}", open),
        [
            "+ G allows all traffic outbound to 0.0.0.0/0",
            "+ G allows all traffic outbound to ::/0"
        ]
    );
    let apart = "{G: {Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupEgress: []}}, E: {Type: AWS::EC2::SecurityGroupEgress, Properties: {GroupId: !GetAtt G.GroupId, IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/24}}}";
    assert!(lines(closed, apart).is_empty());
}

#[test]
fn statements_are_compared_by_allowed_actions() {
    let role = |statement: &str| {
        format!(
            "{{R: {{Type: AWS::IAM::Role, Properties: {{Policies: [{{PolicyName: p, PolicyDocument: {{Statement: [{statement}]}}}}]}}}}}}"
        )
    };
    let get = role("{Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::a/*'}");
    let all = role("{Effect: Allow, Action: 's3:*', Resource: '*'}");
    assert_eq!(lines(&get, &all), ["+ R allows s3:* on *"]);
    assert_eq!(lines(&all, &get), ["- R no longer allows s3:* on *"]);
    let denied = role("{Effect: Deny, Action: 's3:*', Resource: '*'}");
    assert_eq!(
        lines(&denied, &get),
        [
            "+ R allows s3:GetObject on arn:aws:s3:::a/*",
            "+ R no longer denies s3:* on *"
        ]
    );
    let tied = role(
        "{Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::a/*', Condition: {Bool: {'aws:SecureTransport': true}}}",
    );
    assert_eq!(
        lines(&tied, &get),
        ["+ R allows s3:GetObject on arn:aws:s3:::a/*"]
    );
}

#[test]
fn exposure_is_reported() {
    let instance = |tokens: &str| {
        format!(
            "{{I: {{Type: AWS::EC2::Instance, Properties: {{MetadataOptions: {{HttpTokens: {tokens}}}}}}}}}"
        )
    };
    let (safe, open) = (instance("required"), instance("optional"));
    assert_eq!(
        lines(&safe, &open),
        ["+ I MetadataOptions.HttpTokens is optional"]
    );
    assert_eq!(
        lines(&open, &safe),
        ["- I MetadataOptions.HttpTokens is required"]
    );
    assert!(lines("{}", &safe).is_empty());
}

#[test]
fn a_policy_of_a_role_counts_for_the_role() {
    let inside = "{R: {Type: AWS::IAM::Role, Properties: {Policies: [{PolicyDocument: {Statement: {Effect: Allow, Action: a:b, Resource: '*'}}}]}}}";
    let apart = "{R: {Type: AWS::IAM::Role, Properties: {}}, P: {Type: AWS::IAM::RolePolicy, Properties: {RoleName: !Ref R, PolicyDocument: {Statement: {Effect: Allow, Action: a:b, Resource: '*'}}}}}";
    assert!(lines(inside, apart).is_empty());
}

#[test]
fn exclusions_count_inversely() {
    let role = |statement: &str| {
        format!(
            "{{R: {{Type: AWS::IAM::Role, Properties: {{Policies: [{{PolicyDocument: {{Statement: [{statement}]}}}}]}}}}}}"
        )
    };
    let max = role("{Effect: Allow, NotAction: 'iam:*', Resource: '*'}");
    let nearly_all = role("{Effect: Allow, NotAction: 'iam:DeleteUser', Resource: '*'}");
    assert_eq!(
        lines(&max, &nearly_all),
        ["+ R allows all except iam:DeleteUser on *"]
    );
    assert_eq!(
        lines(&nearly_all, &max),
        ["- R no longer allows all except iam:DeleteUser on *"]
    );
    let one = role("{Effect: Allow, Action: x, Resource: 'a?'}");
    let many = role("{Effect: Allow, Action: x, Resource: 'a*'}");
    assert_eq!(lines(&one, &many), ["+ R allows x on a*"]);
}

#[test]
fn exclusions_do_not_cover_shared_parts() {
    let role = |statements: &str| {
        format!(
            "{{R: {{Type: AWS::IAM::Role, Properties: {{Policies: [{{PolicyDocument: {{Statement: [{statements}]}}}}]}}}}}}"
        )
    };
    let max = "{Effect: Allow, NotAction: 's3:Get*', Resource: '*'}";
    let more = format!("{max}, {{Effect: Allow, Action: 's3:*Object', Resource: '*'}}");
    assert_eq!(
        lines(&role(max), &role(&more)),
        ["+ R allows s3:*Object on *"]
    );
    let far = format!("{max}, {{Effect: Allow, Action: 'ec2:Run*', Resource: '*'}}");
    assert!(lines(&role(max), &role(&far)).is_empty());
    let tied = "{Effect: Allow, Action: x, Resource: r, Condition: {Bool: {k: true}}}";
    let perhaps = "{Effect: Allow, Action: x, Resource: r, Condition: !If [C, {Bool: {k: true}}, !Ref AWS::NoValue]}";
    assert_eq!(lines(&role(tied), &role(perhaps)), ["+ R allows x on r"]);
}

#[test]
fn a_group_that_is_replaced_is_open_as_a_new_one() {
    let group =
        |more: &str| format!("{{G: {{Type: AWS::EC2::SecurityGroup, Properties: {{{more}}}}}}}");
    let closed = group(
        "GroupDescription: a, SecurityGroupEgress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/24}]",
    );
    let open = group("GroupDescription: b");
    assert_eq!(
        lines(&closed, &open),
        [
            "+ G allows all traffic outbound to 0.0.0.0/0",
            "+ G allows all traffic outbound to ::/0"
        ]
    );
}

#[test]
fn both_branches_of_a_condition_count() {
    let role = |statement: &str| {
        format!(
            "{{R: {{Type: AWS::IAM::Role, Properties: {{Policies: [{{PolicyDocument: {{Statement: [{statement}]}}}}]}}}}}}"
        )
    };
    let plain = role("{Effect: Allow, Action: x, Resource: r}");
    let more = role(
        "{Effect: Allow, Action: x, Resource: r}, !If [C, {Effect: Allow, Action: '*', Resource: '*'}, !Ref AWS::NoValue]",
    );
    assert_eq!(lines(&plain, &more), ["+ R allows * on *"]);
    let endpoint =
        |policy: &str| format!("{{E: {{Type: AWS::EC2::VPCEndpoint, Properties: {{{policy}}}}}}}");
    let document = "{Statement: [{Effect: Allow, Principal: '*', Action: a, Resource: '*'}]}";
    let tied = endpoint(&format!("PolicyDocument: {document}"));
    let perhaps = endpoint(&format!(
        "PolicyDocument: !If [C, {document}, !Ref AWS::NoValue]"
    ));
    assert_eq!(lines(&tied, &perhaps), ["+ E allows * on * to *"]);
    let none = endpoint("PolicyDocument: !Ref AWS::NoValue");
    assert!(lines(&endpoint(""), &none).is_empty());
}

#[test]
fn groups_roles_and_addresses_are_attached() {
    let instance = |group: &str| {
        format!(
            "{{I: {{Type: AWS::EC2::Instance, Properties: {{SecurityGroupIds: [!Ref {group}]}}}}}}"
        )
    };
    assert_eq!(
        lines(&instance("G"), &instance("W")),
        [
            "+ I is in security group W",
            "- I no longer is in security group G"
        ]
    );
    let address = "{E: {Type: AWS::EC2::EIP, Properties: {InstanceId: !Ref I}}}";
    assert_eq!(lines("{}", address), ["+ E is a public IP address of I"]);
}

#[test]
fn ports_that_are_not_resolved_cover_only_themselves() {
    let group = |rule: &str| {
        format!(
            "{{G: {{Type: AWS::EC2::SecurityGroup, Properties: {{SecurityGroupEgress: [], SecurityGroupIngress: [{rule}]}}}}}}"
        )
    };
    let one = group("{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}");
    let mapped =
        group("{IpProtocol: tcp, FromPort: 443, ToPort: !FindInMap [M, a, b], CidrIp: 0.0.0.0/0}");
    assert_eq!(lines(&one, &mapped).len(), 2);
    let ping = group("{IpProtocol: icmp, FromPort: 8, ToPort: -1, CidrIp: 10.0.0.0/8}");
    let echo = group("{IpProtocol: icmp, FromPort: 8, ToPort: 0, CidrIp: 10.0.0.0/8}");
    assert_eq!(
        lines(&ping, &echo),
        ["- G no longer allows ICMP type 8 inbound from 10.0.0.0/8"]
    );
    let all = group("{IpProtocol: -1, CidrIp: 127.0.0.1/0}");
    assert_eq!(lines(&group(""), &all).len(), 1);
}

#[test]
fn equal_grants_are_one_line() {
    let role = |more: &str| {
        format!(
            "{{R: {{Type: AWS::IAM::Role, Properties: {{Policies: [{{PolicyDocument: {{Statement: [
                {{Effect: Allow, Action: a:A, Resource: r}}{more}]}}}}]}}}}}}"
        )
    };
    let more = ", {Effect: Allow, Action: [a:B, a:C], Resource: [r, s], Principal: {AWS: [p, q]}}";
    assert_eq!(
        lines(&role(""), &role(more)),
        ["+ R allows a:B, a:C on r, s to p, q"]
    );
    let many: Vec<String> = (0..40).map(|it| format!("resource-{it}")).collect();
    let many = format!(
        ", {{Effect: Allow, Action: a:B, Resource: [{}], Principal: {{AWS: p}}}}",
        many.join(", ")
    );
    let found = lines(&role(""), &role(&many));
    assert!(
        found.len() == 1 && found[0].ends_with(" and 27 more to p"),
        "{found:?}"
    );
}
