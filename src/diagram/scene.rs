//! The content of a diagram, independent of the format.

use super::several;
use crate::ir::NodeId;
use crate::reachability::{Hop, HopStatus, ResourceRef, Verdict};
use crate::resource::Graph;

/// The content of the diagrams of a stack.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Scene {
    /// The name of the stack or file.
    pub title: String,
    /// The Region of the deployment, if it is known.
    pub region: Option<String>,
    /// The number of instances per verdict, as text.
    pub summary: String,
    /// The networks.
    pub panels: Vec<Panel>,
    /// The VPCs without instances.
    pub empty_vpcs: Vec<String>,
    /// The paths of the instances, worst first. Instances with equal paths share one.
    pub paths: Vec<Path>,
}

/// A VPC and its resources.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Panel {
    /// Its name.
    pub vpc: String,
    /// Its CIDR range, or that it is not in the file.
    pub note: String,
    /// Whether it is in the file.
    pub is_in_file: bool,
    /// Its Availability Zones.
    pub zones: Vec<Zone>,
    /// The egress points: endpoints, gateways, and missing endpoints.
    pub egress_points: Vec<EgressPoint>,
    /// Its security groups, and the roles of its instances.
    pub cards: Vec<Card>,
}

/// An Availability Zone.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Zone {
    /// Its name.
    pub name: String,
    /// Its subnets.
    pub subnets: Vec<SubnetBox>,
}

/// A subnet.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SubnetBox {
    /// Its name.
    pub name: String,
    /// Its CIDR range, if it is known.
    pub note: String,
    /// The instances. Equal ones share a box.
    pub instances: Vec<InstanceBox>,
    /// The endpoints with a network interface in the subnet, by service.
    pub interfaces: Vec<String>,
}

/// Instances that look equal in the diagram.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InstanceBox {
    /// Their names.
    pub names: Vec<String>,
    /// Whether an Auto Scaling group launches them.
    pub scaled: bool,
    /// Their verdict.
    pub verdict: Verdict,
    /// The first hop that fails.
    pub failing: Option<Hop>,
    /// Their instance type, if it is known.
    pub instance_type: Option<String>,
    /// Their image, if it is known.
    pub image: Option<String>,
    /// Their security groups.
    pub security_groups: String,
    /// Their role.
    pub role: String,
    /// The index of their path in [`Scene::paths`].
    pub path: usize,
}

/// The kind of an egress point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EgressPointKind {
    /// An interface endpoint.
    #[default]
    Interface,
    /// A gateway endpoint.
    Gateway,
    /// A NAT or internet gateway.
    Internet,
    /// A missing endpoint.
    Missing,
    /// An unknown egress point outside the file.
    Unknown,
}

/// An exit of the VPC to services.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EgressPoint {
    /// The services behind it.
    pub services: Vec<String>,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: EgressPointKind,
    /// Its security groups, or another note.
    pub note: String,
    /// Its status, if the path of an agent passes it.
    pub status: Option<HopStatus>,
    /// The instances for which it fails, if it passes for others.
    pub fails_for: Vec<String>,
    /// The statuses of the instances whose path it is on, each once, the best first.
    pub users: Vec<HopStatus>,
}

impl InstanceBox {
    /// Returns the instance type and the image.
    pub(crate) fn type_and_image(&self) -> String {
        let unknown = |what: &Option<String>, text: &str| what.clone().unwrap_or(text.to_owned());
        format!(
            "{}, {}",
            unknown(&self.instance_type, "unknown type"),
            unknown(&self.image, "unknown image")
        )
    }
}

impl EgressPoint {
    /// Returns the status as text.
    pub(crate) fn status_text(&self) -> Option<String> {
        match self.fails_for.as_slice() {
            [] => self.status.map(|it| it.as_str().to_owned()),
            some => Some(format!("fails for {}", several(some, 2))),
        }
    }
}

/// A security group or role, with its rules or policies.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Card {
    /// `security group` or `role`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// A line for each rule or policy.
    pub lines: Vec<String>,
    /// The worst status of the hops that it affects, if any.
    pub status: Option<HopStatus>,
}

/// The path of instances, hop by hop.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Path {
    /// The names of the instances.
    pub names: Vec<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// The hops in order.
    pub marks: Vec<Mark>,
    /// The index of one of the instances in the results of the check.
    pub instance_index: usize,
    /// Whether the path uses endpoints, or none if that is unknown.
    pub by_endpoints: Option<bool>,
}

/// A hop with its status.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Mark {
    /// The hop.
    pub hop: Hop,
    /// The status.
    pub status: HopStatus,
    /// The facts that determine the status: one, or for a hop that passes one for each group of
    /// instances.
    pub details: Vec<Detail>,
}

/// A fact that determines the status of a hop.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Detail {
    /// The instances that it is about.
    pub names: Vec<String>,
    /// The fact.
    pub text: String,
}

impl Mark {
    /// Returns the fact that determines the status. If the hop passes, that of the first instance.
    pub fn detail(&self) -> &str {
        self.details.first().map_or("", |it| it.text.as_str())
    }
}

/// Returns the status that corresponds to a verdict.
pub(super) const fn verdict_status(verdict: Verdict) -> HopStatus {
    match verdict {
        Verdict::Reachable => HopStatus::Pass,
        Verdict::Unreachable => HopStatus::Fail,
        Verdict::Unknown | Verdict::NotCreated => HopStatus::Unknown,
    }
}

impl Path {
    /// Returns the first hop that fails, or else the first unknown one.
    pub fn worst(&self) -> Option<&Mark> {
        let first = |status| self.marks.iter().find(move |it| it.status == status);
        first(HopStatus::Fail).or_else(|| first(HopStatus::Unknown))
    }

    /// Returns the worst status of some hops, or none if none of them applies.
    pub fn status(&self, hops: &[Hop]) -> Option<HopStatus> {
        let marks = self.marks.iter().filter(|it| hops.contains(&it.hop));
        marks.map(|it| it.status).min()
    }
}

pub(super) const fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Unreachable => 0,
        Verdict::Unknown => 1,
        Verdict::Reachable => 2,
        Verdict::NotCreated => 3,
    }
}

/// Names of resources without their common prefix.
pub(crate) struct Names<'g> {
    graph: &'g Graph,
    prefix: Option<String>,
}

impl<'g> Names<'g> {
    /// Creates the names of a graph. Omits the name of a single stack.
    pub(crate) fn new(graph: &'g Graph) -> Names<'g> {
        let mut stacks = graph.stacks();
        let only = match (stacks.next(), stacks.next()) {
            (Some(stack), None) => Some(format!("{}/", stack.name)),
            _ => None,
        };
        let built = graph.nodes.iter().all(|node| node.origin.is_none());
        Names {
            graph,
            prefix: only.filter(|_| built),
        }
    }

    /// Returns the name of a node.
    pub(crate) fn node(&self, id: NodeId) -> String {
        let shown = self.graph.node(id).map_or("", |node| node.display_id());
        let cut = self
            .prefix
            .as_ref()
            .and_then(|it| shown.strip_prefix(it.as_str()));
        cut.unwrap_or(shown).to_owned()
    }

    /// Returns the name of an instance, without the suffix of its construct.
    pub(crate) fn instance(&self, id: NodeId) -> String {
        let name = self.node(id);
        match &self.prefix {
            Some(_) => name.strip_suffix("/Instance").unwrap_or(&name).to_owned(),
            None => name,
        }
    }

    /// Returns the name of a resource.
    pub(crate) fn resource_ref(&self, resource: &ResourceRef) -> String {
        match resource {
            ResourceRef::Node(id) => self.node(*id),
            ResourceRef::Outside(text) => text.clone(),
        }
    }

    /// Replaces the names in a detail.
    pub(crate) fn detail(&self, text: &str) -> String {
        match &self.prefix {
            Some(prefix) => text.replace(&format!("`{prefix}"), "`"),
            None => text.to_owned(),
        }
    }

    pub(super) fn all(&self, resources: &[ResourceRef]) -> String {
        let names: Vec<String> = resources.iter().map(|it| self.resource_ref(it)).collect();
        several(&names, 3)
    }
}
