//! Builds a scene from a graph and the results of its reachability check.

use std::collections::HashMap;

use super::scene::{Names, rank};
use super::{Card, Detail, InstanceBox, Mark, Panel, Path, Scene, SubnetBox, Zone};
use crate::ir::{NodeId, Value};
use crate::reachability::{
    self, Assumptions, DiagramBox, EgressPath, Hop, HopStatus, Reachability, ResourceRef, Topology,
    Verdict,
};
use crate::resource::{Graph, Resource};

impl Scene {
    /// Builds a scene from a graph and the results of its reachability check.
    pub fn new(
        title: &str,
        graph: &Graph,
        reachability: &Reachability,
        assumptions: &Assumptions,
    ) -> Scene {
        let topology = reachability::topology(graph, assumptions);
        let names = Names::new(graph);
        let builder = SceneBuilder {
            graph,
            reachability,
            topology: &topology,
            names,
        };
        builder.scene(title)
    }
}

/// Verdict and hops of a path. Hops that do not pass have their detail.
type PathKey = (u8, Vec<(Hop, HopStatus, String)>);

pub(super) struct SceneBuilder<'a> {
    graph: &'a Graph,
    pub(super) reachability: &'a Reachability,
    pub(super) topology: &'a Topology,
    pub(super) names: Names<'a>,
}

impl SceneBuilder<'_> {
    fn scene(&self, title: &str) -> Scene {
        let (paths, path_of) = self.paths();
        let mut vpcs: Vec<ResourceRef> = Vec::new();
        for (at, instance) in self.topology.instances.iter().enumerate() {
            if path_of.get(at).is_some_and(Option::is_some) && !vpcs.contains(&instance.vpc) {
                vpcs.push(instance.vpc.clone());
            }
        }
        let known = self.graph.stacks().flat_map(|it| self.graph.nodes_of(it));
        let all = known.filter(|(_, it)| matches!(it.resource, Resource::Vpc(_)));
        let mut empty: Vec<NodeId> = all
            .filter(|(id, it)| !it.is_absent() && !vpcs.contains(&ResourceRef::Node(*id)))
            .map(|(id, _)| id)
            .collect();
        if vpcs.is_empty() && !empty.is_empty() {
            vpcs.push(ResourceRef::Node(empty.remove(0)));
        }
        let panels = vpcs.iter().map(|vpc| self.panel(vpc, &paths, &path_of));
        let region = self.graph.stacks().find_map(|it| it.region);
        Scene {
            title: title.to_owned(),
            region: region.map(|it| it.name.to_owned()),
            summary: summary(self.reachability),
            panels: panels.collect(),
            empty_vpcs: empty.iter().map(|id| self.names.node(*id)).collect(),
            paths,
        }
    }

    /// Returns the paths, and for each instance the index of its path, if the instance exists.
    fn paths(&self) -> (Vec<Path>, Vec<Option<usize>>) {
        let mut paths: Vec<Path> = Vec::new();
        let mut known: HashMap<PathKey, usize> = HashMap::new();
        let mut of: Vec<Option<usize>> = Vec::new();
        for (at, instance) in self.reachability.instances.iter().enumerate() {
            if instance.verdict == Verdict::NotCreated {
                of.push(None);
                continue;
            }
            let name = self.names.instance(instance.node);
            let own = format!("`{}`", self.names.node(instance.node));
            let marks: Vec<Mark> = instance
                .hops
                .iter()
                .map(|it| Mark {
                    hop: it.hop,
                    status: it.status,
                    details: vec![Detail {
                        names: vec![name.clone()],
                        text: self.names.detail(&it.detail),
                    }],
                })
                .collect();
            // Paths are equal even if their details name different instances.
            let alike = |mark: &Mark| {
                let detail = match mark.status {
                    HopStatus::Pass => String::new(),
                    _ => mark.detail().replace(&own, THE_INSTANCE),
                };
                (mark.hop, mark.status, detail)
            };
            let key = (rank(instance.verdict), marks.iter().map(alike).collect());
            let index = *known.entry(key).or_insert(paths.len());
            match paths.get_mut(index) {
                Some(path) => {
                    let first = self.reachability.instances.get(path.instance_index);
                    let first = first.map(|it| format!("`{}`", self.names.node(it.node)));
                    join(path, first.as_deref(), (&name, &own), &marks);
                }
                None => paths.push(Path {
                    names: vec![name],
                    verdict: instance.verdict,
                    marks,
                    instance_index: at,
                    by_endpoints: self.topology.instances.get(at).and_then(by_endpoints),
                }),
            }
            of.push(Some(index));
        }
        let mut order: Vec<usize> = (0..paths.len()).collect();
        order.sort_by_key(|&at| rank(paths[at].verdict));
        let mut position = vec![0; paths.len()];
        for (new, &old) in order.iter().enumerate() {
            position[old] = new;
        }
        let sorted = order.iter().map(|&at| paths[at].clone()).collect();
        (
            sorted,
            of.into_iter()
                .map(|it| it.map(|old| position[old]))
                .collect(),
        )
    }

    fn panel(&self, vpc: &ResourceRef, paths: &[Path], path_of: &[Option<usize>]) -> Panel {
        let (note, known) = match vpc.node().and_then(|id| self.graph.node(id)) {
            Some(node) => match &node.resource {
                Resource::Vpc(it) => (self.range(&it.cidr_block), true),
                _ => (String::new(), true),
            },
            None => ("not in the file".to_owned(), false),
        };
        let here: Vec<usize> = (0..self.topology.instances.len())
            .filter(|&at| self.topology.instances[at].vpc == *vpc)
            .filter(|&at| path_of.get(at).is_some_and(Option::is_some))
            .collect();
        let mut panel = Panel {
            vpc: match vpc {
                ResourceRef::Node(id) => self.names.node(*id),
                ResourceRef::Outside(text) => text.clone(),
            },
            note,
            is_in_file: known,
            ..Panel::default()
        };
        self.subnets(&mut panel, vpc, &here, path_of, paths);
        panel.egress_points = self.egress_points(vpc, &here);
        panel.cards = self.cards(vpc, &here);
        panel
    }

    fn range(&self, value: &Value<crate::ir::Cidr>) -> String {
        match value {
            Value::Lit(cidr) => cidr.to_string(),
            Value::Expr(expr) => reachability::display_expr(self.graph, expr),
        }
    }

    fn subnets(
        &self,
        panel: &mut Panel,
        vpc: &ResourceRef,
        here: &[usize],
        path_of: &[Option<usize>],
        paths: &[Path],
    ) {
        // The subnets of instances and endpoints, and the other subnets of the VPC.
        let mut resources: Vec<ResourceRef> = Vec::new();
        let nodes = self.graph.stacks().flat_map(|it| self.graph.nodes_of(it));
        for (id, node) in nodes {
            if let Resource::Subnet(it) = &node.resource
                && !node.is_absent()
                && matches!(&it.vpc, Value::Expr(crate::ir::Expr::Attr(own, _)) if Some(*own) == vpc.node())
            {
                resources.push(ResourceRef::Node(id));
            }
        }
        let placed = here
            .iter()
            .flat_map(|&at| &self.topology.instances[at].subnets);
        let points = self.topology.endpoints.iter().filter(|it| it.vpc == *vpc);
        for resource in placed.chain(points.clone().flat_map(|it| &it.subnets)) {
            if !resources.contains(resource) {
                resources.push(resource.clone());
            }
        }
        let mut at_of: HashMap<&ResourceRef, (usize, usize)> = HashMap::new();
        for resource in &resources {
            let (zone, note) = match resource.node().and_then(|id| self.graph.node(id)) {
                Some(node) => match &node.resource {
                    Resource::Subnet(it) => (
                        reachability::display_text(self.graph, &it.availability_zone),
                        self.range(&it.cidr_block),
                    ),
                    _ => (String::new(), String::new()),
                },
                None => self.existing_subnet(resource, panel.is_in_file),
            };
            let zone = match zone.as_str() {
                "" | "not specified" => "unknown Availability Zone".to_owned(),
                name if name.contains("Availability Zone") => name.to_owned(),
                name => format!("Availability Zone {name}"),
            };
            let index = match panel.zones.iter().position(|it| it.name == zone) {
                Some(index) => index,
                None => {
                    panel.zones.push(Zone {
                        name: zone,
                        subnets: Vec::new(),
                    });
                    panel.zones.len() - 1
                }
            };
            let subnets = &mut panel.zones[index].subnets;
            at_of.insert(resource, (index, subnets.len()));
            subnets.push(SubnetBox {
                name: self.names.resource_ref(resource),
                note,
                ..SubnetBox::default()
            });
        }
        for egress_point in points.filter(|it| it.interface != Some(false)) {
            let service = egress_point
                .service
                .clone()
                .unwrap_or_else(|| self.names.node(egress_point.node));
            for (zone, subnet) in egress_point.subnets.iter().filter_map(|it| at_of.get(it)) {
                panel.zones[*zone].subnets[*subnet]
                    .interfaces
                    .push(service.clone());
            }
        }
        for &at in here {
            let (Some(Some(path)), instance) = (path_of.get(at), &self.topology.instances[at])
            else {
                continue;
            };
            let new = self.instance_box(instance, *path, &paths[*path]);
            for (zone, subnet) in instance.subnets.iter().filter_map(|it| at_of.get(it)) {
                let instances = &mut panel.zones[*zone].subnets[*subnet].instances;
                let like = |it: &&mut InstanceBox| {
                    let key = |it: &InstanceBox| {
                        let (kind, image) = (it.instance_type.clone(), it.image.clone());
                        let (groups, role) = (it.security_groups.clone(), it.role.clone());
                        (it.path, groups, role, it.scaled, kind, image)
                    };
                    key(it) == key(&new)
                };
                match instances.iter_mut().find(like) {
                    Some(same) => same.names.extend(new.names.iter().cloned()),
                    None => instances.push(new.clone()),
                }
            }
        }
        for subnet in panel.zones.iter_mut().flat_map(|it| &mut it.subnets) {
            subnet.instances.sort_by_key(|it| rank(it.verdict));
        }
    }

    /// Returns the zone and the note of a subnet that is not in the file.
    fn existing_subnet(&self, resource: &ResourceRef, is_vpc_in_file: bool) -> (String, String) {
        let found = self.graph.existing_subnets.iter().find(|it| {
            let id = match &it.id {
                Value::Lit(id) => id.as_str().to_owned(),
                Value::Expr(expr) => reachability::display_expr(self.graph, expr),
            };
            *resource == ResourceRef::Outside(id)
        });
        let zone = found.and_then(|it| it.zone.as_ref());
        let range = found.and_then(|it| it.cidr.as_ref());
        let note = match (range, is_vpc_in_file) {
            (Some(range), _) => range.to_string(),
            (None, true) => "not in the file".to_owned(),
            // The VPC already says it.
            (None, false) => String::new(),
        };
        (zone.map_or_else(String::new, |it| it.to_string()), note)
    }

    fn instance_box(
        &self,
        instance: &reachability::InstanceTopology,
        index: usize,
        path: &Path,
    ) -> InstanceBox {
        let node = self.graph.node(instance.node);
        let fails = path.marks.iter().find(|it| it.status == HopStatus::Fail);
        InstanceBox {
            names: vec![self.names.instance(instance.node)],
            scaled: node.is_some_and(|it| matches!(it.resource, Resource::AutoScalingGroup(_))),
            verdict: path.verdict,
            failing: fails.map(|it| it.hop),
            instance_type: instance.instance_type.clone(),
            image: instance.image.as_deref().map(image_label),
            security_groups: match &instance.security_groups {
                Some(groups) => self.names.all(groups),
                None => "unknown".to_owned(),
            },
            role: match (&instance.role, &instance.instance_profile) {
                (Some(role), _) => self.names.resource_ref(role),
                (None, Some(profile)) => {
                    format!("of instance profile {}", self.names.resource_ref(profile))
                }
                (None, None) => "none".to_owned(),
            },
            path: index,
        }
    }

    pub(super) fn instance_name(&self, at: usize) -> String {
        let instance = self.topology.instances.get(at);
        instance.map_or_else(String::new, |it| self.names.instance(it.node))
    }

    /// Returns the worst status of hops that some nodes determine.
    pub(super) fn worst_status(
        &self,
        here: &[usize],
        hops: &[Hop],
        nodes: &[NodeId],
    ) -> Option<HopStatus> {
        let instances = here
            .iter()
            .filter_map(|&at| self.reachability.instances.get(at));
        let about = |it: &&reachability::HopResult| {
            hops.contains(&it.hop) && it.at.is_some_and(|(node, _)| nodes.contains(&node))
        };
        let found = instances.flat_map(|it| it.hops.iter().filter(about));
        found.map(|it| it.status).min()
    }

    fn cards(&self, vpc: &ResourceRef, here: &[usize]) -> Vec<Card> {
        let mut groups: Vec<&ResourceRef> = Vec::new();
        let own = here
            .iter()
            .flat_map(|&at| self.topology.instances[at].security_groups.iter().flatten());
        let points = self.topology.endpoints.iter().filter(|it| it.vpc == *vpc);
        for resource in own.chain(points.flat_map(|it| &it.security_groups)) {
            if !groups.contains(&resource) {
                groups.push(resource);
            }
        }
        let hops = Hop::of_box(DiagramBox::SecurityGroup);
        let mut cards: Vec<Card> = Vec::new();
        for resource in groups {
            let rules = self
                .topology
                .rules
                .iter()
                .filter(|it| it.security_group == *resource);
            let mut lines: Vec<String> = rules
                .map(|it| {
                    let (direction, word) = if it.egress {
                        ("outbound", "to")
                    } else {
                        ("inbound", "from")
                    };
                    format!(
                        "{direction}: {} {word} {}",
                        it.traffic,
                        self.names.resource_ref(&it.peer)
                    )
                })
                .collect();
            if lines.is_empty() {
                lines.push(match resource {
                    ResourceRef::Node(_) => "no rules in the file".to_owned(),
                    ResourceRef::Outside(_) => "not in the file".to_owned(),
                });
            }
            cards.push(Card {
                kind: "security group",
                name: self.names.resource_ref(resource),
                lines,
                status: resource
                    .node()
                    .and_then(|id| self.worst_status(here, &hops, &[id])),
            });
        }
        let mut roles: Vec<(&Option<ResourceRef>, &Option<ResourceRef>)> = Vec::new();
        for instance in here.iter().map(|&at| &self.topology.instances[at]) {
            if !roles.contains(&(&instance.role, &instance.instance_profile)) {
                roles.push((&instance.role, &instance.instance_profile));
            }
        }
        for (role, profile) in roles {
            let Some(resource) = role.as_ref().or(profile.as_ref()) else {
                continue;
            };
            let hops = Hop::of_box(DiagramBox::Role);
            let about: Vec<NodeId> = [role, profile]
                .into_iter()
                .filter_map(|it| it.as_ref().and_then(ResourceRef::node))
                .collect();
            let mut lines = Vec::new();
            if let Some(profile) = profile {
                lines.push(format!(
                    "instance profile: {}",
                    self.names.resource_ref(profile)
                ));
            }
            lines.extend(self.policies(role.as_ref()));
            cards.push(Card {
                kind: if role.is_some() {
                    "role"
                } else {
                    "instance profile"
                },
                name: self.names.resource_ref(resource),
                lines,
                status: self.worst_status(here, &hops, &about),
            });
        }
        cards
    }

    fn policies(&self, role: Option<&ResourceRef>) -> Vec<String> {
        let node = role
            .and_then(ResourceRef::node)
            .and_then(|id| self.graph.node(id));
        let Some(Resource::Role(role)) = node.map(|it| &it.resource) else {
            return Vec::new();
        };
        let name = |link: &crate::ir::Link<crate::resource::ManagedPolicy>| {
            let text = match link {
                Value::Lit(id) => id.as_str().to_owned(),
                Value::Expr(expr) => reachability::display_expr(self.graph, expr),
            };
            let last = text.rsplit('/').next().unwrap_or_default();
            format!("policy: {last}")
        };
        role.managed_policies.iter().map(name).collect()
    }
}

/// Returns whether the path of an instance uses endpoints, or none if that is unknown.
fn by_endpoints(instance: &reachability::InstanceTopology) -> Option<bool> {
    let any = |is: fn(&EgressPath) -> bool| instance.paths.iter().any(|(_, path)| is(path));
    if any(|path| matches!(path, EgressPath::Internet(_) | EgressPath::Broken(_))) {
        return Some(false);
    }
    (!any(|path| *path == EgressPath::Unknown)).then_some(true)
}

/// The name of an instance in the details of several.
const THE_INSTANCE: &str = "the instance";

/// Adds an instance to a path, with the details that differ.
fn join(path: &mut Path, first: Option<&str>, (name, own): (&str, &str), marks: &[Mark]) {
    path.names.push(name.to_owned());
    for (mark, new) in path.marks.iter_mut().zip(marks) {
        let text = new.detail().replace(own, THE_INSTANCE);
        if let Some(first) = first {
            for detail in &mut mark.details {
                detail.text = detail.text.replace(first, THE_INSTANCE);
            }
        }
        match mark.details.iter_mut().find(|it| it.text == text) {
            Some(same) => same.names.push(name.to_owned()),
            None => mark.details.push(Detail {
                names: vec![name.to_owned()],
                text,
            }),
        }
    }
}

/// Shortens the name of the public parameter of an image.
fn image_label(name: &str) -> String {
    let Some(rest) = name.strip_prefix("/aws/service/") else {
        return name.to_owned();
    };
    let parts: Vec<&str> = rest.split('/').collect();
    match parts.as_slice() {
        ["ami-amazon-linux-latest" | "ami-windows-latest", image, ..] => (*image).to_owned(),
        ["canonical", "ubuntu", _, release, rest @ ..] => {
            let architecture = rest.iter().find(|it| ["amd64", "arm64"].contains(it));
            let architecture = architecture.map_or_else(String::new, |it| format!(" {it}"));
            format!("Ubuntu {release}{architecture}")
        }
        _ => rest.to_owned(),
    }
}

fn summary(reachability: &Reachability) -> String {
    let counts = [
        Verdict::Unreachable,
        Verdict::Unknown,
        Verdict::Reachable,
        Verdict::NotCreated,
    ];
    let words: Vec<String> = counts
        .into_iter()
        .map(|verdict| (verdict, crate::report::count_verdict(reachability, verdict)))
        .filter(|(_, n)| *n > 0)
        .map(|(verdict, n)| format!("{n} {verdict}"))
        .collect();
    match words.is_empty() {
        true => "no instances".to_owned(),
        false => words.join(", "),
    }
}
