//! The instances of a graph, with the values of their launch templates.

use super::elastic_address::elastic;
use super::fixed_address;
use super::graph_index::{GraphIndex, Resolved};
use super::launch_template::{
    Template, from_template, profile_of, template, template_of_specification,
};
use super::setting::{Setting, is_unmodeled};
use super::texts::decoded;
use crate::ir::{Cidr, Dialect, Expr, Link, NodeId, Text, Value};
use crate::resource::{
    AutoScalingGroup, Instance, InstanceProfile, LaunchConfiguration, LaunchImage, LaunchTemplate,
    MetadataOptions, NetworkInterface, NetworkInterfaceSecurityGroup, SecurityGroup, Subnet,
    Switch,
};

/// A possible subnet of an instance.
#[derive(Clone, Debug)]
pub(crate) struct Placement<'g> {
    pub(crate) subnet: Resolved<'g, Subnet>,
    /// Whether an instance is certainly in the subnet, which is not one of several candidates.
    pub(crate) certain: bool,
}

/// An instance or Auto Scaling group, with its settings.
#[derive(Debug)]
pub(crate) struct InstanceConfig<'g> {
    pub(crate) node: NodeId,
    pub(crate) image: Setting<Link<LaunchImage>>,
    pub(crate) profile: Setting<Link<InstanceProfile>>,
    pub(crate) imds: Setting<Value<Switch>>,
    pub(crate) user_data: Setting<Value<Text>>,
    /// Its security groups. Default: the default security group of the VPC.
    pub(crate) security_groups: Setting<Vec<Link<SecurityGroup>>>,
    /// Whether its security groups are names, which EC2 rejects in a subnet.
    pub(crate) has_group_names: bool,
    /// Its fixed private address. Default: any of the subnet.
    pub(crate) address: Option<Cidr>,
    /// Whether it has a public address. Default: the setting of the subnet.
    pub(crate) public: Setting<Value<bool>>,
    pub(crate) placements: Vec<Placement<'g>>,
    /// The property that determines its subnet.
    pub(crate) subnet_source: (NodeId, &'static str),
    /// The resource that a fix changes: the instance or its launch template.
    pub(crate) launch_source: NodeId,
    /// The resources that have its settings: itself, its launch template, its network interface.
    pub(crate) sources: Vec<NodeId>,
}

/// Returns all instances, in the order of the graph.
pub(crate) fn all<'g>(index: &GraphIndex<'g>) -> Vec<InstanceConfig<'g>> {
    let mut instances: Vec<InstanceConfig<'g>> = Vec::new();
    for stack in &index.stacks {
        for (id, node) in index.graph.nodes_of(stack) {
            match &node.resource {
                crate::resource::Resource::Instance(it) => instances.push(instance(index, id, it)),
                crate::resource::Resource::AutoScalingGroup(it) => {
                    instances.push(auto_scaling_group(index, id, it))
                }
                _ => {}
            }
        }
    }
    instances
}

fn endpoint(options: Option<&MetadataOptions>) -> Option<Value<Switch>> {
    options.and_then(|options| options.http_endpoint.clone())
}

/// The settings of a network interface.
struct Interface<'g> {
    groups: Setting<Vec<Link<SecurityGroup>>>,
    subnet: Setting<Link<Subnet>>,
    public: Setting<Value<bool>>,
    address: Option<Cidr>,
    node: Option<Resolved<'g, NetworkInterface>>,
}

fn existing_interface<'g>(
    index: &GraphIndex<'g>,
    by: (NodeId, &'static str),
    link: &Link<NetworkInterface>,
) -> Interface<'g> {
    let to = index.resolve_one(link);
    match &to {
        Resolved::Node(id, it) => Interface {
            groups: Setting::of(
                *id,
                "security_groups",
                (!it.security_groups.is_empty()).then(|| it.security_groups.clone()),
                is_unmodeled(index, *id, "security_groups"),
            ),
            subnet: Setting::Known(*id, "subnet", it.subnet.clone()),
            public: Setting::Known(*id, "subnet", Value::Lit(false)),
            address: primary_address(it),
            node: Some(to),
        },
        Resolved::OtherType(_) | Resolved::Outside(_) => Interface {
            groups: Setting::Unknown(by.0, by.1),
            subnet: Setting::Unknown(by.0, by.1),
            public: Setting::Unknown(by.0, by.1),
            address: None,
            node: Some(to),
        },
    }
}

/// Returns the fixed address from which the agent connects.
fn primary_address(interface: &NetworkInterface) -> Option<Cidr> {
    let mut listed = interface.private_ip_addresses.iter();
    let primary = listed.find(|it| it.primary.lit() == Some(&true));
    fixed_address::fixed(match (interface.private_ips.as_slice(), primary) {
        ([one], _) => Some(one),
        (_, Some(primary)) => Some(&primary.private_ip_address),
        _ => interface.private_ip_address.as_ref(),
    })
}

fn first<T>(interfaces: &[T], index: impl Fn(&T) -> Option<&Value<i64>>) -> Option<&T> {
    interfaces
        .iter()
        .find(|it| index(it).is_none_or(|index| index.lit() == Some(&0)))
        .or_else(|| interfaces.first())
}

/// Returns the primary network interface of an instance or a launch template, from its properties.
fn primary_interface<'g>(
    index: &GraphIndex<'g>,
    id: NodeId,
    attached: Option<&Link<NetworkInterface>>,
    groups: &[Link<SecurityGroup>],
    subnet: Option<Link<Subnet>>,
    public: Option<Value<bool>>,
    address: Option<&Value<Text>>,
) -> Interface<'g> {
    let property = "network_interfaces";
    if let Some(link) = attached {
        return existing_interface(index, (id, property), link);
    }
    let groups = (!groups.is_empty()).then(|| groups.to_vec());
    let is_open = is_unmodeled(index, id, property);
    Interface {
        groups: Setting::of(id, property, groups, is_open),
        subnet: Setting::of(id, property, subnet, false),
        public: Setting::of(id, property, public, false),
        address: fixed_address::fixed(address),
        node: None,
    }
}

fn template_interface<'g>(
    index: &GraphIndex<'g>,
    template: &Template<'g>,
) -> Option<Interface<'g>> {
    let Template::Known(id, it) = template else {
        return None;
    };
    let interface = first(&it.network_interfaces, |it| it.device_index.as_ref())?;
    let several = it.network_interfaces.len() > 1;
    Some(primary_interface(
        index,
        *id,
        interface.network_interface.as_ref(),
        &interface.security_groups,
        interface.subnet.clone(),
        // EC2 assigns no public address to an instance with several interfaces.
        match &interface.associate_public_ip_address {
            None if several => Some(Value::Lit(false)),
            setting => setting.clone(),
        },
        interface.private_ip_address.as_ref(),
    ))
}

fn instance_interface<'g>(
    index: &GraphIndex<'g>,
    id: NodeId,
    it: &'g Instance,
) -> Option<Interface<'g>> {
    let interface = first(&it.network_interfaces, |it| it.device_index.as_ref())?;
    let several = it.network_interfaces.len() > 1;
    Some(primary_interface(
        index,
        id,
        interface.network_interface.as_ref(),
        &interface.security_groups,
        interface.subnet.clone(),
        // EC2 assigns no public address to an instance with several interfaces.
        match &interface.associate_public_ip_address {
            None if several => Some(Value::Lit(false)),
            setting => setting.clone(),
        },
        interface.private_ip_address.as_ref(),
    ))
}

fn placements<'g>(index: &GraphIndex<'g>, subnet: &Setting<Link<Subnet>>) -> Vec<Placement<'g>> {
    let outside = |what: &'static str| {
        vec![Placement {
            subnet: Resolved::Outside(Expr::Unknown(Text::Borrowed(what))),
            certain: true,
        }]
    };
    match subnet {
        Setting::Known(_, _, link) if !link.is_absent() => {
            let all = index.resolve(link);
            let certain = all.len() == 1;
            all.into_iter()
                .map(|subnet| Placement { subnet, certain })
                .collect()
        }
        Setting::Known(..) | Setting::Unset => outside("a subnet of the default VPC"),
        Setting::Unknown(..) => outside("a subnet outside the file"),
    }
}

fn instance<'g>(index: &GraphIndex<'g>, id: NodeId, it: &'g Instance) -> InstanceConfig<'g> {
    let template = template_of_specification(index, id, it.launch_template.as_ref());
    let setting = |field, value| Setting::of(id, field, value, is_unmodeled(index, id, field));
    let image = direct_image(index, id, it.image.clone())
        .or(|| from_template(index, &template, "image", |it| Some(it.image.clone())));
    let profile = direct_link(index, id, it.iam_instance_profile.clone()).or(|| {
        from_template(index, &template, "iam_instance_profile", |it| {
            it.iam_instance_profile.as_ref().and_then(profile_of)
        })
    });
    let imds = Setting::of(
        id,
        "metadata_options",
        endpoint(it.metadata_options.as_ref()),
        is_unmodeled(index, id, "metadata_options"),
    )
    .or(|| {
        from_template(index, &template, "metadata_options", |it| {
            endpoint(it.metadata_options.as_ref())
        })
    });
    let user_data = Setting::of(
        id,
        "user_data",
        it.user_data
            .as_ref()
            .map(|data| decoded(&data.0))
            .or_else(|| it.user_data_base64.as_ref().map(decoded)),
        is_unmodeled(index, id, "user_data"),
    )
    .or(|| {
        from_template(index, &template, "user_data", |it| {
            it.user_data.as_ref().map(|data| decoded(&data.0))
        })
    });
    let interface = instance_interface(index, id, it).or_else(|| {
        if it.security_groups.is_empty() {
            template_interface(index, &template)
        } else {
            None
        }
    });
    let own_groups: Vec<Link<SecurityGroup>> = it
        .security_groups
        .iter()
        .chain(&it.security_group_names)
        .cloned()
        .collect();
    let groups = setting(
        "security_groups",
        (!own_groups.is_empty()).then_some(own_groups),
    );
    let groups = groups.or(|| match &interface {
        Some(interface) => interface.groups.clone(),
        None => from_template(index, &template, "security_groups", |it| {
            (!it.security_groups.is_empty()).then(|| it.security_groups.clone())
        }),
    });
    let subnet = match (&interface, it.subnet.is_absent()) {
        (Some(interface), true) => interface.subnet.clone(),
        (_, false) => Setting::of(id, "subnet", Some(it.subnet.clone()), false),
        (None, true) if is_unmodeled(index, id, "subnet") => Setting::Unknown(id, "subnet"),
        (None, true) => match &template {
            Template::Unknown(node, field) => Setting::Unknown(*node, field),
            _ => Setting::Unset,
        },
    };
    let public = Setting::of(
        id,
        "associate_public_ip_address",
        it.associate_public_ip_address.clone(),
        false,
    )
    .or(|| {
        interface
            .as_ref()
            .map_or(Setting::Unset, |it| it.public.clone())
    });
    let address = fixed_address::fixed(it.private_ip_address.as_ref())
        .or_else(|| interface.as_ref().and_then(|it| it.address));
    let node = interface.as_ref().and_then(|it| it.node.clone());
    let placed_by = match &subnet {
        Setting::Known(node, field, _) | Setting::Unknown(node, field) => (*node, *field),
        Setting::Unset => (id, "subnet"),
    };
    InstanceConfig {
        node: id,
        placements: placements(index, &subnet),
        security_groups: attached_groups(index, id, node.as_ref(), groups),
        // Terraform passes the values as IDs if a subnet is set.
        has_group_names: !it.security_group_names.is_empty()
            && matches!(subnet, Setting::Known(..))
            && index.graph.node(id).map(|node| node.dialect()) == Some(Dialect::Cfn),
        address,
        public: elastic(index, id, node.as_ref(), address).unwrap_or(public),
        image,
        profile,
        imds,
        user_data,
        subnet_source: placed_by,
        sources: sources(id, &template, node.as_ref()),
        launch_source: match template {
            Template::Known(template, it) if it.iam_instance_profile.is_some() => template,
            _ => id,
        },
    }
}

fn sources(
    id: NodeId,
    template: &Template<'_>,
    interface: Option<&Resolved<'_, NetworkInterface>>,
) -> Vec<NodeId> {
    let template = match template {
        Template::Known(template, _) => Some(*template),
        Template::None | Template::Unknown(..) => None,
    };
    let interface = interface.and_then(Resolved::node);
    [Some(id), template, interface]
        .into_iter()
        .flatten()
        .collect()
}

fn direct_link(
    index: &GraphIndex<'_>,
    id: NodeId,
    link: Option<Link<InstanceProfile>>,
) -> Setting<Link<InstanceProfile>> {
    // A plan contains empty text for a missing value.
    let link = link.filter(|link| link.lit().is_none_or(|id| !id.as_str().is_empty()));
    let field = "iam_instance_profile";
    Setting::of(id, field, link, is_unmodeled(index, id, field))
}

fn direct_image(
    index: &GraphIndex<'_>,
    id: NodeId,
    link: Option<Link<LaunchImage>>,
) -> Setting<Link<LaunchImage>> {
    Setting::of(id, "image", link, is_unmodeled(index, id, "image"))
}

/// Adds the security groups that separate Terraform resources attach to a network interface.
fn attached_groups<'g>(
    index: &GraphIndex<'g>,
    instance: NodeId,
    interface: Option<&Resolved<'g, NetworkInterface>>,
    groups: Setting<Vec<Link<SecurityGroup>>>,
) -> Setting<Vec<Link<SecurityGroup>>> {
    let ours = |link: &Link<NetworkInterface>| match link {
        Value::Expr(Expr::Attr(node, _) | Expr::Other(node, _)) => {
            *node == instance || interface.and_then(Resolved::node) == Some(*node)
        }
        _ => false,
    };
    let more: Vec<Link<SecurityGroup>> = index
        .all::<NetworkInterfaceSecurityGroup>()
        .filter(|(_, _, it)| ours(&it.network_interface))
        .map(|(_, _, it)| it.security_group.clone())
        .collect();
    if more.is_empty() {
        return groups;
    }
    match groups {
        Setting::Known(node, field, mut groups) => {
            groups.extend(more);
            Setting::Known(node, field, groups)
        }
        // The default security group remains attached, but only adds rules.
        Setting::Unset => Setting::Known(instance, "security_groups", more),
        unknown => unknown,
    }
}

fn auto_scaling_group<'g>(
    index: &GraphIndex<'g>,
    id: NodeId,
    it: &'g AutoScalingGroup,
) -> InstanceConfig<'g> {
    let mut instance = match &it.launch_configuration {
        Some(link) if !matches!(link, Value::Lit(id) if id.as_str().is_empty()) => {
            from_launch_configuration(index, id, link)
        }
        _ => from_launch_template(index, id, it),
    };
    let subnets: Vec<Resolved<'g, Subnet>> =
        it.subnets.iter().flat_map(|it| index.resolve(it)).collect();
    let split = it
        .subnets
        .iter()
        .any(|it| matches!(it, Value::Expr(Expr::OneOf(_))));
    if !subnets.is_empty() {
        instance.subnet_source = (id, "subnets");
        instance.placements = subnets
            .into_iter()
            .map(|subnet| Placement {
                subnet,
                certain: !split,
            })
            .collect();
    }
    instance
}

fn from_launch_template<'g>(
    index: &GraphIndex<'g>,
    id: NodeId,
    it: &'g AutoScalingGroup,
) -> InstanceConfig<'g> {
    let differs = it
        .mixed_overrides
        .iter()
        .any(|other| other.launch_template.is_some());
    let template = match (&it.launch_template, &it.mixed_launch_template) {
        _ if differs => Template::Unknown(id, "mixed_overrides"),
        (Some(spec), _) => template_of_specification(index, id, Some(spec)),
        (None, Some(spec)) => template(
            index,
            (id, "mixed_launch_template"),
            (spec.launch_template.as_ref(), spec.name.as_ref()),
            spec.version.as_ref(),
        ),
        (None, None) => Template::Unknown(id, "launch_template"),
    };
    let interface = template_interface(index, &template);
    let by_template = |field, get: fn(&LaunchTemplate) -> Option<Vec<Link<SecurityGroup>>>| {
        from_template(index, &template, field, get)
    };
    let groups = match &interface {
        Some(interface) => interface.groups.clone(),
        None => by_template("security_groups", |it| {
            (!it.security_groups.is_empty()).then(|| it.security_groups.clone())
        }),
    };
    let (subnet, public, node) = match interface {
        Some(interface) => (interface.subnet, interface.public, interface.node),
        None => (Setting::Unset, Setting::Unset, None),
    };
    InstanceConfig {
        node: id,
        image: from_template(index, &template, "image", |it| {
            (!it.image.is_absent()).then(|| it.image.clone())
        }),
        profile: from_template(index, &template, "iam_instance_profile", |it| {
            it.iam_instance_profile.as_ref().and_then(profile_of)
        }),
        imds: from_template(index, &template, "metadata_options", |it| {
            endpoint(it.metadata_options.as_ref())
        }),
        user_data: from_template(index, &template, "user_data", |it| {
            it.user_data.as_ref().map(|data| decoded(&data.0))
        }),
        security_groups: groups,
        has_group_names: false,
        address: None,
        public,
        placements: placements(index, &subnet),
        subnet_source: (id, "subnets"),
        sources: sources(id, &template, node.as_ref()),
        launch_source: match template {
            Template::Known(template, _) => template,
            Template::None | Template::Unknown(..) => id,
        },
    }
}

fn from_launch_configuration<'g>(
    index: &GraphIndex<'g>,
    id: NodeId,
    link: &Link<LaunchConfiguration>,
) -> InstanceConfig<'g> {
    let found = match index.resolve_one(link) {
        Resolved::Node(id, it) => Some((id, it)),
        Resolved::OtherType(_) => None,
        Resolved::Outside(Expr::Text(name)) => index
            .all::<LaunchConfiguration>()
            .find(|(_, _, it)| {
                it.name.as_ref().and_then(Value::lit).map(Text::as_ref) == Some(name.as_ref())
            })
            .map(|(id, _, it)| (id, it)),
        Resolved::Outside(_) => None,
    };
    let by = (id, "launch_configuration");
    let Some((config, it)) = found else {
        return InstanceConfig {
            node: id,
            image: Setting::Unknown(by.0, by.1),
            profile: Setting::Unknown(by.0, by.1),
            imds: Setting::Unknown(by.0, by.1),
            user_data: Setting::Unknown(by.0, by.1),
            security_groups: Setting::Unknown(by.0, by.1),
            has_group_names: false,
            address: None,
            public: Setting::Unknown(by.0, by.1),
            placements: placements(index, &Setting::Unset),
            subnet_source: (id, "subnets"),
            launch_source: id,
            sources: vec![id],
        };
    };
    InstanceConfig {
        node: id,
        image: direct_image(index, config, Some(it.image.clone())),
        profile: direct_link(index, config, it.iam_instance_profile.clone()),
        imds: Setting::of(
            config,
            "metadata_options",
            endpoint(it.metadata_options.as_ref()),
            is_unmodeled(index, config, "metadata_options"),
        ),
        user_data: Setting::of(
            config,
            "user_data",
            it.user_data
                .as_ref()
                .map(|data| decoded(&data.0))
                .or_else(|| it.user_data_base64.as_ref().map(decoded)),
            is_unmodeled(index, config, "user_data"),
        ),
        security_groups: Setting::of(
            config,
            "security_groups",
            (!it.security_groups.is_empty()).then(|| it.security_groups.clone()),
            is_unmodeled(index, config, "security_groups"),
        ),
        has_group_names: false,
        address: None,
        public: Setting::of(
            config,
            "associate_public_ip_address",
            it.associate_public_ip_address.clone(),
            false,
        ),
        placements: placements(index, &Setting::Unset),
        subnet_source: (id, "subnets"),
        launch_source: config,
        sources: vec![id, config],
    }
}
