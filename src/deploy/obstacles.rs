//! What stops a deletion: resources in the network of the stack that do not belong to the stack.

use serde_json::Value as Json;

use super::aws_cli::{AwsCli, AwsCliError};
use super::plain;
use super::values::Member;

/// A resource that keeps a member of the stack in use.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Obstacle {
    /// The resource, for display.
    pub(crate) what: String,
    /// The member that it keeps in use, by logical ID.
    pub(crate) member: String,
    pub(crate) help: String,
}

fn text(value: &Json, key: &str) -> String {
    plain(value[key].as_str().unwrap_or_default())
}

/// Returns whether GuardDuty created the resource for its Runtime Monitoring.
///
/// From <https://docs.aws.amazon.com/guardduty/latest/ug/runtime-monitoring-agent-resource-clean-up.html>.
fn is_guard_duty(value: &Json) -> bool {
    let tags = value["Tags"].as_array().into_iter().flatten();
    let mut keys = tags.filter_map(|it| it["Key"].as_str());
    text(value, "ServiceName").ends_with(".guardduty-data")
        || keys.any(|key| key == "GuardDutyManaged")
}

/// The calls for a VPC: the words, the list of the response, the ID, and the kind for display.
const CALLS: [(&str, &str, &str, &str); 4] = [
    (
        "describe-vpc-endpoints",
        "VpcEndpoints",
        "VpcEndpointId",
        "endpoint",
    ),
    (
        "describe-security-groups",
        "SecurityGroups",
        "GroupId",
        "security group",
    ),
    ("describe-subnets", "Subnets", "SubnetId", "subnet"),
    (
        "describe-network-interfaces",
        "NetworkInterfaces",
        "NetworkInterfaceId",
        "network interface",
    ),
];

/// Returns the network interfaces of endpoints.
fn interfaces(endpoints: &[Json]) -> Vec<String> {
    let all = endpoints
        .iter()
        .filter_map(|it| it["NetworkInterfaceIds"].as_array());
    all.flatten()
        .filter_map(|it| it.as_str().map(str::to_owned))
        .collect()
}

/// Returns what a response lists that is not part of the stack.
fn foreign(
    response: &[Json],
    (id_key, kind): (&str, &str),
    vpc: &Member,
    members: &[Member],
    of_endpoints: &[String],
) -> Vec<Obstacle> {
    let is_member = |id: &str| members.iter().any(|it| it.physical_id == id);
    // The instances of a group are not members of the stack.
    let has_groups = members
        .iter()
        .any(|it| it.kind == "AWS::AutoScaling::AutoScalingGroup");
    let mut found = Vec::new();
    for value in response {
        let id = text(value, id_key);
        let state = text(value, "State").to_ascii_lowercase();
        // The default group disappears with its VPC, and a network interface with its endpoint or instance.
        let description = text(value, "Description");
        let attached = text(&value["Attachment"], "InstanceId");
        if is_member(&id)
            || matches!(state.as_str(), "deleted" | "deleting")
            || (kind == "security group" && text(value, "GroupName") == "default")
            || of_endpoints.contains(&id)
            || (!attached.is_empty() && (has_groups || is_member(&attached)))
        {
            continue;
        }
        let guard_duty = is_guard_duty(value);
        let service = text(value, "ServiceName");
        let detail = [service, description, text(value, "GroupName")];
        let detail = detail.into_iter().find(|it| !it.is_empty());
        let detail = detail.map_or(String::new(), |it| format!(" ({it})"));
        let owner = if guard_duty { " of GuardDuty" } else { "" };
        let help = match (guard_duty, kind) {
            (_, "endpoint") => {
                format!(
                    "run `aws ec2 delete-vpc-endpoints --vpc-endpoint-ids {id}` after the instances are terminated"
                )
            }
            (true, "security group") => {
                format!(
                    "run `aws ec2 delete-security-group --group-id {id}` after its endpoint is deleted"
                )
            }
            _ => {
                "delete it first, or exclude the member with `--retain-resource` after the failure"
                    .to_owned()
            }
        };
        found.push(Obstacle {
            what: format!("{kind} `{id}`{owner}{detail}"),
            member: vpc.logical_id.clone(),
            help,
        });
    }
    found
}

/// Finds the obstacles with read-only calls. The second value is the first call that failed.
pub(crate) async fn find(
    aws_cli: &AwsCli,
    members: &[Member],
) -> (Vec<Obstacle>, Option<AwsCliError>) {
    let mut found = Vec::new();
    let mut failure = None;
    let vpcs = members.iter().filter(|it| {
        it.kind == "AWS::EC2::VPC" && !it.physical_id.is_empty() && it.status != "DELETE_COMPLETE"
    });
    for vpc in vpcs {
        let filter = format!("Name=vpc-id,Values={}", vpc.physical_id);
        let mut of_endpoints = Vec::new();
        for (call, key, id, kind) in CALLS {
            let words = ["ec2", call, "--filters", &filter];
            match aws_cli.list(key, &words).await {
                Ok(response) => {
                    found.extend(foreign(&response, (id, kind), vpc, members, &of_endpoints));
                    of_endpoints.extend(interfaces(&response));
                }
                Err(error) => failure = failure.or(Some(error)),
            }
        }
    }
    (found, failure)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn member(kind: &str, id: &str) -> Member {
        Member {
            logical_id: "M".to_owned(),
            physical_id: id.to_owned(),
            kind: kind.to_owned(),
            status: "CREATE_COMPLETE".to_owned(),
        }
    }

    #[test]
    fn endpoints_and_groups_of_guard_duty_are_found() {
        let members = [
            member("AWS::EC2::VPC", "vpc-1"),
            member("AWS::EC2::VPCEndpoint", "vpce-1"),
        ];
        let of = |response: Json, id: &str, kind: &str| {
            let response = response.as_array().cloned().unwrap_or_default();
            let found = foreign(
                &response,
                (id, kind),
                &members[0],
                &members,
                &["eni-1".to_owned()],
            );
            found.into_iter().map(|it| it.what).collect::<Vec<_>>()
        };
        let endpoints = json!([
            {"VpcEndpointId": "vpce-1", "State": "available"},
            {"VpcEndpointId": "vpce-2", "State": "Deleted"},
            {"VpcEndpointId": "vpce-3", "State": "available",
                "ServiceName": "com.amazonaws.us-east-1.guardduty-data"},
        ]);
        let expected = "endpoint `vpce-3` of GuardDuty (com.amazonaws.us-east-1.guardduty-data)";
        assert_eq!(of(endpoints, "VpcEndpointId", "endpoint"), [expected]);
        let groups = json!([
            {"GroupId": "sg-1", "GroupName": "default"},
            {"GroupId": "sg-2", "GroupName": "GuardDutyManagedSecurityGroup-vpc-1",
                "Tags": [{"Key": "GuardDutyManaged", "Value": "true"}]},
        ]);
        let expected = "security group `sg-2` of GuardDuty (GuardDutyManagedSecurityGroup-vpc-1)";
        assert_eq!(of(groups, "GroupId", "security group"), [expected]);
        let interfaces = json!([
            {"NetworkInterfaceId": "eni-1"},
            {"NetworkInterfaceId": "eni-2", "Description": "AWS Lambda VPC ENI-x"},
        ]);
        let expected = "network interface `eni-2` (AWS Lambda VPC ENI-x)";
        assert_eq!(
            of(interfaces, "NetworkInterfaceId", "network interface"),
            [expected]
        );
    }
}
