//! The instances of a graph, with what their launch templates add.

use super::view::{To, View};
use crate::ir::{Expr, Link, NodeId, Text, Value};
use crate::resource::{
    AutoScalingGroup, Eip, EipAssociation, Instance, InstanceProfile, LaunchConfiguration,
    LaunchImage, LaunchTemplate, LaunchTemplateSpecification, MetadataOptions, NetworkInterface,
    NetworkInterfaceSecurityGroup, SecurityGroup, Subnet, Switch, TemplateProfile,
};

/// A setting of an instance: what it is, and which field of which resource says so.
#[derive(Clone, Debug)]
pub(crate) enum Setting<T> {
    Is(NodeId, &'static str, T),
    Unset,
    /// It is there, or may be, and is not decided.
    Unknown(NodeId, &'static str),
}

impl<T> Setting<T> {
    fn or(self, other: impl FnOnce() -> Setting<T>) -> Setting<T> {
        match self {
            Setting::Unset => other(),
            set => set,
        }
    }

    fn of(node: NodeId, field: &'static str, value: Option<T>, unread: bool) -> Setting<T> {
        match value {
            _ if unread => Setting::Unknown(node, field),
            Some(value) => Setting::Is(node, field, value),
            None => Setting::Unset,
        }
    }
}

/// Where an instance may be.
#[derive(Clone, Debug)]
pub(crate) struct Placement<'g> {
    pub(crate) subnet: To<'g, Subnet>,
    /// Whether an instance will be there, or whether it is one of several candidates.
    pub(crate) certain: bool,
}

/// An instance, or what starts like instances.
#[derive(Debug)]
pub(crate) struct Host<'g> {
    pub(crate) node: NodeId,
    pub(crate) image: Setting<Link<LaunchImage>>,
    pub(crate) profile: Setting<Link<InstanceProfile>>,
    pub(crate) imds: Setting<Value<Switch>>,
    pub(crate) user_data: Setting<Value<Text>>,
    /// Its security groups; unset means the VPC's default group.
    pub(crate) groups: Setting<Vec<Link<SecurityGroup>>>,
    /// Whether it gets a public address; unset means as the subnet says.
    pub(crate) public: Setting<Value<bool>>,
    pub(crate) placements: Vec<Placement<'g>>,
    /// Where its subnet is said.
    pub(crate) placed_by: (NodeId, &'static str),
    /// The resource whose fields a fix would change.
    pub(crate) launched_by: NodeId,
}

/// All instances, in the order of the graph.
pub(crate) fn all<'g>(view: &View<'g>) -> Vec<Host<'g>> {
    let mut hosts: Vec<Host<'g>> = Vec::new();
    for stack in view.graph.stacks() {
        for (id, node) in view.graph.nodes_of(stack) {
            match &node.resource {
                crate::resource::Resource::Instance(it) => hosts.push(instance(view, id, it)),
                crate::resource::Resource::AutoScalingGroup(it) => hosts.push(group(view, id, it)),
                _ => {}
            }
        }
    }
    hosts
}

pub(crate) fn unread(view: &View<'_>, node: NodeId, field: &str) -> bool {
    view.graph
        .node(node)
        .is_some_and(|node| node.is_unread(field))
}

/// The launch template that a specification names.
pub(crate) enum Template<'g> {
    None,
    Known(NodeId, &'g LaunchTemplate),
    Unknown(NodeId, &'static str),
}

pub(crate) fn template<'g>(
    view: &View<'g>,
    by: (NodeId, &'static str),
    link: Option<&Link<LaunchTemplate>>,
    name: Option<&Value<Text>>,
) -> Template<'g> {
    if let Some(link) = link.filter(|link| !link.is_absent()) {
        return match view.only(link) {
            To::Node(id, it) => Template::Known(id, it),
            To::Wrong(_) | To::Outside(_) => Template::Unknown(by.0, by.1),
        };
    }
    let Some(name) = name else {
        return Template::Unknown(by.0, by.1);
    };
    // A name may be a reference to the template's own name.
    if let Value::Expr(Expr::Other(node, _) | Expr::Attr(node, _)) = name
        && let Some(crate::resource::Resource::LaunchTemplate(it)) =
            view.graph.node(*node).map(|node| &node.resource)
    {
        return Template::Known(*node, it);
    }
    view.all::<LaunchTemplate>()
        .find(|(_, _, it)| it.launch_template_name.as_ref() == Some(name))
        .map_or(Template::Unknown(by.0, by.1), |(id, _, it)| {
            Template::Known(id, it)
        })
}

pub(crate) fn specified<'g>(
    view: &View<'g>,
    by: NodeId,
    spec: Option<&LaunchTemplateSpecification>,
) -> Template<'g> {
    if unread(view, by, "launch_template") {
        return Template::Unknown(by, "launch_template");
    }
    match spec {
        None => Template::None,
        Some(spec) => template(
            view,
            (by, "launch_template"),
            Some(&spec.launch_template),
            spec.name.as_ref(),
        ),
    }
}

/// What a launch template says of a field.
fn from_template<T>(
    view: &View<'_>,
    template: &Template<'_>,
    field: &'static str,
    get: impl FnOnce(&LaunchTemplate) -> Option<T>,
) -> Setting<T> {
    match template {
        Template::None => Setting::Unset,
        Template::Unknown(node, by) => Setting::Unknown(*node, by),
        Template::Known(id, it) => Setting::of(*id, field, get(it), unread(view, *id, field)),
    }
}

fn endpoint(options: Option<&MetadataOptions>) -> Option<Value<Switch>> {
    options.and_then(|options| options.http_endpoint.clone())
}

fn profile_of(profile: &TemplateProfile) -> Option<Link<InstanceProfile>> {
    profile.arn.clone().or_else(|| profile.name.clone())
}

/// User data as the machine sees it: files may give it in Base64.
fn decoded(data: &Value<Text>) -> Value<Text> {
    use base64::Engine as _;
    let Value::Lit(text) = data else {
        return data.clone();
    };
    let compact: String = text.split_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(compact)
        .ok();
    match bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(plain) if !plain.is_empty() => Value::Lit(Text::Owned(plain)),
        _ => data.clone(),
    }
}

/// The groups and the subnet that an interface says.
struct Interface<'g> {
    groups: Setting<Vec<Link<SecurityGroup>>>,
    subnet: Setting<Link<Subnet>>,
    public: Setting<Value<bool>>,
    node: Option<To<'g, NetworkInterface>>,
}

fn existing_interface<'g>(
    view: &View<'g>,
    by: (NodeId, &'static str),
    link: &Link<NetworkInterface>,
) -> Interface<'g> {
    let to = view.only(link);
    match &to {
        To::Node(id, it) => Interface {
            groups: Setting::of(
                *id,
                "security_groups",
                (!it.security_groups.is_empty()).then(|| it.security_groups.clone()),
                unread(view, *id, "security_groups"),
            ),
            subnet: Setting::Is(*id, "subnet", it.subnet.clone()),
            public: Setting::Is(*id, "subnet", Value::Lit(false)),
            node: Some(to),
        },
        To::Wrong(_) | To::Outside(_) => Interface {
            groups: Setting::Unknown(by.0, by.1),
            subnet: Setting::Unknown(by.0, by.1),
            public: Setting::Unknown(by.0, by.1),
            node: Some(to),
        },
    }
}

fn first<T>(interfaces: &[T], index: impl Fn(&T) -> Option<&Value<i64>>) -> Option<&T> {
    interfaces
        .iter()
        .find(|it| index(it).is_none_or(|index| index.lit() == Some(&0)))
        .or_else(|| interfaces.first())
}

fn template_interface<'g>(view: &View<'g>, template: &Template<'g>) -> Option<Interface<'g>> {
    let Template::Known(id, it) = template else {
        return None;
    };
    let by = (*id, "network_interfaces");
    let interface = first(&it.network_interfaces, |it| it.device_index.as_ref())?;
    if let Some(link) = &interface.network_interface {
        return Some(existing_interface(view, by, link));
    }
    let groups = (!interface.security_groups.is_empty()).then(|| interface.security_groups.clone());
    Some(Interface {
        groups: Setting::of(by.0, by.1, groups, unread(view, by.0, by.1)),
        subnet: Setting::of(by.0, by.1, interface.subnet.clone(), false),
        public: Setting::of(
            by.0,
            by.1,
            interface.associate_public_ip_address.clone(),
            false,
        ),
        node: None,
    })
}

fn instance_interface<'g>(view: &View<'g>, id: NodeId, it: &'g Instance) -> Option<Interface<'g>> {
    let by = (id, "network_interfaces");
    let interface = first(&it.network_interfaces, |it| it.device_index.as_ref())?;
    if let Some(link) = &interface.network_interface {
        return Some(existing_interface(view, by, link));
    }
    let groups = (!interface.security_groups.is_empty()).then(|| interface.security_groups.clone());
    Some(Interface {
        groups: Setting::of(by.0, by.1, groups, unread(view, by.0, by.1)),
        subnet: Setting::of(by.0, by.1, interface.subnet.clone(), false),
        public: Setting::of(
            by.0,
            by.1,
            interface.associate_public_ip_address.clone(),
            false,
        ),
        node: None,
    })
}

fn placements<'g>(view: &View<'g>, subnet: &Setting<Link<Subnet>>) -> Vec<Placement<'g>> {
    let outside = |what: &'static str| {
        vec![Placement {
            subnet: To::Outside(Expr::Opaque(Text::Borrowed(what))),
            certain: true,
        }]
    };
    match subnet {
        Setting::Is(_, _, link) if !link.is_absent() => {
            let all = view.to(link);
            let certain = all.len() == 1;
            all.into_iter()
                .map(|subnet| Placement { subnet, certain })
                .collect()
        }
        Setting::Is(..) | Setting::Unset => outside("a subnet of the default VPC"),
        Setting::Unknown(..) => outside("a subnet that the file does not tell"),
    }
}

fn instance<'g>(view: &View<'g>, id: NodeId, it: &'g Instance) -> Host<'g> {
    let template = specified(view, id, it.launch_template.as_ref());
    let own = |field, value| Setting::of(id, field, value, unread(view, id, field));
    let image = own_image(view, id, it.image.clone())
        .or(|| from_template(view, &template, "image", |it| Some(it.image.clone())));
    let profile = own_link(view, id, it.iam_instance_profile.clone()).or(|| {
        from_template(view, &template, "iam_instance_profile", |it| {
            it.iam_instance_profile.as_ref().and_then(profile_of)
        })
    });
    let imds = Setting::of(
        id,
        "metadata_options",
        endpoint(it.metadata_options.as_ref()),
        unread(view, id, "metadata_options"),
    )
    .or(|| {
        from_template(view, &template, "metadata_options", |it| {
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
        unread(view, id, "user_data"),
    )
    .or(|| {
        from_template(view, &template, "user_data", |it| {
            it.user_data.as_ref().map(|data| decoded(&data.0))
        })
    });
    let interface = instance_interface(view, id, it).or_else(|| {
        if it.security_groups.is_empty() {
            template_interface(view, &template)
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
    let groups = own(
        "security_groups",
        (!own_groups.is_empty()).then_some(own_groups),
    );
    let groups = groups.or(|| match &interface {
        Some(interface) => interface.groups.clone(),
        None => from_template(view, &template, "security_groups", |it| {
            (!it.security_groups.is_empty()).then(|| it.security_groups.clone())
        }),
    });
    let subnet = match (&interface, it.subnet.is_absent()) {
        (Some(interface), true) => interface.subnet.clone(),
        (_, false) => Setting::of(id, "subnet", Some(it.subnet.clone()), false),
        (None, true) if unread(view, id, "subnet") => Setting::Unknown(id, "subnet"),
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
    let node = interface.as_ref().and_then(|it| it.node.clone());
    let placed_by = match &subnet {
        Setting::Is(node, field, _) | Setting::Unknown(node, field) => (*node, *field),
        Setting::Unset => (id, "subnet"),
    };
    Host {
        node: id,
        placements: placements(view, &subnet),
        groups: attached_groups(view, id, node.as_ref(), groups),
        public: elastic(view, id, node.as_ref()).unwrap_or(public),
        image,
        profile,
        imds,
        user_data,
        placed_by,
        launched_by: match template {
            Template::Known(template, it) if it.iam_instance_profile.is_some() => template,
            _ => id,
        },
    }
}

fn own_link(
    view: &View<'_>,
    id: NodeId,
    link: Option<Link<InstanceProfile>>,
) -> Setting<Link<InstanceProfile>> {
    // A plan writes empty text where nothing is.
    let link = link.filter(|link| link.lit().is_none_or(|id| !id.as_str().is_empty()));
    let field = "iam_instance_profile";
    Setting::of(id, field, link, unread(view, id, field))
}

fn own_image(
    view: &View<'_>,
    id: NodeId,
    link: Option<Link<LaunchImage>>,
) -> Setting<Link<LaunchImage>> {
    Setting::of(id, "image", link, unread(view, id, "image"))
}

/// Groups that Terraform adds to an instance's interface in resources of their own.
fn attached_groups<'g>(
    view: &View<'g>,
    instance: NodeId,
    interface: Option<&To<'g, NetworkInterface>>,
    groups: Setting<Vec<Link<SecurityGroup>>>,
) -> Setting<Vec<Link<SecurityGroup>>> {
    let ours = |link: &Link<NetworkInterface>| match link {
        Value::Expr(Expr::Attr(node, _) | Expr::Other(node, _)) => {
            *node == instance || interface.and_then(To::node) == Some(*node)
        }
        _ => false,
    };
    let more: Vec<Link<SecurityGroup>> = view
        .all::<NetworkInterfaceSecurityGroup>()
        .filter(|(_, _, it)| ours(&it.network_interface))
        .map(|(_, _, it)| it.security_group.clone())
        .collect();
    if more.is_empty() {
        return groups;
    }
    match groups {
        Setting::Is(node, field, mut own) => {
            own.extend(more);
            Setting::Is(node, field, own)
        }
        // The default group stays, and does not shut anything that these open.
        Setting::Unset => Setting::Is(instance, "security_groups", more),
        unknown => unknown,
    }
}

/// Whether an elastic address is given to the instance.
fn elastic<'g>(
    view: &View<'g>,
    instance: NodeId,
    interface: Option<&To<'g, NetworkInterface>>,
) -> Option<Setting<Value<bool>>> {
    let is_ours = |link: Option<&Link<Instance>>, to: Option<&Link<NetworkInterface>>| {
        let by_instance = link.is_some_and(|link| view.only(link).node() == Some(instance));
        let by_interface = to.is_some_and(|link| match link {
            Value::Expr(Expr::Attr(node, _) | Expr::Other(node, _)) => {
                *node == instance || interface.and_then(To::node) == Some(*node)
            }
            _ => false,
        });
        by_instance || by_interface
    };
    let by_address = view
        .all::<Eip>()
        .filter(|(_, _, it)| is_ours(it.instance.as_ref(), it.network_interface.as_ref()))
        .map(|(id, ..)| id);
    let by_association = view
        .all::<EipAssociation>()
        .filter(|(_, _, it)| is_ours(it.instance.as_ref(), it.network_interface.as_ref()))
        .map(|(id, ..)| id);
    let id = by_address.chain(by_association).next()?;
    Some(if view.exists(id).is_yes() {
        Setting::Is(id, "instance", Value::Lit(true))
    } else {
        Setting::Unknown(id, "instance")
    })
}

fn group<'g>(view: &View<'g>, id: NodeId, it: &'g AutoScalingGroup) -> Host<'g> {
    let mut host = match &it.launch_configuration {
        Some(link) if !matches!(link, Value::Lit(id) if id.as_str().is_empty()) => {
            configured(view, id, link)
        }
        _ => templated(view, id, it),
    };
    let subnets: Vec<To<'g, Subnet>> = it.subnets.iter().flat_map(|it| view.to(it)).collect();
    let split = it
        .subnets
        .iter()
        .any(|it| matches!(it, Value::Expr(Expr::OneOf(_))));
    if !subnets.is_empty() {
        host.placed_by = (id, "subnets");
        host.placements = subnets
            .into_iter()
            .map(|subnet| Placement {
                subnet,
                certain: !split,
            })
            .collect();
    }
    host
}

fn templated<'g>(view: &View<'g>, id: NodeId, it: &'g AutoScalingGroup) -> Host<'g> {
    let differs = it
        .mixed_overrides
        .iter()
        .any(|other| other.launch_template.is_some());
    let template = match (&it.launch_template, &it.mixed_launch_template) {
        _ if differs => Template::Unknown(id, "mixed_overrides"),
        (Some(spec), _) => specified(view, id, Some(spec)),
        (None, Some(spec)) => template(
            view,
            (id, "mixed_launch_template"),
            spec.launch_template.as_ref(),
            spec.name.as_ref(),
        ),
        (None, None) => Template::Unknown(id, "launch_template"),
    };
    let interface = template_interface(view, &template);
    let by_template = |field, get: fn(&LaunchTemplate) -> Option<Vec<Link<SecurityGroup>>>| {
        from_template(view, &template, field, get)
    };
    let groups = match &interface {
        Some(interface) => interface.groups.clone(),
        None => by_template("security_groups", |it| {
            (!it.security_groups.is_empty()).then(|| it.security_groups.clone())
        }),
    };
    let (subnet, public) = match interface {
        Some(interface) => (interface.subnet, interface.public),
        None => (Setting::Unset, Setting::Unset),
    };
    Host {
        node: id,
        image: from_template(view, &template, "image", |it| {
            (!it.image.is_absent()).then(|| it.image.clone())
        }),
        profile: from_template(view, &template, "iam_instance_profile", |it| {
            it.iam_instance_profile.as_ref().and_then(profile_of)
        }),
        imds: from_template(view, &template, "metadata_options", |it| {
            endpoint(it.metadata_options.as_ref())
        }),
        user_data: from_template(view, &template, "user_data", |it| {
            it.user_data.as_ref().map(|data| decoded(&data.0))
        }),
        groups,
        public,
        placements: placements(view, &subnet),
        placed_by: (id, "subnets"),
        launched_by: match template {
            Template::Known(template, _) => template,
            Template::None | Template::Unknown(..) => id,
        },
    }
}

fn configured<'g>(view: &View<'g>, id: NodeId, link: &Link<LaunchConfiguration>) -> Host<'g> {
    let found = match view.only(link) {
        To::Node(id, it) => Some((id, it)),
        To::Wrong(_) => None,
        To::Outside(Expr::Text(name)) => view
            .all::<LaunchConfiguration>()
            .find(|(_, _, it)| {
                it.name.as_ref().and_then(Value::lit).map(Text::as_ref) == Some(name.as_ref())
            })
            .map(|(id, _, it)| (id, it)),
        To::Outside(_) => None,
    };
    let by = (id, "launch_configuration");
    let Some((config, it)) = found else {
        return Host {
            node: id,
            image: Setting::Unknown(by.0, by.1),
            profile: Setting::Unknown(by.0, by.1),
            imds: Setting::Unknown(by.0, by.1),
            user_data: Setting::Unknown(by.0, by.1),
            groups: Setting::Unknown(by.0, by.1),
            public: Setting::Unknown(by.0, by.1),
            placements: placements(view, &Setting::Unset),
            placed_by: (id, "subnets"),
            launched_by: id,
        };
    };
    Host {
        node: id,
        image: own_image(view, config, Some(it.image.clone())),
        profile: own_link(view, config, it.iam_instance_profile.clone()),
        imds: Setting::of(
            config,
            "metadata_options",
            endpoint(it.metadata_options.as_ref()),
            unread(view, config, "metadata_options"),
        ),
        user_data: Setting::of(
            config,
            "user_data",
            it.user_data
                .as_ref()
                .map(|data| decoded(&data.0))
                .or_else(|| it.user_data_base64.as_ref().map(decoded)),
            unread(view, config, "user_data"),
        ),
        groups: Setting::of(
            config,
            "security_groups",
            (!it.security_groups.is_empty()).then(|| it.security_groups.clone()),
            unread(view, config, "security_groups"),
        ),
        public: Setting::of(
            config,
            "associate_public_ip_address",
            it.associate_public_ip_address.clone(),
            false,
        ),
        placements: placements(view, &Setting::Unset),
        placed_by: (id, "subnets"),
        launched_by: config,
    }
}
