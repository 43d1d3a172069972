//! Auto Scaling groups that AWS refuses to create.

use super::{Refusal, together};
use crate::ir::{Expr, NodeId, Text, Value};
use crate::reachability::graph_index::{GraphIndex, Resolved};
use crate::reachability::instance::{self, InstanceConfig};
use crate::reachability::setting::Setting;
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::resource::{
    AutoScalingGroup, Node, RawValue, Resource, SecurityGroup, SecurityGroupIngress,
    SecurityGroupRule, Subnet,
};

/// A size outside the minimum and maximum of its Auto Scaling group.
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html>
pub(super) fn sizes(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let one = |(id, _, it): (_, _, &AutoScalingGroup)| {
        let min = it.min_size.as_ref().and_then(|it| it.lit());
        let max = it.max_size.as_ref().and_then(|it| it.lit());
        let desired = it.desired_capacity.as_ref().and_then(|it| it.lit());
        let (field, why, fix) = match (min, desired, max) {
            (Some(min), _, Some(max)) if min > max => (
                "min_size",
                format!("its minimum {min} is larger than its maximum {max}"),
                "increase the maximum",
            ),
            (_, Some(desired), Some(max)) if desired > max => (
                "desired_capacity",
                format!("its desired capacity {desired} is larger than its maximum {max}"),
                "increase the maximum, or reduce the desired capacity",
            ),
            (Some(min), Some(desired), _) if desired < min => (
                "desired_capacity",
                format!("its desired capacity {desired} is smaller than its minimum {min}"),
                "increase the desired capacity, or reduce the minimum",
            ),
            _ => return None,
        };
        let name = index.name(id);
        let reason = format!("Auto Scaling refuses `{name}` (`ValidationError`): {why}");
        let refusal = Refusal::new(Hop::Agent, (id, field), index.exists(id), reason)?;
        Some(refusal.fix(Fix::manual(fix)))
    };
    index.all::<AutoScalingGroup>().filter_map(one).collect()
}

/// Returns the refusal of an Auto Scaling group.
fn refuse(
    index: &GraphIndex<'_>,
    at: (NodeId, &'static str),
    certain: Ternary,
    (error, why, fix): (&str, String, &str),
) -> Option<Refusal> {
    let verb = if certain.is_yes() {
        "refuses"
    } else {
        "can refuse"
    };
    let name = index.name(at.0);
    let reason = format!("Auto Scaling {verb} `{name}` (`{error}`): {why}");
    let refusal = Refusal::new(Hop::Agent, at, certain, reason)?;
    Some(refusal.fix(Fix::manual(fix)))
}

/// Settings that exclude each other.
pub(super) fn combinations(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut found = Vec::new();
    for (id, node, it) in index.all::<AutoScalingGroup>() {
        found.extend(target_types(index, id, it));
        found.extend(market(index, id, it));
        found.extend(zones(index, id, it));
        found.extend(lifetime(index, id, node));
    }
    found
}

/// A target group that does not accept instances.
/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/attach-load-balancer-asg.html>
fn target_types(index: &GraphIndex<'_>, id: NodeId, it: &AutoScalingGroup) -> Option<Refusal> {
    let (to, of) = it.target_groups.iter().find_map(|link| {
        let Value::Expr(Expr::Attr(to, _) | Expr::Other(to, _)) = link else {
            return None;
        };
        let of = index
            .graph
            .node(*to)?
            .property("TargetType", "target_type")?;
        let of = of.as_str().filter(|it| *it != "instance" && !it.is_empty());
        of.map(|of| (*to, of.to_owned()))
    })?;
    let name = index.name(to);
    let why = format!("target group `{name}` has the target type `{of}`");
    let certain = together(index, &[id, to]);
    let text = ("ValidationError", why, "use the target type `instance`");
    refuse(index, (id, "target_groups"), certain, text)
}

/// A mixed instances policy with a launch template that requests Spot Instances.
/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/mixed-instances-groups-set-up-overview.html>
fn market(index: &GraphIndex<'_>, id: NodeId, it: &AutoScalingGroup) -> Option<Refusal> {
    let link = it
        .mixed_launch_template
        .as_ref()?
        .launch_template
        .as_ref()?;
    let to = index.resolve_one(link).node()?;
    let options = index.graph.node(to)?.property(
        "LaunchTemplateData.InstanceMarketOptions",
        "instance_market_options",
    )?;
    if matches!(&options, RawValue::List(items) if items.is_empty()) {
        return None;
    }
    let why = format!(
        "launch template `{}` requests Spot Instances",
        index.name(to)
    );
    let fix = "remove `InstanceMarketOptions`, and set the distribution of the policy";
    let certain = together(index, &[id, to]);
    let text = ("InvalidQueryParameter", why, fix);
    refuse(index, (id, "mixed_launch_template"), certain, text)
}

/// A subnet outside the Availability Zones of the Auto Scaling group.
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html>
fn zones(index: &GraphIndex<'_>, id: NodeId, it: &AutoScalingGroup) -> Option<Refusal> {
    let zones: Option<Vec<&Text>> = it.availability_zones.iter().map(Value::lit).collect();
    let zones = zones.filter(|it| !it.is_empty())?;
    it.subnets.iter().find_map(|link| {
        let Resolved::Node(to, subnet) = index.resolve_one::<Subnet>(link) else {
            return None;
        };
        let zone = subnet.availability_zone.lit()?;
        if zones.contains(&zone) {
            return None;
        }
        let name = index.name(to);
        let why =
            format!("subnet `{name}` is in `{zone}`, which is not one of its Availability Zones");
        let certain = together(index, &[id, to]);
        let text = (
            "ValidationError",
            why,
            "remove the Availability Zones of the group",
        );
        refuse(index, (id, "availability_zones"), certain, text)
    })
}

/// A lifetime of less than a day.
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html>
fn lifetime(index: &GraphIndex<'_>, id: NodeId, node: &Node) -> Option<Refusal> {
    const DAY: i64 = 86_400;
    let seconds = match node.property("MaxInstanceLifetime", "max_instance_lifetime")? {
        RawValue::Int(seconds) => seconds,
        RawValue::Str(seconds) => seconds.parse().ok()?,
        _ => return None,
    };
    if seconds == 0 || seconds >= DAY {
        return None;
    }
    let why = format!("its instances live {seconds} s, less than {DAY}");
    let text = ("ValidationError", why, "set a lifetime of 86,400 s or more");
    refuse(index, (id, ""), index.exists(id), text)
}

/// Several instances with one fixed address.
pub(super) fn fixed_addresses<'g>(index: &GraphIndex<'g>) -> Vec<Refusal> {
    let one = |config: InstanceConfig<'g>| {
        let node = index.graph.node(config.node)?;
        let Resource::AutoScalingGroup(it) = &node.resource else {
            return None;
        };
        let size = it.desired_capacity.as_ref().filter(|it| !it.is_absent());
        let size = *size.or(it.min_size.as_ref())?.lit()?;
        let Resource::LaunchTemplate(template) = &index.graph.node(config.launch_source)?.resource
        else {
            return None;
        };
        let mut interfaces = template.network_interfaces.iter();
        let address = interfaces.find_map(|it| it.private_ip_address.as_ref()?.lit())?;
        if size < 2 || address.is_empty() {
            return None;
        }
        let name = index.name(config.node);
        let reason = format!(
            "EC2 refuses all but one instance of `{name}` (`InvalidIPAddress.InUse`): each has the \
             address `{address}`"
        );
        let at = (config.launch_source, "network_interfaces");
        let refusal = Refusal::new(Hop::Agent, at, Ternary::Unknown, reason)?;
        Some(refusal.fix(Fix::manual("remove the fixed address")))
    };
    instance::all(index).into_iter().filter_map(one).collect()
}

/// A lifecycle hook that ends each instance after its launch, unless something completes it.
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html>
pub(super) fn hooks<'g>(index: &GraphIndex<'g>) -> Vec<Refusal> {
    let mut found = Vec::new();
    for config in instance::all(index) {
        let Some(node) = index.graph.node(config.node) else {
            continue;
        };
        if !matches!(node.resource, Resource::AutoScalingGroup(_)) || completes(index, &config) {
            continue;
        }
        let names = ("LifecycleHookSpecificationList", "initial_lifecycle_hook");
        let inside = match node.property(names.0, names.1) {
            Some(RawValue::List(items)) => items.iter().any(|item| match item {
                RawValue::Object(map) | RawValue::Block(map) => abandons(&|cfn, tf| {
                    let value = map.get(cfn).or_else(|| map.get(tf));
                    value.cloned()
                }),
                _ => false,
            }),
            _ => false,
        };
        let separate = index.graph.nodes().find(|(_, hook)| {
            let of = hook.resource.type_name(hook.dialect());
            let types = [
                "AWS::AutoScaling::LifecycleHook",
                "aws_autoscaling_lifecycle_hook",
            ];
            of.is_some_and(|it| types.contains(&it))
                && !hook.is_absent()
                && hook.references().contains(&config.node)
                && abandons(&|cfn, tf| hook.property(cfn, tf))
        });
        let by = match separate {
            Some((id, _)) => id,
            None if inside => config.node,
            None => continue,
        };
        let reason = format!(
            "Auto Scaling can end each instance of `{}`: a lifecycle hook has the result `ABANDON`, \
             and nothing in the file completes it",
            index.name(config.node)
        );
        let refusal = Refusal::new(Hop::Agent, (by, ""), Ternary::Unknown, reason);
        let fix = "set the default result `CONTINUE`, or complete the hook in the user data";
        found.extend(refusal.map(|it| it.fix(Fix::manual(fix))));
    }
    found
}

/// Returns whether a hook waits at the launch and abandons the instance by default.
fn abandons<'v>(property: &dyn Fn(&str, &str) -> Option<RawValue<'v>>) -> bool {
    let text = |cfn, tf| property(cfn, tf).map(|it| it.as_str().map(str::to_owned));
    let transition = text("LifecycleTransition", "lifecycle_transition");
    let result = text("DefaultResult", "default_result");
    let launches = match transition.flatten() {
        Some(of) => of == "autoscaling:EC2_INSTANCE_LAUNCHING",
        None => true,
    };
    launches && result.flatten().is_none_or(|it| it != "CONTINUE")
}

/// Returns whether the user data completes lifecycle hooks.
fn completes(index: &GraphIndex<'_>, config: &InstanceConfig<'_>) -> bool {
    match &config.user_data {
        Setting::Known(_, _, value) => {
            let texts = index.texts(value);
            texts
                .iter()
                .any(|it| it.text.contains("complete-lifecycle-action"))
        }
        _ => false,
    }
}

/// A health check of a load balancer that no security group allows. Auto Scaling replaces each
/// instance after the grace period.
/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html>
pub(super) fn health_checks<'g>(index: &GraphIndex<'g>) -> Vec<Refusal> {
    let one = |config: InstanceConfig<'g>| {
        let Resource::AutoScalingGroup(it) = &index.graph.node(config.node)?.resource else {
            return None;
        };
        let kind = it.health_check_type.as_ref()?.lit()?;
        let has_balancer = !it.target_groups.is_empty() || !it.load_balancers.is_empty();
        if !kind.contains("ELB") || !has_balancer {
            return None;
        }
        let Setting::Known(_, _, groups) = &config.security_groups else {
            return None;
        };
        let resolved: Vec<Resolved<'_, SecurityGroup>> =
            groups.iter().flat_map(|it| index.resolve(it)).collect();
        let is_closed = |to: &Resolved<'_, SecurityGroup>| match to {
            Resolved::Node(id, _) => {
                let of_cfn = index
                    .all::<SecurityGroupIngress>()
                    .map(|(_, _, it)| &it.group);
                let of_tf = index.all::<SecurityGroupRule>().map(|(_, _, it)| &it.group);
                let mut rules = of_cfn.chain(of_tf);
                !index.is_externally_modified(*id)
                    && rules.all(|group| index.points_to(group, *id).is_no())
            }
            _ => false,
        };
        if resolved.is_empty() || !resolved.iter().all(is_closed) {
            return None;
        }
        let reason = format!(
            "Auto Scaling can replace each instance of `{}`: its health check is that of a load \
             balancer, and its security groups have no inbound rule",
            index.name(config.node)
        );
        let at = (config.node, "health_check_type");
        let refusal = Refusal::new(Hop::Agent, at, Ternary::Unknown, reason)?;
        let fix = "allow the port of the target group from the load balancer";
        Some(refusal.fix(Fix::manual(fix)))
    };
    instance::all(index).into_iter().filter_map(one).collect()
}
