//! The whole stack: private instances that Session Manager reaches.

use super::audit::{Audit, AuditHandles, PlacedAudit};
use super::endpoint_handles::EndpointHandles;
use super::endpoints::{EndpointNeeds, Endpoints, PlacedEndpoints};
use super::existing_network::Network;
use super::image::Image;
use super::instance::{DEFAULT_INSTANCE_NAME, InstanceHandles, PlacedInstance, PrivateInstance};
use super::instance_role::{InstanceRole, InstanceRoleHandles, Permissions};
use super::monitoring::{Monitoring, PlacedMonitoring};
use super::network::PrivateNetwork;
use super::network_handles::NetworkHandles;
use super::operators::{OperatorHandles, Operators, PlacedOperators};
#[cfg(feature = "config")]
use super::parts::Parts;
use super::patching::{Patching, PlacedPatching, patch_permissions};
use super::preset::Preset;
use super::preset_settings::SUPPRESSIONS;
use super::scope::{Construct, Scope, caller_or};
use super::sessions::{PlacedSessions, SessionHandles, Sessions};
use super::stack_roles::{DeclaredInstance, Grant, StackRole};
use crate::ir::{Diagnostic, Handle, NodeId, SourceLocation, Suppression, natural, quoted};
use crate::resource::{
    Instance, SecurityGroup, SecurityGroupEgress, SecurityGroupIngress, Topic, Typed,
};

/// Private instances that Session Manager reaches: network, endpoints, groups, role, instances.
///
/// By default: a VPC `10.0.0.0/16` with private subnets in two Availability Zones, two endpoints,
/// the managed policy, and one instance named `main`.
#[derive(Clone, Debug)]
#[must_use]
pub struct SessionAccess {
    network: Network,
    endpoints: Endpoints,
    instance_role: InstanceRole,
    sessions: Option<(Sessions, SourceLocation)>,
    operators: Option<(Operators, SourceLocation)>,
    patching: Option<(Patching, SourceLocation)>,
    monitoring: Option<(Monitoring, SourceLocation)>,
    audit: Option<(Audit, SourceLocation)>,
    instances: Vec<DeclaredInstance>,
    /// The instance of a stack to which no instance was added.
    default_instance: PrivateInstance,
    /// Suppressed findings of policy scanners.
    suppressions: &'static [Suppression],
    /// Locations of network, endpoints and instance role.
    locations: [SourceLocation; 3],
}

/// The parts of the stack, for other constructs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AccessHandles {
    /// The network.
    pub network: NetworkHandles,
    /// The role and profile that instances share. None if each instance has its own.
    pub instance_role: Option<InstanceRoleHandles>,
    /// The session preferences, if the stack sets them.
    pub sessions: Option<SessionHandles>,
    /// The endpoints.
    pub endpoints: EndpointHandles,
    /// The instances' group.
    pub security_group: Handle<SecurityGroup>,
    /// The operators, if the stack has any.
    pub operators: Option<OperatorHandles>,
    /// The audit, if the stack has one.
    pub audit: Option<AuditHandles>,
    /// The topic for session events and alarms, if it exists.
    pub topic: Option<Handle<Topic>>,
    /// The instances, in the order of the calls.
    pub instances: Vec<InstanceHandles>,
}

impl Default for SessionAccess {
    fn default() -> Self {
        SessionAccess {
            network: Network::New(PrivateNetwork::default()),
            endpoints: Endpoints::default(),
            instance_role: InstanceRole::new(Permissions::ManagedInstanceCore),
            sessions: None,
            operators: None,
            patching: None,
            monitoring: None,
            audit: None,
            instances: Vec::new(),
            default_instance: PrivateInstance::new(DEFAULT_INSTANCE_NAME),
            suppressions: &[],
            locations: [
                SourceLocation::Default,
                SourceLocation::Default,
                SourceLocation::Default,
            ],
        }
    }
}

impl Preset {
    /// The whole stack, with one instance named `main` unless you add others.
    pub fn access(self) -> SessionAccess {
        let mut access = SessionAccess::new()
            .network(self.network())
            .endpoints(self.endpoints())
            .instance_role(self.instance_role())
            .with_preset(
                self.instance(DEFAULT_INSTANCE_NAME),
                self.hardened(|| SUPPRESSIONS).unwrap_or_default(),
            );
        if let Some(sessions) = self.sessions() {
            access = access.sessions(sessions);
        }
        if let Some(operators) = self.operators() {
            access = access.operators(operators);
        }
        if let Some(patching) = self.patching() {
            access = access.patching(patching);
        }
        if let Some(monitoring) = self.monitoring() {
            access = access.monitoring(monitoring);
        }
        if let Some(audit) = self.audit() {
            access = access.audit(audit);
        }
        access
    }
}

impl SessionAccess {
    /// The default pattern.
    pub fn new() -> SessionAccess {
        SessionAccess::default()
    }

    /// Sets the network: a [`PrivateNetwork`] to create, an
    /// [`ExistingNetwork`](super::ExistingNetwork), or the [`NetworkHandles`] of one that the app
    /// creates. Default: `10.0.0.0/16` in two Availability Zones.
    ///
    /// ```
    /// use ssm_synth::construct::PrivateNetwork;
    /// use ssm_synth::{App, Cidr, SessionAccess};
    ///
    /// let mut app = App::new();
    /// let network = PrivateNetwork::new(Cidr::v4([10, 0, 0, 0], 16));
    /// let network = app.stack("Network").add_inline(network);
    /// app.stack("Access").add_inline(SessionAccess::new().network(&network));
    /// let validated = app.validate().expect("values cross between stacks");
    /// assert_eq!(validated.deployment_order(), ["Network", "Access"]);
    /// ```
    #[track_caller]
    pub fn network(mut self, network: impl Into<Network>) -> Self {
        self.network = network.into();
        self.locations[0] = caller_or(&SourceLocation::Default);
        self
    }

    /// Sets the endpoints. Default: those of the agent, in all zones.
    #[track_caller]
    pub fn endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self.locations[1] = caller_or(&SourceLocation::Default);
        self
    }

    /// Sets the instance role. Default: a role with `AmazonSSMManagedInstanceCore`.
    #[track_caller]
    pub fn instance_role(mut self, instance_role: InstanceRole) -> Self {
        self.instance_role = instance_role;
        self.locations[2] = caller_or(&SourceLocation::Default);
        self
    }

    /// Sets the session preferences. Default: those of the account, if it has any.
    #[track_caller]
    pub fn sessions(mut self, sessions: Sessions) -> Self {
        self.sessions = Some((sessions, caller_or(&SourceLocation::Default)));
        self
    }

    /// Sets the operators. Default: no policy and no role.
    #[track_caller]
    pub fn operators(mut self, operators: Operators) -> Self {
        self.operators = Some((operators, caller_or(&SourceLocation::Default)));
        self
    }

    /// Sets the updates of the agent and of packages. Default: no updates.
    #[track_caller]
    pub fn patching(mut self, patching: Patching) -> Self {
        self.patching = Some((patching, caller_or(&SourceLocation::Default)));
        self
    }

    /// Sets the monitoring. Default: no topic, alarms or rules.
    #[track_caller]
    pub fn monitoring(mut self, monitoring: Monitoring) -> Self {
        self.monitoring = Some((monitoring, caller_or(&SourceLocation::Default)));
        self
    }

    /// Sets the audit. Default: no trail and no flow logs.
    #[track_caller]
    pub fn audit(mut self, audit: Audit) -> Self {
        self.audit = Some((audit, caller_or(&SourceLocation::Default)));
        self
    }

    /// Adds an instance. Default: one named `main`.
    #[track_caller]
    pub fn instance(mut self, instance: PrivateInstance) -> Self {
        let location = caller_or(&SourceLocation::Default);
        self.instances
            .push(DeclaredInstance::at(location, instance));
        self
    }

    /// Sets all parts, with the location of each part by its path of keys and indices.
    #[cfg(feature = "config")]
    pub(crate) fn with_parts(
        mut self,
        parts: Parts,
        location: impl Fn(&[&str]) -> SourceLocation,
    ) -> Self {
        let at = |key| location(&[key]);
        self.locations = ["network", "endpoints", "instance_role"].map(at);
        self.network = parts.network;
        self.endpoints = parts.endpoints;
        self.instance_role = parts.instance_role;
        self.sessions = parts.sessions.map(|it| (it, at("sessions")));
        self.operators = parts.operators.map(|it| (it, at("operators")));
        self.patching = parts.patching.map(|it| (it, at("patching")));
        self.monitoring = parts.monitoring.map(|it| (it, at("monitoring")));
        self.audit = parts.audit.map(|it| (it, at("audit")));
        let instances = parts.instances.into_iter().enumerate();
        self.instances = instances
            .map(|(n, instance)| {
                let n = n.to_string();
                let role_location = location(&["instances", &n, "instance_role"]);
                DeclaredInstance {
                    instance,
                    location: location(&["instances", &n]),
                    role_location,
                }
            })
            .collect();
        self
    }

    /// Sets the default instance and the suppressions of a preset.
    pub(crate) fn with_preset(
        mut self,
        instance: PrivateInstance,
        accepted: &'static [Suppression],
    ) -> Self {
        self.default_instance = instance;
        self.suppressions = accepted;
        self
    }
}

struct Groups<'a> {
    network: &'a NetworkHandles,
    endpoints: &'a mut EndpointHandles,
}

impl Construct for Groups<'_> {
    type Handle = Handle<SecurityGroup>;

    fn build(self, scope: &mut Scope<'_>) -> Handle<SecurityGroup> {
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
        let [at_network, at_endpoints, at_instance_role] = self.locations;
        if let (Network::New(_), Some(_)) = (&self.network, &self.endpoints.existing_security_group)
        {
            scope.add_diagnostic(
                Diagnostic::error(
                    "endpoint-existing",
                    "`endpoints.existing_security_group` requires `network.vpc`",
                )
                .at(at_endpoints.clone())
                .help("set `network.vpc` to the VPC of the endpoints, or remove the setting"),
            );
        }
        scope.suppress(self.suppressions);
        let mut declared = self.instances;
        if declared.is_empty() {
            let location = SourceLocation::Default;
            declared.push(DeclaredInstance::at(location, self.default_instance));
        }
        if self.patching.is_some() {
            declared.iter().for_each(|it| it.check_patching(scope));
        }
        let is_shared = declared
            .iter()
            .any(|it| it.instance.instance_role.is_none());
        let session_only = is_shared && self.instance_role.permissions == Permissions::SessionOnly;
        if let Some((_, location)) = self.patching.as_ref().filter(|_| session_only) {
            scope.add_diagnostic(
                Diagnostic::error(
                    "patching-permissions",
                    "`patching` requires `instance_role.permissions: managed`",
                )
                .at(location.clone())
                .help("set `instance_role.permissions: managed`, or remove `patching`"),
            );
        }
        let alone = matches!(self.network, Network::New(_));
        let elsewhere = |it: &&DeclaredInstance| match &it.instance.image {
            Image::Latest(family) => !family.is_amazon_linux(),
            _ => false,
        };
        if let (Some((_, location)), Some(DeclaredInstance { instance, .. })) =
            (&self.patching, declared.iter().find(elsewhere))
            && alone
        {
            let message = format!(
                "{} gets its patches from the internet, and its network has no route there",
                quoted(&instance.name)
            );
            scope.add_diagnostic(
                Diagnostic::warning("patching-sources", message)
                    .at(location.clone())
                    .help(
                        "use `al2023`, whose packages come from S3, or a network with a route to the internet",
                    ),
            );
        }
        let network = scope.add_renamed("Network", None, at_network, self.network);
        let boundary = self.instance_role.permissions_boundary.clone();
        // By their oldest name, so that neither the order in which they are listed nor a rename
        // moves anything.
        let mut declared: Vec<(usize, DeclaredInstance)> =
            declared.into_iter().enumerate().collect();
        let oldest = |instance: &PrivateInstance| {
            natural(instance.renamed_from.as_deref().unwrap_or(&instance.name))
        };
        declared.sort_by_key(|(_, it)| oldest(&it.instance));
        let mut roles = Vec::new();
        let mut instance_role = None;
        if is_shared {
            let role = self.instance_role.clone();
            let shared = StackRole::shared(role, at_instance_role, scope);
            instance_role = Some(shared.handles.clone());
            roles.push(shared);
        }
        for (_, it) in &declared {
            let is_new = !roles.iter().any(|role| role.is_of(&it.instance));
            roles.extend(
                is_new
                    .then(|| StackRole::of(it, &self.instance_role, scope))
                    .flatten(),
            );
        }
        // Per role, what its instances depend on: in this order, in both languages.
        let mut ready: Vec<Vec<NodeId>> = Vec::new();
        for role in &roles {
            ready.push([&network.ready[..], &role.handles.ready].concat());
        }
        let sessions = self.sessions.map(|(sessions, location)| {
            let sessions = PlacedSessions(sessions);
            let sessions = scope.add_renamed("Sessions", None, location.clone(), sessions);
            if !sessions.permissions.is_empty() {
                for (role, ready) in roles.iter_mut().zip(&mut ready) {
                    let statements = sessions.permissions.clone();
                    ready.push(role.grant(Grant::SESSIONS, &location, statements, scope));
                }
            }
            sessions
        });
        let mut needs = EndpointNeeds::default();
        if let Some(sessions) = &sessions {
            needs.services.extend(sessions.services());
            needs.s3 |= sessions.bucket.is_some();
            let bucket = sessions.bucket.map(|it| (it, sessions.prefix.clone()));
            needs.buckets.extend(bucket);
        }
        if let (false, None, Some(first)) = (
            alone,
            &self.endpoints.existing_security_group,
            needs.services.first(),
        ) {
            let message = format!(
                "private DNS sends all `{}` traffic in the VPC to this endpoint, which allows only this \
                 stack's instances",
                first.as_str()
            );
            scope.add_diagnostic(
                Diagnostic::warning("endpoint-shared", message)
                    .at(at_endpoints.clone())
                    .help("if other instances use the service, list their endpoint in `endpoints.existing`, or allow them"),
            );
        }
        needs.s3 |= self.patching.is_some();
        needs.patching = self.patching.is_some();
        let endpoints = PlacedEndpoints {
            endpoints: self.endpoints,
            network: &network,
            roles: roles.iter().map(|it| &it.handles).collect(),
            needs,
        };
        let mut endpoints = scope.add_renamed("Endpoints", None, at_endpoints, endpoints);
        let groups = Groups {
            network: &network,
            endpoints: &mut endpoints,
        };
        let group = scope.add("Instances", groups);
        for ready in &mut ready {
            ready.extend(endpoints.ready.iter().copied());
        }
        let patching = self.patching.map(|(patching, location)| {
            let mut permissions = Vec::with_capacity(roles.len());
            for (role, ready) in roles.iter_mut().zip(&mut ready) {
                let statements = patch_permissions(scope);
                let policy = role.grant(Grant::PATCHING, &location, statements, scope);
                permissions.push(policy);
                ready.push(policy);
            }
            (patching, permissions, location)
        });
        let mut handles: Vec<(String, InstanceHandles)> = Vec::with_capacity(declared.len());
        let mut positions = Vec::with_capacity(declared.len());
        for (n, declared) in declared {
            let (instance, location) = (declared.instance, declared.location);
            positions.push(n);
            let id = instance.name.clone();
            let duplicate = handles.iter().find(|(of, _)| *of == id);
            if let Some(&(_, duplicate)) = duplicate {
                let message = format!("two instances are named {}", quoted(&id));
                let diagnostic = Diagnostic::error("instance-name", message).at(location);
                scope.add_diagnostic(
                    diagnostic
                        .about(&["name"])
                        .help("set a different `name` for each"),
                );
                handles.push((id, duplicate));
                continue;
            }
            let renamed_from = instance.renamed_from.clone();
            let is_its = |(role, _): &(&StackRole, &Vec<NodeId>)| role.is_of(&instance);
            let Some((role, ready)) = roles.iter().zip(&ready).find(is_its) else {
                // Each instance has a role: `roles` has one for each above.
                continue;
            };
            let placed = PlacedInstance {
                instance,
                network: &network,
                role: &role.handles,
                security_group: group,
                sessions: sessions.as_ref(),
                s3: endpoints.s3_prefix_list.is_some(),
                depends_on: ready,
            };
            let handle = scope.add_renamed(&id, renamed_from.as_deref(), location, placed);
            handles.push((id, handle));
        }
        let named: Vec<(String, Handle<Instance>)> = handles
            .iter()
            .map(|(name, handle)| (name.clone(), handle.instance))
            .collect();
        let instances: Vec<Handle<Instance>> = named.iter().map(|(_, it)| *it).collect();
        let operators = self.operators.map(|(operators, location)| {
            let placed = PlacedOperators {
                operators,
                instances: &instances,
                sessions: sessions.as_ref(),
                boundary: boundary.clone(),
            };
            scope.add_renamed("Operators", None, location, placed)
        });
        if let Some((patching, permissions, location)) = patching {
            let placed = PlacedPatching {
                patching,
                instances: &instances,
                permissions: &permissions,
            };
            scope.add_renamed("Patching", None, location, placed);
        }
        let topic = self.monitoring.and_then(|(monitoring, location)| {
            let placed = PlacedMonitoring {
                monitoring,
                instances: &named,
            };
            scope.add_renamed("Monitoring", None, location, placed)
        });
        let audit = self.audit.map(|(audit, location)| {
            let placed = PlacedAudit {
                audit,
                network: &network,
                instances: &instances,
                boundary,
            };
            scope.add_renamed("Audit", None, location, placed)
        });
        AccessHandles {
            operators,
            audit,
            topic,
            network,
            instance_role,
            sessions,
            endpoints,
            security_group: group,
            instances: {
                let mut declared: Vec<_> = positions.into_iter().zip(handles).collect();
                declared.sort_by_key(|(n, _)| *n);
                declared
                    .into_iter()
                    .map(|(_, (_, handle))| handle)
                    .collect()
            },
        }
    }
}
