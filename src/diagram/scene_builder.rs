//! How a scene is made of a graph and its proof.

use std::collections::HashMap;

use super::scene::{Names, rank};
use super::{
    Card, EgressPoint, EgressPointKind, InstanceBox, Mark, Panel, Path, Scene, SubnetBox, Zone,
};
use crate::ir::{NodeId, Value};
use crate::reachability::{
    self, Assumptions, EgressPath, Hop, HopStatus, Reachability, ResourceRef, Topology, Verdict,
};
use crate::resource::{Graph, Resource};

impl Scene {
    /// Makes a scene of a graph and what was proven of it.
    pub fn new(
        title: &str,
        graph: &Graph,
        reachability: &Reachability,
        assumptions: &Assumptions,
    ) -> Scene {
        let around = reachability::topology(graph, assumptions);
        let names = Names::new(graph);
        let builder = SceneBuilder {
            graph,
            reachability,
            topology: &around,
            names,
        };
        builder.scene(title)
    }
}

struct SceneBuilder<'a> {
    graph: &'a Graph,
    reachability: &'a Reachability,
    topology: &'a Topology,
    names: Names<'a>,
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

    /// The ways, and for each instance of the proof which is its own; absent ones have none.
    fn paths(&self) -> (Vec<Path>, Vec<Option<usize>>) {
        let mut paths: Vec<Path> = Vec::new();
        let mut known: HashMap<(u8, Vec<Mark>), usize> = HashMap::new();
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
                    detail: self.names.detail(&it.detail),
                })
                .collect();
            // What only names the instance itself, or the subnet that it is in, makes no difference.
            let alike = |mark: &Mark| Mark {
                detail: match mark.status {
                    HopStatus::Pass => String::new(),
                    _ => mark.detail.replace(&own, "it"),
                },
                ..mark.clone()
            };
            let key = (rank(instance.verdict), marks.iter().map(alike).collect());
            let index = *known.entry(key).or_insert(paths.len());
            match paths.get_mut(index) {
                Some(path) => path.names.push(name),
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
        let mut place = vec![0; paths.len()];
        for (new, &old) in order.iter().enumerate() {
            place[old] = new;
        }
        let sorted = order.iter().map(|&at| paths[at].clone()).collect();
        (
            sorted,
            of.into_iter().map(|it| it.map(|old| place[old])).collect(),
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
        // Where instances and interfaces are, and what else the VPC has.
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
                    _ => ("not told".to_owned(), String::new()),
                },
                None => ("not told".to_owned(), "not in the file".to_owned()),
            };
            let zone = match zone.as_str() {
                "not told" => "zone not told".to_owned(),
                own if own.contains("zone") => own.to_owned(),
                own => format!("zone {own}"),
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
            let made = self.instance_box(instance, *path, &paths[*path]);
            for (zone, subnet) in instance.subnets.iter().filter_map(|it| at_of.get(it)) {
                let instances = &mut panel.zones[*zone].subnets[*subnet].instances;
                let like = |it: &&mut InstanceBox| {
                    (it.path, &it.security_groups, &it.role, it.scaled)
                        == (made.path, &made.security_groups, &made.role, made.scaled)
                };
                match instances.iter_mut().find(like) {
                    Some(same) => same.names.extend(made.names.iter().cloned()),
                    None => instances.push(made.clone()),
                }
            }
        }
        for subnet in panel.zones.iter_mut().flat_map(|it| &mut it.subnets) {
            subnet.instances.sort_by_key(|it| rank(it.verdict));
        }
    }

    fn instance_box(
        &self,
        instance: &reachability::InstanceTopology,
        path: usize,
        way: &Path,
    ) -> InstanceBox {
        let node = self.graph.node(instance.node);
        let fails = way.marks.iter().find(|it| it.status == HopStatus::Fail);
        InstanceBox {
            names: vec![self.names.instance(instance.node)],
            scaled: node.is_some_and(|it| matches!(it.resource, Resource::AutoScalingGroup(_))),
            verdict: way.verdict,
            failing: fails.map(|it| it.hop),
            security_groups: match &instance.security_groups {
                Some(groups) => self.names.all(groups),
                None => "not decided".to_owned(),
            },
            role: match (&instance.role, &instance.instance_profile) {
                (Some(role), _) => self.names.resource_ref(role),
                (None, Some(profile)) => format!("of {}", self.names.resource_ref(profile)),
                (None, None) => "none".to_owned(),
            },
            path,
        }
    }

    fn instance_name(&self, at: usize) -> String {
        let instance = self.topology.instances.get(at);
        instance.map_or_else(String::new, |it| self.names.instance(it.node))
    }

    /// The worst verdict about some nodes, over the instances here.
    fn worst_status(&self, here: &[usize], hops: &[Hop], nodes: &[NodeId]) -> Option<HopStatus> {
        let instances = here
            .iter()
            .filter_map(|&at| self.reachability.instances.get(at));
        let about = |it: &&reachability::HopResult| {
            hops.contains(&it.hop) && it.at.is_some_and(|(node, _)| nodes.contains(&node))
        };
        let found = instances.flat_map(|it| it.hops.iter().filter(about));
        found.map(|it| it.status).min()
    }

    fn egress_points(&self, vpc: &ResourceRef, here: &[usize]) -> Vec<EgressPoint> {
        const HOPS: [Hop; 4] = [
            Hop::Endpoint,
            Hop::EndpointPrivateDns,
            Hop::EndpointPolicy,
            Hop::EndpointSecurityGroup,
        ];
        let mut points = Vec::new();
        let mut others = Vec::new();
        let ways = |service: &str| {
            let service = service.to_owned();
            here.iter()
                .flat_map(|&at| &self.topology.instances[at].paths)
                .filter(move |(own, _)| *own == service)
                .map(|(_, way)| way)
        };
        for egress_point in self.topology.endpoints.iter().filter(|it| it.vpc == *vpc) {
            let service = egress_point.service.clone();
            let label = service
                .clone()
                .unwrap_or_else(|| "service not told".to_owned());
            let maybe = ways(&label).any(|way| *way == EgressPath::Unknown);
            let mut about = vec![egress_point.node];
            about.extend(
                egress_point
                    .security_groups
                    .iter()
                    .filter_map(ResourceRef::node),
            );
            let takes = |(own, way): &(&str, EgressPath)| {
                *own == label
                    && matches!(way, EgressPath::Endpoints(ids) if ids.contains(&egress_point.node))
            };
            let all = here.iter().copied();
            let takers: Vec<usize> = all
                .filter(|&at| self.topology.instances[at].paths.iter().any(takes))
                .collect();
            let fails =
                |at: &usize| self.worst_status(&[*at], &HOPS, &about) == Some(HopStatus::Fail);
            let failing: Vec<usize> = takers.iter().copied().filter(fails).collect();
            let some = !failing.is_empty() && failing.len() < takers.len();
            let status_text = self.worst_status(here, &HOPS, &about);
            let made = EgressPoint {
                name: self.names.node(egress_point.node),
                kind: match egress_point.interface {
                    Some(false) => EgressPointKind::Gateway,
                    _ => EgressPointKind::Interface,
                },
                note: match egress_point.interface {
                    Some(false) => "in route tables".to_owned(),
                    _ => self.names.all(&egress_point.security_groups),
                },
                status: match (!takers.is_empty(), maybe, status_text) {
                    _ if some => Some(HopStatus::Unknown),
                    (_, _, Some(HopStatus::Fail)) => Some(HopStatus::Fail),
                    _ if !failing.is_empty() => Some(HopStatus::Fail),
                    (true, _, status_text) => Some(status_text.unwrap_or(HopStatus::Pass)),
                    (false, true, _) => Some(HopStatus::Unknown),
                    (false, false, _) => None,
                },
                fails_for: match some {
                    true => failing.iter().map(|&at| self.instance_name(at)).collect(),
                    false => Vec::new(),
                },
                services: vec![label],
            };
            match made.status {
                Some(_) => points.push(made),
                None => others.push(made),
            }
        }
        for (service, kind, name) in self.missing_endpoints(here) {
            // An endpoint that is drawn already, and does not serve, says it.
            let drawn =
                |it: &EgressPoint| it.services == [service] && it.status != Some(HopStatus::Pass);
            if points.iter().any(drawn) {
                continue;
            }
            let same = |it: &&mut EgressPoint| it.kind == kind && it.name == name;
            match points.iter_mut().find(same) {
                Some(egress_point) => egress_point.services.push(service.to_owned()),
                None => points.push(self.missing_endpoint(service, kind, name, here)),
            }
        }
        points.extend(joined(others));
        points
    }

    /// What is dialled past the endpoints of the file.
    fn missing_endpoints(&self, here: &[usize]) -> Vec<(&'static str, EgressPointKind, String)> {
        let mut found = Vec::new();
        for (service, way) in here
            .iter()
            .flat_map(|&at| &self.topology.instances[at].paths)
        {
            let made = match way {
                EgressPath::Endpoints(_) => continue,
                EgressPath::Internet(by) => (EgressPointKind::Internet, self.names.node(*by)),
                EgressPath::Broken(_) => {
                    (EgressPointKind::Internet, "a way out that ends".to_owned())
                }
                EgressPath::NoRoute => (
                    EgressPointKind::Missing,
                    format!("no endpoint for {service}"),
                ),
                EgressPath::Unknown => (EgressPointKind::Unknown, "not in the file".to_owned()),
            };
            let made = (*service, made.0, made.1);
            if !found.contains(&made) {
                found.push(made);
            }
        }
        found
    }

    fn missing_endpoint(
        &self,
        service: &str,
        kind: EgressPointKind,
        name: String,
        here: &[usize],
    ) -> EgressPoint {
        let instances = here
            .iter()
            .filter_map(|&at| self.reachability.instances.get(at));
        let worst = |hop: Hop| {
            let found = instances.clone().flat_map(|it| &it.hops);
            found.filter(|it| it.hop == hop).map(|it| it.status).min()
        };
        let (verdict, note) = match kind {
            EgressPointKind::Internet => (worst(Hop::Route), "public addresses"),
            EgressPointKind::Missing => (Some(HopStatus::Fail), "and no way out of the subnet"),
            _ => (Some(HopStatus::Unknown), "whether there is one is not told"),
        };
        EgressPoint {
            services: vec![service.to_owned()],
            name,
            kind,
            note: note.to_owned(),
            status: Some(verdict.unwrap_or(HopStatus::Unknown)),
            fails_for: Vec::new(),
        }
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
        const HOPS: [Hop; 2] = [Hop::EndpointSecurityGroup, Hop::InstanceSecurityGroup];
        let mut cards: Vec<Card> = Vec::new();
        for resource in groups {
            let rules = self
                .topology
                .rules
                .iter()
                .filter(|it| it.security_group == *resource);
            let mut lines: Vec<String> = rules
                .map(|it| {
                    let way = if it.egress { "out" } else { "in" };
                    let word = if it.egress { "to" } else { "from" };
                    format!(
                        "{way}: {} {word} {}",
                        it.traffic,
                        self.names.resource_ref(&it.peer)
                    )
                })
                .collect();
            if lines.is_empty() {
                lines.push(match resource {
                    ResourceRef::Node(_) => "no rule in the file".to_owned(),
                    ResourceRef::Outside(_) => "not in the file".to_owned(),
                });
            }
            cards.push(Card {
                kind: "security group",
                name: self.names.resource_ref(resource),
                lines,
                status: resource
                    .node()
                    .and_then(|id| self.worst_status(here, &HOPS, &[id])),
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
            const HOPS: [Hop; 3] = [Hop::InstanceProfile, Hop::RoleTrust, Hop::RolePermissions];
            let about: Vec<NodeId> = [role, profile]
                .into_iter()
                .filter_map(|it| it.as_ref().and_then(ResourceRef::node))
                .collect();
            let mut lines = Vec::new();
            if let Some(profile) = profile {
                lines.push(format!("profile: {}", self.names.resource_ref(profile)));
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
                status: self.worst_status(here, &HOPS, &about),
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

/// Whether an agent dials endpoints; nothing where the file does not tell.
fn by_endpoints(instance: &reachability::InstanceTopology) -> Option<bool> {
    let any = |is: fn(&EgressPath) -> bool| instance.paths.iter().any(|(_, way)| is(way));
    if any(|way| matches!(way, EgressPath::Internet(_) | EgressPath::Broken(_))) {
        return Some(false);
    }
    (!any(|way| *way == EgressPath::Unknown)).then_some(true)
}

/// Endpoints that the agent's path does not use, by kind: services beside services.
fn joined(points: Vec<EgressPoint>) -> Vec<EgressPoint> {
    let mut out: Vec<EgressPoint> = Vec::new();
    for egress_point in points {
        match out
            .iter_mut()
            .find(|it| it.kind == egress_point.kind && it.note == egress_point.note)
        {
            Some(same) => {
                same.services.extend(egress_point.services);
                same.name = format!("{} more endpoints", same.services.len());
            }
            None => out.push(egress_point),
        }
    }
    out
}

fn summary(proof: &Reachability) -> String {
    let counts = [
        Verdict::Unreachable,
        Verdict::Unknown,
        Verdict::Reachable,
        Verdict::NotCreated,
    ];
    let words: Vec<String> = counts
        .into_iter()
        .map(|answer| (answer, crate::report::count_verdict(proof, answer)))
        .filter(|(_, n)| *n > 0)
        .map(|(answer, n)| format!("{n} {}", answer.as_str()))
        .collect();
    match words.is_empty() {
        true => "no instance".to_owned(),
        false => words.join(", "),
    }
}
