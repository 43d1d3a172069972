//! Volumes that EC2 does not attach to an instance.

use super::subnets::same_zone_name;
use super::{Refusal, is_in_stack};
use crate::ir::{Dialect, Expr, NodeId};
use crate::reachability::graph_index::{GraphIndex, Resolved, expr_of};
use crate::reachability::image::{self, Image, classify};
use crate::reachability::instance::{self, InstanceConfig};
use crate::reachability::setting::Setting;
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::resource::{Node, RawValue, Resource};

/// A volume of the file, attached to an instance of the file.
struct Attachment {
    /// The attachment, or the instance that lists the volume.
    by: NodeId,
    instance: NodeId,
    volume: NodeId,
    device: Option<String>,
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachVolume.html>
pub(super) fn invalid<'g>(index: &GraphIndex<'g>) -> Vec<Refusal> {
    let all = attachments(index);
    if all.is_empty() {
        return Vec::new();
    }
    let configs = instance::all(index);
    let mut found = Vec::new();
    for (n, it) in all.iter().enumerate() {
        let Some(config) = configs.iter().find(|config| config.node == it.instance) else {
            continue;
        };
        let nodes = [it.by, it.instance, it.volume].map(|id| index.graph.node(id));
        let exist = Ternary::all(nodes.into_iter().flatten().map(is_in_stack));
        let (volume, instance) = (index.name(it.volume), index.name(it.instance));
        let mut add = |certain: Ternary, error: &str, why: String, fix: &str| {
            let verb = if certain.is_yes() {
                "refuses"
            } else {
                "can refuse"
            };
            let reason = format!("EC2 {verb} to attach `{volume}` (`{error}`): {why}");
            let refusal = Refusal::new(Hop::Agent, (it.by, ""), exist.and(certain), reason);
            found.extend(refusal.map(|it| it.fix(Fix::manual(fix))));
        };
        if let (Some(a), Some(b)) = (zone_of_volume(index, it.volume), zone_of(index, config))
            && same_zone_name(&a, &b).is_no()
        {
            let why = format!("it is in another Availability Zone than `{instance}`");
            let fix = "create the volume in the Availability Zone of the instance";
            add(Ternary::Yes, "InvalidVolume.ZoneMismatch", why, fix);
        }
        if let (Some(device), Some(root)) = (&it.device, root_device(index, config))
            && device == root
        {
            let why = format!("`{device}` is the root volume of `{instance}`");
            add(
                Ternary::Yes,
                "InvalidParameterValue",
                why,
                "use a device such as `/dev/sdf`",
            );
        }
        let other = all[..n]
            .iter()
            .find(|other| other.volume == it.volume && other.instance != it.instance);
        if let Some(other) = other
            && let Some(shared) = is_exclusive(nodes[2])
        {
            let why = format!("`{}` attaches it to another instance", index.name(other.by));
            let other = index.graph.node(other.by).map_or(Ternary::No, is_in_stack);
            add(other.and(shared), "VolumeInUse", why, "use another volume");
        }
    }
    found
}

/// Returns whether a volume has one instance at a time, unless it certainly has several.
fn is_exclusive(volume: Option<&Node>) -> Option<Ternary> {
    match volume?.property("MultiAttachEnabled", "multi_attach_enabled") {
        None => Some(Ternary::Yes),
        Some(RawValue::Bool(several)) => (!several).then_some(Ternary::Yes),
        Some(RawValue::Str(several)) => {
            (!several.eq_ignore_ascii_case("true")).then_some(Ternary::Yes)
        }
        Some(_) => Some(Ternary::Unknown),
    }
}

fn attachments(index: &GraphIndex<'_>) -> Vec<Attachment> {
    let id_in = |value: Option<RawValue<'_>>| match value {
        Some(RawValue::Expr(expr)) => match expr.as_ref() {
            Expr::Attr(id, _) | Expr::Other(id, _) => Some(*id),
            _ => None,
        },
        _ => None,
    };
    let text = |value: Option<RawValue<'_>>| value?.as_str().map(str::to_owned);
    let mut found = Vec::new();
    for (by, node) in index.graph.nodes().filter(|(_, node)| !node.is_absent()) {
        match node.resource.type_name(node.dialect()) {
            Some("AWS::EC2::VolumeAttachment") => {
                let instance = id_in(node.property("InstanceId", ""));
                let volume = id_in(node.property("VolumeId", ""));
                found.extend(instance.zip(volume).map(|(instance, volume)| Attachment {
                    by,
                    instance,
                    volume,
                    device: text(node.property("Device", "")),
                }));
            }
            Some("aws_volume_attachment") => {
                let to = |is: fn(&Resource) -> bool| {
                    let mut all = node.references().into_iter();
                    all.find(|id| index.graph.node(*id).is_some_and(|it| is(&it.resource)))
                };
                let instance = to(|it| matches!(it, Resource::Instance(_)));
                let volume = to(|it| matches!(it, Resource::Volume(_)));
                found.extend(instance.zip(volume).map(|(instance, volume)| Attachment {
                    by,
                    instance,
                    volume,
                    device: text(node.property("", "device_name")),
                }));
            }
            Some("AWS::EC2::Instance") => {
                let Some(RawValue::List(items)) = node.property("Volumes", "") else {
                    continue;
                };
                for item in items {
                    let RawValue::Object(map) = item else {
                        continue;
                    };
                    let volume = id_in(map.get("VolumeId").cloned());
                    found.extend(volume.map(|volume| Attachment {
                        by,
                        instance: by,
                        volume,
                        device: text(map.get("Device").cloned()),
                    }));
                }
            }
            _ => {}
        }
    }
    found
}

fn zone_of_volume(index: &GraphIndex<'_>, id: NodeId) -> Option<Expr> {
    match &index.graph.node(id)?.resource {
        Resource::Volume(it) => {
            let zone = expr_of(&it.availability_zone, Clone::clone);
            (zone != Expr::Absent).then_some(zone)
        }
        _ => None,
    }
}

/// Returns the Availability Zone of an instance, or of its subnet.
fn zone_of<'g>(index: &GraphIndex<'g>, config: &InstanceConfig<'g>) -> Option<Expr> {
    let node = index.graph.node(config.node)?;
    if let Resource::Instance(it) = &node.resource
        && let Some(zone) = it.availability_zone.as_ref().filter(|it| !it.is_absent())
        && (node.dialect() == Dialect::Cfn || zone.lit().is_some())
    {
        return Some(expr_of(zone, Clone::clone));
    }
    let placement = config.placements.first().filter(|it| it.certain)?;
    match &placement.subnet {
        Resolved::Node(_, subnet) if !subnet.availability_zone.is_absent() => {
            Some(expr_of(&subnet.availability_zone, Clone::clone))
        }
        _ => None,
    }
}

fn root_device(index: &GraphIndex<'_>, config: &InstanceConfig<'_>) -> Option<&'static str> {
    let Setting::Known(_, _, link) = &config.image else {
        return None;
    };
    match classify(index, link) {
        Image::WithAgent(name) | Image::WithoutAgent(name) => {
            image::root_volume(&name).map(|it| it.0)
        }
        Image::Opaque(_) => None,
    }
}
