//! Resources of other services that AWS refuses, since they share the stack with an instance.

use super::subnets::same_zone;
use super::{Refusal, is_in_stack};
use crate::ir::{Expr, NodeId};
use crate::reachability::graph_index::{GraphIndex, Resolved};
use crate::reachability::iam::{CallContext, Caller, judge_document};
use crate::reachability::internet_route::has_internet_gateway;
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::resource::{Bucket, BucketPolicy, Node, RawValue, Resource, Subnet, Trail, Typed as _};

/// Returns the refusal of a resource, in the words of its service.
fn refuse(
    index: &GraphIndex<'_>,
    (id, node): (NodeId, &Node),
    certain: Ternary,
    (service, error, why, fix): (&str, &str, &str, &str),
) -> Option<Refusal> {
    let verb = if certain.is_yes() {
        "refuses"
    } else {
        "can refuse"
    };
    let reason = format!("{service} {verb} `{}` (`{error}`): {why}", index.name(id));
    let certain = is_in_stack(node).and(certain);
    let refusal = Refusal::new(Hop::Agent, (id, ""), certain, reason)?;
    Some(refusal.fix(Fix::manual(fix)))
}

/// Resources of types that no hop reads.
pub(super) fn others(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut found = Vec::new();
    let mut targets: Vec<(NodeId, RawValue<'_>, Option<&Subnet>)> = Vec::new();
    let mut connect: Vec<(NodeId, NodeId)> = Vec::new();
    for stack in &index.stacks {
        for (id, node) in index.graph.nodes_of(stack) {
            let has_table = node.resource.kind().is_some();
            let is_other = !has_table || matches!(node.resource, Resource::LoadBalancer(_));
            if node.is_absent() || node.is_lookup() || !is_other {
                continue;
            }
            let of = node.resource.type_name(node.dialect()).unwrap_or_default();
            let at = (id, node);
            let is_existing = node.origin.as_ref().is_some_and(|it| it.is_existing);
            match of {
                "AWS::ElasticLoadBalancingV2::LoadBalancer" => {
                    found.extend(load_balancer(index, at));
                }
                "AWS::RDS::DBSubnetGroup" => {
                    let text = (
                        "RDS",
                        "DBSubnetGroupDoesNotCoverEnoughAZs",
                        "its subnets are in one Availability Zone",
                        "add a subnet in another Availability Zone",
                    );
                    let certain = in_one_zone(index, node, "SubnetIds");
                    found.extend(certain.and_then(|it| refuse(index, at, it, text)));
                }
                "AWS::EFS::MountTarget" => {
                    found.extend(mount_target(index, at, &mut targets));
                }
                "AWS::EC2::InstanceConnectEndpoint" | "aws_ec2_instance_connect_endpoint" => {
                    found.extend(connect_endpoint(index, at, &mut connect));
                }
                "AWS::Lambda::Function" => found.extend(function(index, at)),
                "AWS::SSM::Parameter" | "aws_ssm_parameter" if !is_existing => {
                    found.extend(parameter(index, at));
                }
                "AWS::IAM::ServiceLinkedRole" | "aws_iam_service_linked_role" if !is_existing => {
                    let text = (
                        "IAM",
                        "InvalidInput",
                        "the account can already have the service-linked role",
                        "remove it if the account has the role",
                    );
                    found.extend(refuse(index, at, Ternary::Unknown, text));
                }
                _ => {}
            }
        }
    }
    found
}

/// Returns the subnets in a list, unless the file does not show all of them.
fn subnets<'g>(
    index: &GraphIndex<'g>,
    node: &Node,
    property: &str,
) -> Option<Vec<Resolved<'g, Subnet>>> {
    let RawValue::List(items) = node.property(property, "")? else {
        return None;
    };
    let one = |item: &RawValue<'_>| match item {
        RawValue::Str(id) => Some(Resolved::Outside(Expr::Text(id.to_string().into()))),
        RawValue::Expr(expr) if !item.is_spliced() && !item.is_items() => {
            index.resolve_expr(expr).pop()
        }
        _ => None,
    };
    items.iter().map(one).collect()
}

/// Returns whether the subnets in a list are in one Availability Zone, unless they are not.
fn in_one_zone(index: &GraphIndex<'_>, node: &Node, property: &str) -> Option<Ternary> {
    let all = subnets(index, node, property)?;
    if let [one] = all.as_slice() {
        // An attribute of a custom resource can be a list.
        let is_known = !matches!(one, Resolved::Outside(Expr::Opaque(_) | Expr::Other(..)));
        return Some(Ternary::Yes.and(if is_known {
            Ternary::Yes
        } else {
            Ternary::Unknown
        }));
    }
    let subnets = all.iter().map(|it| match it {
        Resolved::Node(_, subnet) => Some(*subnet),
        _ => None,
    });
    let subnets: Vec<&Subnet> = subnets.collect::<Option<_>>()?;
    let (first, rest) = subnets.split_first()?;
    let same = Ternary::all(rest.iter().map(|it| same_zone(first, it)));
    same.is_yes().then_some(same)
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html>
fn load_balancer(index: &GraphIndex<'_>, at: (NodeId, &Node)) -> Option<Refusal> {
    let node = at.1;
    let text = |name| {
        node.property(name, "")
            .map(|it| it.as_str().map(str::to_owned))
    };
    let is_application = match text("Type") {
        None => true,
        Some(of) => of? == "application",
    };
    if is_application && let Some(certain) = in_one_zone(index, node, "Subnets") {
        let text = (
            "Elastic Load Balancing",
            "ValidationError",
            "its subnets are in one Availability Zone",
            "add a subnet in another Availability Zone",
        );
        return refuse(index, at, certain, text);
    }
    let is_public = match text("Scheme") {
        None => true,
        Some(scheme) => scheme? == "internet-facing",
    };
    let is_closed = subnets(index, node, "Subnets")?.iter().any(|it| match it {
        Resolved::Node(_, subnet) => match index.resolve_one(&subnet.vpc) {
            vpc @ Resolved::Node(..) => has_internet_gateway(index, &vpc).is_no(),
            _ => false,
        },
        _ => false,
    });
    let is_gateway = text("Type").flatten().is_some_and(|it| it == "gateway");
    if !is_public || !is_closed || is_gateway {
        return None;
    }
    let text = (
        "Elastic Load Balancing",
        "InvalidSubnet",
        "it is internet-facing, and its VPC has no internet gateway",
        "set the scheme `internal`, or attach an internet gateway to the VPC",
    );
    refuse(index, at, Ternary::Yes, text)
}

/// <https://docs.aws.amazon.com/efs/latest/APIReference/API_CreateMountTarget.html>
fn mount_target<'g>(
    index: &GraphIndex<'g>,
    at: (NodeId, &'g Node),
    before: &mut Vec<(NodeId, RawValue<'g>, Option<&'g Subnet>)>,
) -> Option<Refusal> {
    let system = at.1.property("FileSystemId", "")?;
    let subnet = match at.1.property("SubnetId", "")? {
        RawValue::Expr(expr) => match index.resolve_expr::<Subnet>(&expr).pop() {
            Some(Resolved::Node(_, subnet)) => Some(subnet),
            _ => None,
        },
        _ => None,
    };
    let twin = before.iter().find(|(_, other, of)| {
        let same = subnet
            .zip(*of)
            .is_some_and(|(a, b)| std::ptr::eq(a, b) || same_zone(a, b).is_yes());
        *other == system && same
    });
    let twin = twin.map(|it| it.0);
    before.push((at.0, system, subnet));
    let other = twin?;
    let certain = index.graph.node(other).map_or(Ternary::No, is_in_stack);
    let why = format!("`{}` is in the same Availability Zone", index.name(other));
    let text = (
        "EFS",
        "MountTargetConflict",
        why.as_str(),
        "remove one of the mount targets",
    );
    refuse(index, at, certain, text)
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/eice-quotas.html>
fn connect_endpoint(
    index: &GraphIndex<'_>,
    at: (NodeId, &Node),
    before: &mut Vec<(NodeId, NodeId)>,
) -> Option<Refusal> {
    let subnets = at.1.references().into_iter();
    let vpc = subnets.filter_map(|id| Subnet::of(&index.graph.node(id)?.resource));
    let vpc = vpc
        .filter_map(|it| index.resolve_one(&it.vpc).node())
        .next()?;
    let twin = before.iter().find(|(_, of)| *of == vpc).map(|it| it.0);
    before.push((at.0, vpc));
    let why = format!(
        "`{}` is in the same VPC, which has one such endpoint",
        index.name(twin?)
    );
    let text = (
        "EC2",
        "LimitExceeded",
        why.as_str(),
        "remove one of the endpoints",
    );
    refuse(index, at, Ternary::Unknown, text)
}

/// A function with a role that Lambda cannot assume.
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html>
fn function(index: &GraphIndex<'_>, at: (NodeId, &Node)) -> Option<Refusal> {
    let RawValue::Expr(expr) = at.1.property("Role", "")? else {
        return None;
    };
    let Expr::Attr(role, _) = expr.as_ref() else {
        return None;
    };
    let node = index.graph.node(*role)?;
    let Resource::Role(it) = &node.resource else {
        return None;
    };
    let on = CallContext::of(Caller::Service("lambda", at.0));
    let trusted = judge_document(index, &it.assume_role_policy, "sts:AssumeRole", &on).holds;
    if !trusted.is_no() || node.is_unmodeled("assume_role_policy") {
        return None;
    }
    let why = format!("role `{}` does not trust Lambda", index.name(*role));
    let fix = "use a role that trusts `lambda.amazonaws.com`";
    let text = (
        "Lambda",
        "InvalidParameterValueException",
        why.as_str(),
        fix,
    );
    refuse(index, at, is_in_stack(node), text)
}

/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>
fn parameter(index: &GraphIndex<'_>, at: (NodeId, &Node)) -> Option<Refusal> {
    let name = at.1.property("Name", "name")?;
    let name = name.as_str()?.to_ascii_lowercase();
    let short = name.trim_start_matches('/');
    let first = short.split('/').next().unwrap_or_default();
    let certain = match short.starts_with("ssm") || short.starts_with("aws") {
        true => Ternary::from(short == name || matches!(first, "ssm" | "aws")).or(Ternary::Unknown),
        false => return None,
    };
    let text = (
        "Systems Manager",
        "ValidationException",
        "the name of a parameter cannot start with `ssm` or `aws`",
        "use another name",
    );
    refuse(index, at, certain, text)
}

/// A trail whose bucket does not let CloudTrail write.
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html>
pub(super) fn trails(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let one = |(id, node, it): (NodeId, &Node, &Trail)| {
        let Resolved::Node(bucket, _) = index.resolve_one::<Bucket>(&it.bucket) else {
            return None;
        };
        let of_bucket = index.graph.node(bucket)?;
        let is_existing = of_bucket.origin.as_ref().is_some_and(|it| it.is_existing);
        if node.is_lookup() || of_bucket.is_lookup() || is_existing {
            return None;
        }
        let key = bucket.at(Bucket::ARN);
        let on = CallContext {
            resource: Some(&key),
            ..CallContext::of(Caller::Service("cloudtrail", id))
        };
        let policies = index.all::<BucketPolicy>();
        let allowed = Ternary::any(policies.map(|(_, _, policy)| {
            let ours = index.points_to(&policy.bucket, bucket);
            let allows = judge_document(index, &policy.policy_document, "s3:GetBucketAcl", &on);
            ours.and(allows.holds)
        }));
        if !allowed.is_no() || index.is_externally_modified(bucket) {
            return None;
        }
        let why = format!(
            "no policy of bucket `{}` allows CloudTrail",
            index.name(bucket)
        );
        let fix =
            "add a bucket policy that allows `s3:GetBucketAcl` and `s3:PutObject` to CloudTrail";
        let error = "InsufficientS3BucketPolicyException";
        let text = ("CloudTrail", error, why.as_str(), fix);
        refuse(index, (id, node), is_in_stack(of_bucket), text)
    };
    index.all::<Trail>().filter_map(one).collect()
}
