//! The instances of a graph: count, type, operating system and volumes.

use super::known;
use crate::construct::{Architecture, ImageFamily};
#[cfg(feature = "config")]
use crate::ir::Link;
use crate::ir::{Expr, NodeId, Value};
use crate::reachability::graph_index::{GraphIndex, Resolved};
use crate::reachability::image::{Image, classify};
use crate::reachability::instance::InstanceConfig;
use crate::reachability::launch_template::{Template, template, template_of_specification};
use crate::reachability::setting::{Setting, is_unmodeled};
use crate::region::Region;
#[cfg(feature = "config")]
use crate::resource::LaunchImage;
use crate::resource::{
    AutoScalingGroup, BlockDeviceMapping, Ebs, Graph, Instance, LaunchConfiguration,
    LaunchTemplate, Map, Node, Resource, VolumeType, is_root,
};

/// A value, or the reason why it is unknown.
pub(super) type Known<T> = Result<T, String>;

/// The operating system of an image, which determines license costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OperatingSystem {
    /// Linux without license costs.
    Linux,
    /// Windows, with license costs.
    Windows,
    /// A license without a price.
    Licensed,
    /// An image that the file does not describe.
    Unknown,
}

/// A volume of an instance.
#[derive(Clone, Debug)]
pub(super) struct Disk {
    pub(super) root: bool,
    /// Size in GiB.
    pub(super) size: Known<u64>,
    pub(super) of: Known<VolumeType>,
}

/// An instance, or the equal instances of an Auto Scaling group.
#[derive(Clone, Debug)]
pub(super) struct InstanceUsage {
    pub(super) node: NodeId,
    pub(super) count: Known<u64>,
    pub(super) instance_type: Known<String>,
    pub(super) system: OperatingSystem,
    pub(super) disks: Vec<Disk>,
    /// Whether it has a public address other than an Elastic IP address.
    pub(super) public: bool,
    pub(super) detailed: bool,
    /// Whether it is in a Local Zone.
    pub(super) local: bool,
}

/// The source of the launch settings.
enum LaunchSource<'g> {
    Nothing,
    Template(NodeId, &'g LaunchTemplate),
    Configuration(NodeId, &'g LaunchConfiguration),
    Unknown,
}

impl<'g> From<Template<'g>> for LaunchSource<'g> {
    fn from(template: Template<'g>) -> Self {
        match template {
            Template::None => LaunchSource::Nothing,
            Template::Known(id, it) => LaunchSource::Template(id, it),
            Template::Unknown(..) => LaunchSource::Unknown,
        }
    }
}

/// Returns the usage of an instance or Auto Scaling group.
pub(super) fn instance_usage<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'g>,
) -> Option<InstanceUsage> {
    let node = index.graph.node(instance.node)?;
    let (launch_source, count) = match &node.resource {
        Resource::Instance(it) => {
            let launch_source =
                template_of_specification(index, instance.node, it.launch_template.as_ref()).into();
            (launch_source, Ok(1))
        }
        Resource::AutoScalingGroup(it) => (
            launch_source(index, instance.node, it),
            count(index.graph, it),
        ),
        _ => return None,
    };
    let image = match &instance.image {
        Setting::Known(_, _, link) => Some(classify(index, link)),
        Setting::Unset | Setting::Unknown(..) => None,
    };
    let name = image.as_ref().map(|image| match image {
        Image::WithAgent(name) | Image::WithoutAgent(name) | Image::Opaque(name) => name.as_str(),
    });
    let instance_type = match &node.resource {
        Resource::Instance(it) => type_of_instance(index.graph, it, &launch_source),
        Resource::AutoScalingGroup(it) if !it.mixed_overrides.is_empty() => mixed(index.graph, it),
        _ => type_of_launch_source(index.graph, &launch_source),
    };
    let detailed = match &node.resource {
        Resource::Instance(it) => it.monitoring == Some(Value::Lit(true)),
        _ => false,
    };
    Some(InstanceUsage {
        node: instance.node,
        count,
        instance_type,
        system: name.map_or(OperatingSystem::Unknown, operating_system),
        disks: disks(index, node, &launch_source, name),
        public: is_public(instance),
        detailed,
        local: instance
            .placements
            .iter()
            .any(|it| in_local_zone(&it.subnet)),
    })
}

fn in_local_zone(subnet: &Resolved<'_, crate::resource::Subnet>) -> bool {
    let Resolved::Node(_, subnet) = subnet else {
        return false;
    };
    let zone = subnet.availability_zone.lit();
    zone.and_then(|zone| Region::of_zone(zone))
        .is_some_and(|(_, rest)| rest.starts_with('-'))
}

fn is_public(instance: &InstanceConfig<'_>) -> bool {
    match &instance.public {
        // An Elastic IP address has a separate line.
        Setting::Known(_, "instance", _) => false,
        Setting::Known(_, _, value) => value.lit() == Some(&true),
        Setting::Unset => instance.placements.iter().any(|it| match &it.subnet {
            Resolved::Node(_, subnet) => subnet.map_public_ip_on_launch == Some(Value::Lit(true)),
            Resolved::OtherType(_) | Resolved::Outside(_) => false,
        }),
        Setting::Unknown(..) => false,
    }
}

fn launch_source<'g>(
    index: &GraphIndex<'g>,
    id: NodeId,
    it: &'g AutoScalingGroup,
) -> LaunchSource<'g> {
    if let Some(link) = &it.launch_configuration
        && !matches!(link, Value::Lit(id) if id.as_str().is_empty())
    {
        return match index.resolve_one(link) {
            Resolved::Node(id, it) => LaunchSource::Configuration(id, it),
            Resolved::OtherType(_) | Resolved::Outside(_) => LaunchSource::Unknown,
        };
    }
    match (&it.launch_template, &it.mixed_launch_template) {
        (Some(spec), _) => template_of_specification(index, id, Some(spec)).into(),
        (None, Some(spec)) => {
            let by = (id, "mixed_launch_template");
            let named = (spec.launch_template.as_ref(), spec.name.as_ref());
            template(index, by, named, spec.version.as_ref()).into()
        }
        (None, None) => LaunchSource::Unknown,
    }
}

/// Returns the initial number of instances of an Auto Scaling group.
fn count(graph: &Graph, it: &AutoScalingGroup) -> Known<u64> {
    let count = it.desired_capacity.as_ref().or(it.min_size.as_ref());
    let Some(count) = count else {
        return Err("the number of instances is unknown".to_owned());
    };
    known::number(graph, count)
        .ok_or_else(|| "the number of instances is determined at deployment".to_owned())
}

fn text(graph: &Graph, value: &Value<crate::ir::Text>) -> Known<String> {
    known::text(graph, value)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| "the instance type is determined at deployment".to_owned())
}

fn type_of_instance(
    graph: &Graph,
    it: &Instance,
    launch_source: &LaunchSource<'_>,
) -> Known<String> {
    if it.instance_type.is_absent() {
        return type_of_launch_source(graph, launch_source);
    }
    text(graph, &it.instance_type)
}

fn type_of_launch_source(graph: &Graph, launch_source: &LaunchSource<'_>) -> Known<String> {
    let own = match launch_source {
        LaunchSource::Template(_, it) => it.instance_type.as_ref(),
        LaunchSource::Configuration(_, it) => it.instance_type.as_ref(),
        LaunchSource::Nothing => None,
        LaunchSource::Unknown => {
            return Err("the launch template is not in the file".to_owned());
        }
    };
    match own {
        Some(own) => text(graph, own),
        None => Err("the instance type is unknown".to_owned()),
    }
}

fn mixed(graph: &Graph, it: &AutoScalingGroup) -> Known<String> {
    let mut types = it
        .mixed_overrides
        .iter()
        .map(|it| it.instance_type.as_ref());
    match (types.next(), types.next()) {
        (Some(Some(only)), None) => text(graph, only),
        _ => Err("the Auto Scaling group has several instance types".to_owned()),
    }
}

fn operating_system(image: &str) -> OperatingSystem {
    let lower = image.to_ascii_lowercase();
    let licensed = ["rhel-", "suse-", "sles-"];
    if lower.contains("/ami-windows-latest/") || lower.starts_with("windows_server-") {
        OperatingSystem::Windows
    } else if licensed.iter().any(|it| lower.starts_with(it)) || lower.contains("/suse/") {
        OperatingSystem::Licensed
    } else if family(image).is_some() || lower.contains("debian") {
        OperatingSystem::Linux
    } else {
        OperatingSystem::Unknown
    }
}

/// Returns the family of an image by its name or public parameter.
fn family(image: &str) -> Option<ImageFamily> {
    let named = ImageFamily::ALL.iter().copied().find(|family| {
        [Architecture::X86_64, Architecture::Arm64]
            .into_iter()
            .any(|of| family.ssm_parameter(of).as_deref() == Some(image))
    });
    let last = image.rsplit('/').next().unwrap_or(image);
    named.or_else(|| {
        if last.starts_with("al2023-ami-") {
            Some(ImageFamily::AmazonLinux2023)
        } else if last.starts_with("amzn2-ami-") && !last.contains("ecs") {
            Some(ImageFamily::AmazonLinux2)
        } else if image.contains("ubuntu/server/22.04/") || last.starts_with("ubuntu-jammy-") {
            Some(ImageFamily::Ubuntu2204)
        } else if image.contains("ubuntu/server/24.04/") || last.starts_with("ubuntu-noble-") {
            Some(ImageFamily::Ubuntu2404)
        } else if image.contains("ubuntu/server/26.04/") || last.starts_with("ubuntu-resolute-") {
            Some(ImageFamily::Ubuntu2604)
        } else if last.starts_with("Windows_Server-2022") && last.contains("Full-Base") {
            Some(ImageFamily::WindowsServer2022)
        } else if last.starts_with("Windows_Server-2025") && last.contains("Full-Base") {
            Some(ImageFamily::WindowsServer2025)
        } else {
            None
        }
    })
}

/// Returns the default size of the root volume.
fn image_size(image: Option<&str>) -> Known<u64> {
    image
        .and_then(family)
        .and_then(|family| u64::try_from(family.min_volume_size()).ok())
        .ok_or_else(|| "the size of the image is unknown".to_owned())
}

fn image_type(image: Option<&str>) -> Known<VolumeType> {
    let name = image.unwrap_or_default();
    let of = match image.and_then(family) {
        _ if name.contains("gp3") => Some(VolumeType::Gp3),
        _ if name.contains("gp2") => Some(VolumeType::Gp2),
        Some(ImageFamily::AmazonLinux2023) => Some(VolumeType::Gp3),
        _ => None,
    };
    of.ok_or_else(|| "the volume type of the image is unknown".to_owned())
}

fn disk(graph: &Graph, ebs: &Ebs, root: bool, image: Option<&str>) -> Disk {
    let size = match &ebs.volume_size {
        Some(size) => known::number(graph, size)
            .ok_or_else(|| "the size is determined at deployment".to_owned()),
        None if root => image_size(image),
        None => Err("the size of the snapshot is unknown".to_owned()),
    };
    let of = match &ebs.volume_type {
        Some(Value::Lit(of)) => Ok(*of),
        Some(Value::Expr(_)) => Err("the volume type is determined at deployment".to_owned()),
        None if root => image_type(image),
        None => Err("the volume type is unknown".to_owned()),
    };
    Disk { root, size, of }
}

fn disks(
    index: &GraphIndex<'_>,
    node: &Node,
    launch_source: &LaunchSource<'_>,
    image: Option<&str>,
) -> Vec<Disk> {
    let not_read = |reason: &str| Disk {
        root: true,
        size: Err(reason.to_owned()),
        of: Err(reason.to_owned()),
    };
    let graph = index.graph;
    let plain = || disk(graph, &Ebs::new(), true, image);
    if let Resource::Instance(it) = &node.resource
        && let Some(root) = &it.root_volume
    {
        return vec![disk(graph, &root.ebs, true, image)];
    }
    if node.is_unmodeled("root_volume") {
        return vec![not_read("the block device mappings are not modeled")];
    }
    match launch_source {
        LaunchSource::Unknown => vec![not_read("the launch template is not in the file")],
        LaunchSource::Nothing => vec![plain()],
        LaunchSource::Template(id, it) => {
            if is_unmodeled(index, *id, "block_devices") {
                return vec![not_read("the block device mappings are not modeled")];
            }
            mapped(graph, &it.block_devices, image)
        }
        LaunchSource::Configuration(id, _) => {
            let rest = graph.node(*id).and_then(|node| node.origin.as_ref());
            let has_volumes = |map: &Map<'_>| {
                [
                    "BlockDeviceMappings",
                    "root_block_device",
                    "ebs_block_device",
                ]
                .iter()
                .any(|name| {
                    map.get(name)
                        .is_some_and(|it| it.what() != "a list" || !is_empty(it))
                })
            };
            match rest.is_some_and(|origin| has_volumes(&origin.unknown_properties)) {
                true => vec![not_read(
                    "the volumes of launch configurations are not modeled",
                )],
                false => vec![plain()],
            }
        }
    }
}

fn is_empty(term: &crate::resource::RawValue<'_>) -> bool {
    matches!(term, crate::resource::RawValue::List(items) if items.is_empty())
}

fn mapped(graph: &Graph, mappings: &[BlockDeviceMapping], image: Option<&str>) -> Vec<Disk> {
    let is_root = |it: &BlockDeviceMapping| match &it.device_name {
        Value::Lit(name) => is_root(name),
        Value::Expr(Expr::Absent) => true,
        Value::Expr(_) => false,
    };
    // The only volume of an unknown image is the root volume.
    let only = |it: &BlockDeviceMapping| mappings.len() == 1 && it.device_name.lit().is_none();
    let mut disks: Vec<Disk> = Vec::new();
    for mapping in mappings {
        let root = is_root(mapping) || only(mapping);
        disks.push(disk(graph, &mapping.ebs, root, image));
    }
    if !disks.iter().any(|disk| disk.root) {
        disks.insert(0, disk(graph, &Ebs::new(), true, image));
    }
    disks
}

/// Returns whether the image exists for arm64.
#[cfg(feature = "config")]
pub(super) fn has_arm64(image: &Link<LaunchImage>) -> bool {
    let Value::Lit(id) = image else {
        return false;
    };
    let name = id.as_str().trim_start_matches("resolve:ssm:");
    family(name).is_some_and(|family| family.ssm_parameter(Architecture::Arm64).is_some())
}
