//! What is to be seen, in no language.

use super::several;
use crate::ir::NodeId;
use crate::reachability::{Hop, HopStatus, ResourceRef, Verdict};
use crate::resource::Graph;

/// A stack as it is drawn.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Scene {
    /// The stack's or the file's name.
    pub title: String,
    /// Where it is deployed, if that is told.
    pub region: Option<String>,
    /// How many instances have which answer, in words.
    pub summary: String,
    /// A network each.
    pub panels: Vec<Panel>,
    /// VPCs that hold no instance.
    pub empty_vpcs: Vec<String>,
    /// The ways of the agents; equal ones together, the worst first.
    pub paths: Vec<Path>,
}

/// A VPC with what is in it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Panel {
    /// Its name.
    pub vpc: String,
    /// Its range, or that it is not in the file.
    pub note: String,
    /// Whether it is in the file.
    pub is_in_file: bool,
    /// Its zones.
    pub zones: Vec<Zone>,
    /// The ways out: endpoints, gateways, and endpoints that are missed.
    pub egress_points: Vec<EgressPoint>,
    /// Its security groups and the roles of its instances.
    pub cards: Vec<Card>,
}

/// An availability zone.
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
    /// Its range, if it is told.
    pub note: String,
    /// The instances, equal ones together.
    pub instances: Vec<InstanceBox>,
    /// The endpoints that have an interface in it, by service.
    pub interfaces: Vec<String>,
}

/// Instances of which all that is drawn is equal.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InstanceBox {
    /// Their names.
    pub names: Vec<String>,
    /// Whether an Auto Scaling group starts them.
    pub scaled: bool,
    /// The proof's answer.
    pub verdict: Verdict,
    /// The first hop that fails.
    pub failing: Option<Hop>,
    /// Their security groups.
    pub security_groups: String,
    /// Their role.
    pub role: String,
    /// Their way in [`Scene::paths`].
    pub path: usize,
}

/// What kind of way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EgressPointKind {
    /// An endpoint with interfaces.
    Interface,
    /// An endpoint in route tables.
    Gateway,
    /// A NAT or internet gateway.
    Internet,
    /// None where one is needed.
    Missing,
    /// It is not in the file whether there is one.
    Unknown,
}

/// A way out of the VPC.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EgressPoint {
    /// The services it leads to.
    pub services: Vec<String>,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: EgressPointKind,
    /// Its security groups, or what else is to be said.
    pub note: String,
    /// What the proof says of it, if the agent's path goes through it.
    pub status: Option<HopStatus>,
    /// The instances for which it fails, where it does not fail for all.
    pub fails_for: Vec<String>,
}

impl EgressPoint {
    /// What is said of it in words.
    pub(crate) fn status_text(&self) -> Option<String> {
        match self.fails_for.as_slice() {
            [] => self.status.map(|it| super::status_word(it).to_owned()),
            some => Some(format!("fails for {}", several(some, 2))),
        }
    }
}

/// A security group or role, with what it allows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Card {
    /// `security group` or `role`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// A line for each rule.
    pub lines: Vec<String>,
    /// The worst that the proof says of it, if it says something.
    pub status: Option<HopStatus>,
}

/// The agent's way of instances, hop by hop.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Path {
    /// Whose way it is.
    pub names: Vec<String>,
    /// The answer.
    pub verdict: Verdict,
    /// The hops in order.
    pub marks: Vec<Mark>,
    /// The instance in the proof that stands for all, by position.
    pub instance_index: usize,
    /// Whether the services are dialled through endpoints; nothing where the file does not tell.
    pub by_endpoints: Option<bool>,
}

/// A hop with its verdict.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Mark {
    /// The hop.
    pub hop: Hop,
    /// Its verdict.
    pub status: HopStatus,
    /// What was found.
    pub detail: String,
}

impl Path {
    /// Returns the first hop that fails, or is not decided.
    pub fn worst(&self) -> Option<&Mark> {
        let of = |verdict| self.marks.iter().find(move |it| it.status == verdict);
        of(HopStatus::Fail).or_else(|| of(HopStatus::Unknown))
    }

    /// Returns the worst verdict of some hops; nothing if none of them was asked.
    pub fn status(&self, hops: &[Hop]) -> Option<HopStatus> {
        let asked = self.marks.iter().filter(|it| hops.contains(&it.hop));
        asked.map(|it| it.status).min()
    }
}

pub(super) const fn rank(answer: Verdict) -> u8 {
    match answer {
        Verdict::Unreachable => 0,
        Verdict::Unknown => 1,
        Verdict::Reachable => 2,
        Verdict::NotCreated => 3,
    }
}

/// Names without what all of them begin with.
pub(crate) struct Names<'g> {
    graph: &'g Graph,
    prefix: Option<String>,
}

impl<'g> Names<'g> {
    /// The names of a graph; the only stack's own name is left away.
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

    /// The name of a node.
    pub(crate) fn node(&self, id: NodeId) -> String {
        let shown = self.graph.node(id).map_or("", |node| node.display_id());
        let cut = self
            .prefix
            .as_ref()
            .and_then(|it| shown.strip_prefix(it.as_str()));
        cut.unwrap_or(shown).to_owned()
    }

    /// The name of an instance: without what the construct adds.
    pub(crate) fn instance(&self, id: NodeId) -> String {
        let name = self.node(id);
        match &self.prefix {
            Some(_) => name.strip_suffix("/Instance").unwrap_or(&name).to_owned(),
            None => name,
        }
    }

    /// The name of a thing.
    pub(crate) fn resource_ref(&self, resource: &ResourceRef) -> String {
        match resource {
            ResourceRef::Node(id) => self.node(*id),
            ResourceRef::Outside(text) => text.clone(),
        }
    }

    /// What was found, with the same names.
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
