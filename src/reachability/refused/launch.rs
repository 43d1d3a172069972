//! Instances that EC2 and Auto Scaling refuse to start.

use super::{Refusal, together};
use crate::ir::{Attr, Dialect, Expr, Link, NodeId, Text, Value, near, nearest};
use crate::reachability::graph_index::{GraphIndex, Resolved};
use crate::reachability::image::{self, Image, classify};
use crate::reachability::instance::{self, InstanceConfig};
use crate::reachability::setting::Setting;
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::region::{self, Offer, Region, offer};
use crate::resource::codec::Prop as _;
use crate::resource::{
    Architecture, Ebs, Instance, InstanceProfile, LaunchTemplate, ManagedPolicy, RawValue,
    Resource, Role, RolePolicy, RolePolicyAttachment, Subnet, Typed,
};

/// Network interfaces beside a subnet or security groups, of the instance or its launch template. A launch
/// template alone is valid.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html>
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestLaunchTemplateData.html>
pub(super) fn combinations<'g>(index: &GraphIndex<'g>) -> Vec<Refusal> {
    let one = |config: InstanceConfig<'g>| {
        let node = index.graph.node(config.node)?;
        let dialect = node.dialect();
        let template = config.sources.iter().find_map(|&id| {
            let of = &index.graph.node(id)?.resource;
            LaunchTemplate::of(of).map(|it| (id, it))
        });
        let own = Instance::of(&node.resource);
        let is_existing = node.origin.as_ref().is_some_and(|it| it.is_existing);
        // Terraform rejects both in one instance, and shows the interfaces of an existing one in both.
        let is_tf = own.is_some() && dialect == Dialect::Tf;
        if own.is_some_and(|it| is_existing || is_tf && !it.network_interfaces.is_empty()) {
            return None;
        }
        // The provider requests an interface with the subnet, in place of those of the launch template.
        let is_requested = is_tf
            && own.is_some_and(|it| {
                it.associate_public_ip_address.is_some() && !it.subnet.is_absent()
            });
        let with = match own {
            Some(it) if is_requested || !it.network_interfaces.is_empty() => config.node,
            _ => {
                template
                    .filter(|(_, it)| !it.network_interfaces.is_empty())?
                    .0
            }
        };
        let beside = own.filter(|_| !is_requested);
        let beside = beside.and_then(|it| beside_interfaces(config.node, it));
        let of_template = template.filter(|(_, it)| !it.security_groups.is_empty());
        let (by, field, property) = beside.or(of_template.map(|(id, _)| {
            let property = ("SecurityGroupIds", "vpc_security_group_ids");
            (id, "security_groups", property)
        }))?;
        let certain = match is_requested {
            true => Ternary::Unknown,
            false => together(index, &[with, by, config.node]),
        };
        let property = dialect.pick(property.0, property.1);
        let holder = |id| match id == config.node {
            true => "it".to_owned(),
            false => format!("launch template `{}`", index.name(id)),
        };
        let both = match with == by {
            true => format!("{} has network interfaces and `{property}`", holder(by)),
            false => {
                let (with, by) = (holder(with), holder(by));
                format!("{with} has network interfaces, and {by} `{property}`")
            }
        };
        let (service, error) = match own {
            Some(_) => ("EC2", "InvalidParameterCombination"),
            None => ("Auto Scaling", "ValidationError"),
        };
        let verb = if certain.is_yes() {
            "refuses"
        } else {
            "can refuse"
        };
        let name = index.name(config.node);
        let reason = format!("{service} {verb} `{name}` (`{error}`): {both}");
        let refusal = Refusal::new(Hop::Agent, (by, field), certain, reason)?;
        let fix = format!("remove `{property}`, and set it for the network interface");
        Some(refusal.fix(Fix::manual(fix)))
    };
    instance::all(index).into_iter().filter_map(one).collect()
}

/// Returns the property of an instance that excludes network interfaces.
fn beside_interfaces(
    id: NodeId,
    it: &Instance,
) -> Option<(NodeId, &'static str, (&'static str, &'static str))> {
    if !it.subnet.is_absent() {
        return Some((id, "subnet", ("SubnetId", "subnet_id")));
    }
    if !it.security_groups.is_empty() {
        let property = ("SecurityGroupIds", "vpc_security_group_ids");
        return Some((id, "security_groups", property));
    }
    let property = ("SecurityGroups", "security_groups");
    (!it.security_group_names.is_empty()).then_some((id, "security_group_names", property))
}

/// An instance in another Availability Zone than its subnet.
pub(super) fn zones(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let one = |(id, _, it): (NodeId, _, &Instance)| {
        let zone = it.availability_zone.as_ref()?;
        let Resolved::Node(subnet_id, subnet) = index.resolve_one::<Subnet>(&it.subnet) else {
            return None;
        };
        let other = &subnet.availability_zone;
        let (zone, of_subnet) = match (zone, other) {
            (Value::Lit(zone), Value::Lit(other)) => (format!("`{zone}`"), format!("`{other}`")),
            // The names of a Region are different.
            (Value::Expr(Expr::Zone(zone)), Value::Expr(Expr::Zone(other))) => {
                (format!("zone {}", zone + 1), format!("zone {}", other + 1))
            }
            _ => return None,
        };
        if zone == of_subnet {
            return None;
        }
        let reason = format!(
            "EC2 refuses `{}` (`InvalidParameterValue`): it is in {zone}, and subnet `{}` in {of_subnet}",
            index.name(id),
            index.name(subnet_id)
        );
        let certain = together(index, &[id, subnet_id]);
        let refusal = Refusal::new(Hop::Agent, (id, "availability_zone"), certain, reason)?;
        Some(refusal.fix(Fix::manual("remove the Availability Zone of the instance")))
    };
    index.all::<Instance>().filter_map(one).collect()
}

/// A subnet in an Availability Zone of another Region.
pub(super) fn foreign_zones(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let one = |(id, node, it): (NodeId, &crate::resource::Node, &Subnet)| {
        let zone = it.availability_zone.lit()?;
        let own = node.origin.as_ref().and_then(|it| it.region);
        let ((of, _), region) = (Region::of_zone(zone)?, own.or(index.region())?);
        if of == region {
            return None;
        }
        let reason = format!(
            "EC2 refuses `{}` (`InvalidParameterValue`): `{zone}` is not in `{}`",
            index.name(id),
            region.name
        );
        let at = (id, "availability_zone");
        let refusal = Refusal::new(Hop::Route, at, index.exists(id), reason)?;
        Some(refusal.fix(Fix::manual("use an Availability Zone of the Region")))
    };
    index.all::<Subnet>().filter_map(one).collect()
}

/// Returns the instance types of an instance or Auto Scaling group, with the resource that sets each.
/// Empty if the file does not determine them.
pub(super) fn instance_types<'g>(
    index: &GraphIndex<'g>,
    config: &InstanceConfig<'g>,
) -> Vec<(NodeId, &'g str)> {
    let of = |id, value: &'g Value<Text>| value.lit().map(|it| (id, it.as_ref()));
    let node = |id| index.graph.node(id).map(|it| &it.resource);
    let overridden = match node(config.node) {
        Some(Resource::AutoScalingGroup(it)) => it.mixed_overrides.as_slice(),
        _ => &[],
    };
    if !overridden.is_empty() {
        let all = overridden.iter().map(|it| match &it.instance_type {
            Some(value) => of(config.node, value),
            None => None,
        });
        return all.collect::<Option<Vec<_>>>().unwrap_or_default();
    }
    let one = match (node(config.node), node(config.launch_source)) {
        (Some(Resource::Instance(it)), _) if !it.instance_type.is_absent() => {
            of(config.node, &it.instance_type)
        }
        (_, Some(Resource::LaunchTemplate(it))) => it
            .instance_type
            .as_ref()
            .and_then(|it| of(config.launch_source, it)),
        (_, Some(Resource::LaunchConfiguration(it))) => it
            .instance_type
            .as_ref()
            .and_then(|it| of(config.launch_source, it)),
        _ => None,
    };
    one.into_iter().collect()
}

/// Returns the field in which a resource sets an instance type.
pub(super) fn field_of_type(index: &GraphIndex<'_>, by: NodeId) -> &'static str {
    match index.graph.node(by).map(|it| &it.resource) {
        Some(Resource::AutoScalingGroup(_)) => "mixed_overrides",
        _ => "instance_type",
    }
}

/// An image for another processor than that of the instance type.
pub(super) fn architectures<'g>(index: &GraphIndex<'g>) -> Vec<Refusal> {
    let one = |config: InstanceConfig<'g>| {
        let Setting::Known(node, field, link) = &config.image else {
            return None;
        };
        let provided = image::architecture(index, link)?;
        let types = instance_types(index, &config);
        let differs = |of: &str| Architecture::of(of).is_some_and(|it| it != provided);
        let &(by, of) = types.iter().find(|(_, of)| differs(of))?;
        let required = Architecture::of(of)?;
        let all = types.iter().map(|(_, of)| Ternary::from(differs(of)));
        let name = classify(index, link).into_name();
        let reason = format!(
            "EC2 refuses `{}` (`InvalidParameterValue`): `{of}` is {}, and image `{name}` is {}",
            index.name(config.node),
            required.as_str(),
            provided.as_str()
        );
        let certain = together(index, &[by, *node, config.node]).and(Ternary::unanimous(all));
        let at = (by, field_of_type(index, by));
        let refusal = Refusal::new(Hop::Agent, at, certain, reason)?;
        let fix = image::for_processor(index, (*node, field), &name, required);
        Some(refusal.fix(
            fix.unwrap_or_else(|| {
                Fix::manual("use an image for the processor of the instance type")
            }),
        ))
    };
    instance::all(index).into_iter().filter_map(one).collect()
}

/// An instance type that no Region offers.
pub(super) fn types<'g>(index: &GraphIndex<'g>) -> Vec<Refusal> {
    let one = |config: InstanceConfig<'g>| {
        let types = instance_types(index, &config);
        let offers: Vec<Offer> = types.iter().map(|(_, of)| offer(of, None)).collect();
        let is_unknown = |it: &Offer| matches!(it, Offer::NoFamily | Offer::NoSize);
        let at = offers.iter().position(is_unknown)?;
        let (by, of) = types[at];
        let certain = match offers.iter().all(|it| *it == Offer::NoSize) {
            true => together(index, &[by, config.node]),
            // A family can be newer than the list, and another type can exist.
            false => Ternary::Unknown,
        };
        let reason = format!(
            "EC2 refuses `{}` (`InvalidParameterValue`): unknown instance type `{of}`",
            index.name(config.node)
        );
        let field = field_of_type(index, by);
        let refusal = Refusal::new(Hop::Agent, (by, field), certain, reason)?;
        let known: Vec<String> = region::instance_types(None).collect();
        let known = || known.iter().map(String::as_str);
        let fix = match near(of, known()) {
            Some(near) if field == "instance_type" => {
                Fix::set(by, field, RawValue::Str(near.to_owned().into()))
            }
            _ => Fix::manual(nearest(of, known())),
        };
        Some(refusal.fix(fix))
    };
    instance::all(index).into_iter().filter_map(one).collect()
}

/// A root volume that is smaller than the snapshot of the image.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html>
pub(super) fn root_volumes<'g>(index: &GraphIndex<'g>) -> Vec<Refusal> {
    let one = |config: InstanceConfig<'g>| {
        let Setting::Known(node, _, link) = &config.image else {
            return None;
        };
        let (Image::WithAgent(image) | Image::WithoutAgent(image)) = classify(index, link) else {
            return None;
        };
        let (device, least) = image::root_volume(&image)?;
        // Terraform omits the device name of a root volume.
        let is_root =
            |name: &Value<Text>| name.lit().is_some_and(|it| it.is_empty() || it == device);
        let size = |volume: Option<&Ebs>| volume?.volume_size.as_ref()?.lit().copied();
        let of_instance = match &index.graph.node(config.node)?.resource {
            Resource::Instance(it) => it
                .root_volume
                .as_ref()
                .filter(|it| is_root(&it.device_name)),
            _ => None,
        };
        let of_template = match &index.graph.node(config.launch_source)?.resource {
            Resource::LaunchTemplate(it) => {
                let mut all = it.block_devices.iter();
                all.find(|it| is_root(&it.device_name)).map(|it| &it.ebs)
            }
            _ => None,
        };
        let (by, field, size) = match (of_instance, of_template) {
            (Some(volume), _) => (config.node, "root_volume", size(Some(&volume.ebs))?),
            (None, volume) => (config.launch_source, "block_devices", size(volume)?),
        };
        if size >= least {
            return None;
        }
        let reason = format!(
            "EC2 refuses `{}` (`InvalidBlockDeviceMapping`): its root volume has {size} GiB, and image \
             `{image}` needs {least} GiB",
            index.name(config.node)
        );
        let certain = together(index, &[by, *node, config.node]);
        let refusal = Refusal::new(Hop::Agent, (by, field), certain, reason)?;
        let larger = of_instance
            .filter(|_| !has_more_volumes(index, by))
            .and_then(|volume| {
                let mut volume = volume.clone();
                volume.ebs.volume_size = Some(Value::Lit(least));
                Fix::set_owned(by, field, |dialect| Some(volume.put(dialect)?.into_owned()))
            });
        Some(refusal.fix(larger.unwrap_or_else(|| {
            Fix::manual(format!(
                "set the size of the root volume to {least} GiB or more"
            ))
        })))
    };
    instance::all(index).into_iter().filter_map(one).collect()
}

/// Returns whether the property of the root volume contains further volumes, the only resources in the
/// properties of an instance.
fn has_more_volumes(index: &GraphIndex<'_>, instance: NodeId) -> bool {
    index.graph.nodes().any(|(_, node)| {
        let origin = node.origin.as_ref();
        origin.is_some_and(|origin| origin.parent == Some(instance))
    })
}

/// The ARN of a resource in place of its name, or the name in place of the ARN.
pub(super) fn profiles(index: &GraphIndex<'_>) -> Vec<Refusal> {
    fn attribute<R: Typed>(index: &GraphIndex<'_>, link: &Link<R>) -> Option<(NodeId, Attr)> {
        let Value::Expr(Expr::Attr(id, attr)) = link else {
            return None;
        };
        let node = index.graph.node(*id)?;
        R::of(&node.resource).is_some().then_some((*id, *attr))
    }
    let refuse = |at: (NodeId, &'static str), target: NodeId, expects: &str| {
        let reason = format!(
            "AWS refuses `{}` (`ValidationError`): it expects the {expects} of `{}`",
            index.name(at.0),
            index.name(target)
        );
        let refusal = Refusal::new(
            Hop::InstanceProfile,
            at,
            together(index, &[at.0, target]),
            reason,
        )?;
        let is_template = index.graph.node(target)?.dialect() == Dialect::Cfn;
        let function = match (expects, is_template) {
            ("ARN", true) => "use `Fn::GetAtt` with `Arn`",
            ("ARN", false) => "use the attribute `arn`",
            (_, true) => "use `Ref`",
            (_, false) => "use the attribute `name`",
        };
        Some(refusal.fix(Fix::manual(function)))
    };
    let mut found = Vec::new();
    for (id, _, it) in index.all::<Instance>() {
        let link = it.iam_instance_profile.as_ref();
        if let Some((to, InstanceProfile::ARN)) = link.and_then(|it| attribute(index, it)) {
            found.extend(refuse((id, "iam_instance_profile"), to, "name"));
        }
    }
    for (id, _, it) in index.all::<InstanceProfile>() {
        if let Some((to, Role::ARN)) = attribute(index, &it.role.0) {
            found.extend(refuse((id, "role"), to, "name"));
        }
    }
    let roles = index
        .all::<RolePolicyAttachment>()
        .map(|(id, _, it)| (id, "role", &it.role));
    let roles = roles.chain(
        index
            .all::<RolePolicy>()
            .map(|(id, _, it)| (id, "role", &it.role)),
    );
    let managed = index.all::<ManagedPolicy>();
    let managed = managed.flat_map(|(id, _, it)| it.roles.iter().map(move |of| (id, "roles", of)));
    for (id, field, role) in roles.chain(managed) {
        if let Some((to, Role::ARN)) = attribute(index, role) {
            found.extend(refuse((id, field), to, "name"));
        }
    }
    for (id, _, it) in index.all::<LaunchTemplate>() {
        let Some(profile) = &it.iam_instance_profile else {
            continue;
        };
        let at = (id, "iam_instance_profile");
        let of = |link: &Option<Link<InstanceProfile>>| attribute(index, link.as_ref()?);
        if let Some((to, InstanceProfile::ARN)) = of(&profile.name) {
            found.extend(refuse(at, to, "name"));
        }
        if let Some((to, attr)) = of(&profile.arn)
            && attr != InstanceProfile::ARN
        {
            found.extend(refuse(at, to, "ARN"));
        }
    }
    found
}
