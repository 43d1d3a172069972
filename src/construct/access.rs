//! The whole pattern: private instances that Session Manager reaches.

use super::endpoints::{EndpointHandles, Endpoints, Needs, PlacedEndpoints};
use super::identity::{Identity, IdentityHandles, Permissions};
use super::instance::{Host, HostHandles, PlacedHost};
use super::network::{ExistingNetwork, NetworkHandles, PrivateNetwork};
use super::scope::{Construct, Scope};
use super::sessions::{PlacedSessions, SessionHandles, Sessions};
use crate::ir::{Cidr, Diagnostic, Place, Ref, quoted};
use crate::resource::{SecurityGroup, SecurityGroupEgress, SecurityGroupIngress, Typed};

#[derive(Clone, Debug)]
enum Network {
    New(PrivateNetwork),
    Existing(ExistingNetwork),
}

/// The name of the instance that is there where none is asked for.
pub(crate) const DEFAULT_HOST: &str = "host";

/// Private instances that Session Manager reaches: network, endpoints, groups, role, instances.
///
/// By default: a VPC `10.0.0.0/16` with private subnets in two zones, the endpoints `ssm`,
/// `ssmmessages` and `ec2messages`, the managed policy, and one instance named `host`.
#[derive(Clone, Debug)]
pub struct SessionAccess {
    network: Network,
    endpoints: Endpoints,
    identity: Identity,
    sessions: Option<(Sessions, Place)>,
    hosts: Vec<(Host, Place)>,
    /// Where network, endpoints and identity were written.
    places: [Place; 3],
}

/// What the pattern is to its users.
#[derive(Clone, Debug)]
pub struct AccessHandles {
    /// The network.
    pub network: NetworkHandles,
    /// The role and profile.
    pub identity: IdentityHandles,
    /// How sessions are, where that is said.
    pub sessions: Option<SessionHandles>,
    /// The endpoints.
    pub endpoints: EndpointHandles,
    /// The instances' group.
    pub security_group: Ref<SecurityGroup>,
    /// The instances, in the order given.
    pub hosts: Vec<HostHandles>,
}

impl Default for SessionAccess {
    fn default() -> Self {
        // Canonical, and far inside 32 bits.
        let cidr = Cidr::ANY.block(16, 0x0a00).unwrap_or(Cidr::ANY);
        SessionAccess {
            network: Network::New(PrivateNetwork::new(cidr)),
            endpoints: Endpoints::default(),
            identity: Identity::new(Permissions::ManagedInstanceCore),
            sessions: None,
            hosts: Vec::new(),
            places: [Place::Default, Place::Default, Place::Default],
        }
    }
}

impl SessionAccess {
    /// The default pattern.
    pub fn new() -> SessionAccess {
        SessionAccess::default()
    }

    /// Makes a network. Default: `10.0.0.0/16` in two zones.
    #[must_use]
    pub fn network(mut self, network: PrivateNetwork) -> Self {
        self.network = Network::New(network);
        self
    }

    /// Uses a network that is there.
    #[must_use]
    pub fn existing_network(mut self, network: ExistingNetwork) -> Self {
        self.network = Network::Existing(network);
        self
    }

    /// Sets the endpoints. Default: the agent's, in all zones.
    #[must_use]
    pub fn endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// Sets who the instances are. Default: a role with `AmazonSSMManagedInstanceCore`.
    #[must_use]
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identity = identity;
        self
    }

    /// Says how sessions are logged, encrypted and ended. Default: as the account's preferences
    /// say, if it has any.
    #[must_use]
    pub fn sessions(self, sessions: Sessions) -> Self {
        self.sessions_at(sessions, Place::Default)
    }

    pub(crate) fn sessions_at(mut self, sessions: Sessions, place: Place) -> Self {
        self.sessions = Some((sessions, place));
        self
    }

    /// Adds an instance. Default: one named `host`.
    #[must_use]
    pub fn host(self, host: Host) -> Self {
        self.host_at(host, Place::Default)
    }

    #[cfg(feature = "config")]
    pub(crate) fn at(mut self, network: Place, endpoints: Place, identity: Place) -> Self {
        self.places = [network, endpoints, identity];
        self
    }

    pub(crate) fn host_at(mut self, host: Host, place: Place) -> Self {
        self.hosts.push((host, place));
        self
    }
}

struct Groups<'a> {
    network: &'a NetworkHandles,
    endpoints: &'a mut EndpointHandles,
}

impl Construct for Groups<'_> {
    type Handle = Ref<SecurityGroup>;

    fn build(self, scope: &mut Scope<'_>) -> Ref<SecurityGroup> {
        let group = scope.add(
            "SecurityGroup",
            SecurityGroup::new(
                "Instances reached by Session Manager",
                self.network.vpc.clone(),
            ),
        );
        let created = self.endpoints.security_group.clone();
        let existing = self.endpoints.existing_security_group.clone();
        let of_endpoints: Vec<_> = [("", created), ("Existing", existing)]
            .into_iter()
            .filter_map(|(which, peer)| Some((which, peer?)))
            .collect();
        for (which, peer) in &of_endpoints {
            let to_endpoints = SecurityGroupEgress::https(group)
                .destination(peer.clone())
                .description("Endpoints");
            let rule = scope.add(&format!("To{which}Endpoints"), to_endpoints);
            self.endpoints.ready.push(rule.node());
        }
        if let Some(list) = &self.endpoints.s3_prefix_list {
            let to_s3 = SecurityGroupEgress::https(group)
                .destination_prefix_list(list.clone())
                .description("S3");
            self.endpoints.ready.push(scope.add("ToS3", to_s3).node());
        }
        for (which, of) in of_endpoints {
            let admit = SecurityGroupIngress::https(of)
                .source(group)
                .description("Instances");
            let rule = scope.add(&format!("{which}EndpointsFromInstances"), admit);
            self.endpoints.ready.push(rule.node());
        }
        scope.output(
            "SecurityGroupId",
            group.attr(SecurityGroup::LINK),
            "The instances' group",
        );
        group
    }
}

impl Construct for SessionAccess {
    type Handle = AccessHandles;

    fn build(self, scope: &mut Scope<'_>) -> AccessHandles {
        let [at_network, at_endpoints, at_identity] = self.places;
        if let (Network::New(_), Some(_)) = (&self.network, &self.endpoints.existing) {
            scope.problem(
                Diagnostic::error(
                    "endpoint-existing",
                    "endpoints that exist already cannot be in a VPC that is new",
                )
                .at(at_endpoints.clone())
                .help("name the VPC that they are in by `network.vpc`, or let them be created"),
            );
        }
        let network = match self.network {
            Network::New(network) => scope.add_renamed("Network", None, at_network, network),
            Network::Existing(network) => scope.add_renamed("Network", None, at_network, network),
        };
        let identity = scope.add_renamed("Instances", None, at_identity, self.identity);
        let sessions = self.sessions.map(|(sessions, place)| {
            let role = identity.role;
            scope.add_renamed("Sessions", None, place, PlacedSessions { sessions, role })
        });
        let mut needs = Needs::default();
        if let Some(sessions) = &sessions {
            needs.services.extend(sessions.services());
            needs.s3 |= sessions.bucket.is_some();
            needs.buckets.extend(sessions.bucket);
        }
        let endpoints = PlacedEndpoints {
            endpoints: self.endpoints,
            network: &network,
            role: identity.role,
            needs,
        };
        let mut endpoints = scope.add_renamed("Endpoints", None, at_endpoints, endpoints);
        let groups = Groups {
            network: &network,
            endpoints: &mut endpoints,
        };
        let group = scope.add("Instances", groups);
        let mut after = network.ready.clone();
        after.extend(identity.ready.iter().copied());
        after.extend(sessions.iter().flat_map(|it| it.ready.iter().copied()));
        after.extend(endpoints.ready.iter().copied());
        let mut hosts = self.hosts;
        if hosts.is_empty() {
            hosts.push((Host::new(DEFAULT_HOST), Place::Default));
        }
        let mut handles = Vec::with_capacity(hosts.len());
        for (host, place) in hosts {
            let id = host.name.clone();
            let twin = handles.iter().find(|(of, _)| *of == id);
            if let Some(&(_, twin)) = twin {
                let message = format!("two instances have the name {}", quoted(&id));
                let problem = Diagnostic::error("instance-name", message).at(place);
                scope.problem(problem.about(&["name"]).help("give each a name of its own"));
                handles.push((id, twin));
                continue;
            }
            let was = host.was.clone();
            let placed = PlacedHost {
                host,
                network: &network,
                profile: identity.profile,
                group,
                sessions: sessions.as_ref(),
                after: &after,
            };
            let handle = scope.add_renamed(&id, was.as_deref(), place, placed);
            handles.push((id, handle));
        }
        AccessHandles {
            network,
            identity,
            sessions,
            endpoints,
            security_group: group,
            hosts: handles.into_iter().map(|(_, handle)| handle).collect(),
        }
    }
}
