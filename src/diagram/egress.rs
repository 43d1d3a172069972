//! The egress points of a VPC: endpoints, routes to the internet, and missing endpoints.

use super::scene::verdict_status;
use super::scene_builder::SceneBuilder;
use super::{EgressPoint, EgressPointKind};
use crate::ir::NodeId;
use crate::reachability::{DiagramBox, EgressPath, EndpointTopology, Hop, HopStatus, ResourceRef};

/// An egress point, with the instances whose path it is on.
struct Draft {
    point: EgressPoint,
    /// The nodes whose hops determine its status. Empty if it is not an endpoint.
    nodes: Vec<NodeId>,
    /// The instances, and the worst status that the path choice implies for each.
    users: Vec<(usize, HopStatus)>,
}

impl Draft {
    fn add(&mut self, at: usize, status: HopStatus) {
        match self.users.iter_mut().find(|(own, _)| *own == at) {
            Some((_, worst)) => *worst = status.min(*worst),
            None => self.users.push((at, status)),
        }
    }
}

impl SceneBuilder<'_> {
    /// Returns the egress points of a VPC: first those on the path of an instance.
    pub(super) fn egress_points(&self, vpc: &ResourceRef, here: &[usize]) -> Vec<EgressPoint> {
        let endpoints = self.topology.endpoints.iter().filter(|it| it.vpc == *vpc);
        let mut drafts: Vec<Draft> = endpoints.map(|it| self.endpoint(it)).collect();
        for &at in here {
            for (service, path) in &self.topology.instances[at].paths {
                self.assign(&mut drafts, here, at, (*service, path));
            }
        }
        let (mut points, mut others) = (Vec::new(), Vec::new());
        for draft in drafts {
            let point = self.finished(draft, here);
            match point.status {
                Some(_) => points.push(point),
                None => others.push(point),
            }
        }
        points.extend(joined(others));
        points
    }

    fn endpoint(&self, endpoint: &EndpointTopology) -> Draft {
        let mut nodes = vec![endpoint.node];
        nodes.extend(
            endpoint
                .security_groups
                .iter()
                .filter_map(ResourceRef::node),
        );
        let service = endpoint.service.clone();
        let mut note = match endpoint.interface {
            Some(false) => "in route tables".to_owned(),
            _ if endpoint.security_groups.is_empty() => String::new(),
            _ => format!(
                "security group {}",
                self.names.all(&endpoint.security_groups)
            ),
        };
        if endpoint.interface != Some(false) && endpoint.name_resolution == HopStatus::Fail {
            note = "the service name does not resolve to it".to_owned();
        }
        Draft {
            point: EgressPoint {
                name: self.names.node(endpoint.node),
                kind: match endpoint.interface {
                    Some(false) => EgressPointKind::Gateway,
                    _ => EgressPointKind::Interface,
                },
                note,
                services: vec![service.unwrap_or_else(|| "unknown service".to_owned())],
                ..EgressPoint::default()
            },
            nodes,
            users: Vec::new(),
        }
    }

    /// Adds an instance to the egress points of its path to a service.
    fn assign(
        &self,
        drafts: &mut Vec<Draft>,
        here: &[usize],
        at: usize,
        (service, path): (&str, &EgressPath),
    ) {
        if let EgressPath::Endpoints(ids) = path {
            for draft in drafts.iter_mut() {
                if draft.nodes.first().is_some_and(|it| ids.contains(it)) {
                    draft.add(at, HopStatus::Pass);
                }
            }
            return;
        }
        let status = match path {
            EgressPath::Unknown => HopStatus::Unknown,
            EgressPath::Internet(_) | EgressPath::Endpoints(_) => HopStatus::Pass,
            EgressPath::NoRoute | EgressPath::Broken(_) => HopStatus::Fail,
        };
        // An endpoint of the service that the path does not reach is the egress point that fails, not
        // a missing endpoint in addition to it.
        let hops = Hop::of_box(DiagramBox::Endpoint);
        let mut own = drafts.iter_mut().filter(|it| {
            let is_endpoint = !it.nodes.is_empty() && it.point.services == [service];
            is_endpoint
                && match path {
                    EgressPath::NoRoute | EgressPath::Unknown => true,
                    EgressPath::Broken(_) => {
                        self.worst_status(here, &hops, &it.nodes) == Some(HopStatus::Fail)
                    }
                    EgressPath::Internet(_) | EgressPath::Endpoints(_) => false,
                }
        });
        if let Some(draft) = own.next() {
            draft.add(at, status);
            return;
        }
        let (kind, name, note) = match path {
            EgressPath::Internet(by) => (EgressPointKind::Internet, self.names.node(*by), ""),
            EgressPath::Broken(_) => (EgressPointKind::Internet, "a broken route".to_owned(), ""),
            EgressPath::NoRoute => (
                EgressPointKind::Missing,
                format!("no endpoint for {service}"),
                "no route to the internet",
            ),
            EgressPath::Unknown | EgressPath::Endpoints(_) => {
                (EgressPointKind::Unknown, "not in the file".to_owned(), "")
            }
        };
        let same = |it: &&mut Draft| it.point.kind == kind && it.point.name == name;
        match drafts.iter_mut().find(same) {
            Some(draft) => {
                if !draft.point.services.iter().any(|it| it == service) {
                    draft.point.services.push(service.to_owned());
                }
                draft.add(at, status);
            }
            None => drafts.push(Draft {
                point: EgressPoint {
                    services: vec![service.to_owned()],
                    name,
                    kind,
                    note: note.to_owned(),
                    ..EgressPoint::default()
                },
                nodes: Vec::new(),
                users: vec![(at, status)],
            }),
        }
    }

    /// Determines the status of an egress point.
    fn finished(&self, draft: Draft, here: &[usize]) -> EgressPoint {
        let Draft {
            mut point,
            nodes,
            users,
        } = draft;
        let worst = |instances: &[usize]| match nodes.is_empty() {
            false => self.worst_status(instances, &Hop::of_box(DiagramBox::Endpoint), &nodes),
            true => self.worst_of(instances, &Hop::of_box(DiagramBox::InternetRoute)),
        };
        let of_user =
            |(at, status): &(usize, HopStatus)| worst(&[*at]).map_or(*status, |it| it.min(*status));
        let fails = |it: &&(usize, HopStatus)| of_user(it) == HopStatus::Fail;
        let failing: Vec<usize> = users.iter().filter(fails).map(|(at, _)| *at).collect();
        let is_partial = !failing.is_empty() && failing.len() < users.len();
        point.status = match is_partial {
            true => Some(HopStatus::Unknown),
            false => {
                let own = users.iter().map(of_user).min();
                // A hop of an instance on another path can name the endpoint.
                let all = worst(here).filter(|it| *it == HopStatus::Fail && !nodes.is_empty());
                own.into_iter().chain(all).min()
            }
        };
        if is_partial {
            point.fails_for = failing.iter().map(|&at| self.instance_name(at)).collect();
        }
        let mut of: Vec<HopStatus> = users
            .iter()
            .filter_map(|(at, _)| self.reachability.instances.get(*at))
            .map(|it| verdict_status(it.verdict))
            .collect();
        of.sort_by(|one, other| other.cmp(one));
        of.dedup();
        point.users = of;
        point
    }

    fn worst_of(&self, instances: &[usize], hops: &[Hop]) -> Option<HopStatus> {
        let found = instances
            .iter()
            .filter_map(|&at| self.reachability.instances.get(at))
            .flat_map(|it| &it.hops);
        found
            .filter(|it| hops.contains(&it.hop))
            .map(|it| it.status)
            .min()
    }
}

/// Merges the endpoints of one kind that no path uses.
fn joined(points: Vec<EgressPoint>) -> Vec<EgressPoint> {
    let mut out: Vec<EgressPoint> = Vec::new();
    for point in points {
        let same = |it: &&mut EgressPoint| it.kind == point.kind && it.note == point.note;
        match out.iter_mut().find(same) {
            Some(same) => {
                same.services.extend(point.services);
                same.name = format!("{} more endpoints", same.services.len());
            }
            None => out.push(point),
        }
    }
    out
}
