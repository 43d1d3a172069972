//! What to look at, hop by hop: commands that use the variables of the runbook's start.

use super::shell::Line;
use crate::reachability::Hop;

/// The actions that a role needs for a session.
const ACTIONS: &str = "--action-names ssm:UpdateInstanceInformation ssmmessages:CreateControlChannel \
ssmmessages:CreateDataChannel ssmmessages:OpenControlChannel ssmmessages:OpenDataChannel";

/// What to look for.
pub(super) const fn look(hop: Hop) -> &'static str {
    match hop {
        Hop::Agent => {
            "The instance runs, and its console says that the agent started. An agent that got no \
             credentials sleeps up to half an hour before it asks again; one that is rebooted (`aws ec2 reboot-instances`) asks at once."
        }
        Hop::Imds => {
            "`HttpEndpoint` is `enabled`. A hop limit of 1 is enough for the agent, not for one in a \
             container."
        }
        Hop::InstanceProfile => "One profile is associated, and it holds the role.",
        Hop::RoleTrust => "`ec2.amazonaws.com` may take the role by `sts:AssumeRole`.",
        Hop::RolePermissions => {
            "Every action is `allowed`. The simulation does not know service control policies."
        }
        Hop::VpcDns => "Both are `true`.",
        Hop::Endpoint => {
            "`ssm` and `ssmmessages` are there and `available`, or the subnet has a way out (`route`)."
        }
        Hop::EndpointPrivateDns => {
            "Private DNS is `True` for both. On the instance, `getent hosts` of the service's name \
             would answer with an address of the VPC."
        }
        Hop::EndpointPolicy => "Each policy allows the role the actions of `role-permissions`.",
        Hop::EndpointSecurityGroup => {
            "An inbound rule for TCP 443 names the instance's group or a range that holds its subnet."
        }
        Hop::InstanceSecurityGroup => {
            "An outbound rule lets TCP 443 out to the endpoints' group, or to everywhere. No inbound \
             rule is needed: nothing dials in."
        }
        Hop::NetworkAcl => {
            "Between two subnets, port 443 passes there, and ports 32768 to 65535 pass back."
        }
        Hop::Route => {
            "No table in the answer means the VPC's main one. Without endpoints, `0.0.0.0/0` leads to a NAT gateway that is `available`; with them, no \
             default route is needed."
        }
        Hop::SessionPreferences => {
            "Encryption by KMS and logs need permissions of the role, and a way to `kms`, `s3` or \
             `logs`. `InvalidDocument` means that there are no preferences, and that is fine."
        }
    }
}

/// The commands.
pub(super) fn commands(hop: Hop) -> Vec<String> {
    let endpoints =
        || Line::new("aws ec2 describe-vpc-endpoints").raw("--filters \"Name=vpc-id,Values=$VPC\"");
    let rules = |group| Line::new("aws ec2 describe-security-group-rules").raw(group);
    let profiles = || {
        Line::new("aws ec2 describe-iam-instance-profile-associations")
            .raw("--filters \"Name=instance-id,Values=$INSTANCE\"")
    };
    let lines = match hop {
        Hop::Agent => vec![
            Line::new("aws ec2 describe-instance-status --include-all-instances")
                .raw("--instance-ids \"$INSTANCE\" --output table"),
            Line::new("aws ec2 get-console-output --latest --instance-id \"$INSTANCE\"")
                .raw("--output text"),
        ],
        Hop::Imds => vec![
            Line::new("aws ec2 describe-instances --instance-ids \"$INSTANCE\"")
                .raw("--query 'Reservations[].Instances[].MetadataOptions'"),
        ],
        Hop::InstanceProfile => vec![
            profiles().raw("--output table"),
            Line::new("aws iam get-instance-profile --instance-profile-name \"$PROFILE\"")
                .raw("--query 'InstanceProfile.Roles[].RoleName'"),
        ],
        Hop::RoleTrust => vec![
            Line::new("aws iam get-role --role-name \"$ROLE\"")
                .raw("--query Role.AssumeRolePolicyDocument"),
        ],
        Hop::RolePermissions => vec![
            Line::new("aws iam list-attached-role-policies --role-name \"$ROLE\""),
            Line::new("aws iam list-role-policies --role-name \"$ROLE\""),
            Line::new("aws iam simulate-principal-policy")
                .raw("--policy-source-arn \"$ROLE_ARN\"")
                .raw(ACTIONS)
                .raw("--query 'EvaluationResults[].[EvalActionName,EvalDecision]' --output table"),
        ],
        Hop::VpcDns => vec![
            Line::new("aws ec2 describe-vpc-attribute --vpc-id \"$VPC\"")
                .raw("--attribute enableDnsSupport"),
            Line::new("aws ec2 describe-vpc-attribute --vpc-id \"$VPC\"")
                .raw("--attribute enableDnsHostnames"),
        ],
        Hop::Endpoint => vec![
            endpoints()
                .raw("--query 'VpcEndpoints[].[ServiceName,VpcEndpointType,State,length(SubnetIds)]'")
                .raw("--output table"),
        ],
        Hop::EndpointPrivateDns => vec![
            endpoints()
                .raw("--query 'VpcEndpoints[].[ServiceName,PrivateDnsEnabled]' --output table"),
        ],
        Hop::EndpointPolicy => vec![
            endpoints()
                .raw("--query 'VpcEndpoints[].[ServiceName,PolicyDocument]' --output text"),
        ],
        Hop::EndpointSecurityGroup => vec![
            rules("--filters \"Name=group-id,Values=$ENDPOINT_GROUPS\"").raw("--output table"),
        ],
        Hop::InstanceSecurityGroup => vec![
            rules("--filters \"Name=group-id,Values=$INSTANCE_GROUPS\"").raw("--output table"),
        ],
        Hop::NetworkAcl => vec![
            Line::new("aws ec2 describe-network-acls")
                .raw("--filters \"Name=association.subnet-id,Values=$SUBNET\"")
                .raw("--query 'NetworkAcls[].Entries[]' --output table"),
        ],
        Hop::Route => vec![
            Line::new("aws ec2 describe-route-tables")
                .raw("--filters \"Name=association.subnet-id,Values=$SUBNET\"")
                .raw("--query 'RouteTables[].Routes[]' --output table"),
            Line::new("aws ec2 describe-nat-gateways --filter \"Name=vpc-id,Values=$VPC\"")
                .raw("--query 'NatGateways[].[NatGatewayId,State]' --output table"),
        ],
        Hop::SessionPreferences => vec![
            Line::new("aws ssm get-document --name SSM-SessionManagerRunShell")
                .raw("--query Content --output text"),
        ],
    };
    lines.into_iter().map(Line::end).collect()
}
