//! VPC endpoints for the services that the agent needs.

use super::duplicates::check_id;
use super::endpoint_handles::{CreatedEndpoints, EndpointHandles};
use super::instance_role::{InstanceRoleHandles, Permissions};
use super::network_handles::{NetworkHandles, SubnetHandle};
#[cfg(feature = "config")]
use super::option_types::{Kind, OptionType};
use super::options::options;
#[cfg(feature = "config")]
use super::reader::{Item, Reader};
use super::scope::{Construct, Scope};
use super::service::Service;
use crate::ir::{
    ConditionId, Diagnostic, Dialect, Expr, Handle, IntoValue, Link, Parameter, Predicate, Text,
    Value,
};
use crate::region::{Region, regions};
use crate::resource::{
    Bucket, EndpointType, PolicyDocument, PrefixList, Principal, Role, S3_PREFIX_LIST,
    SecurityGroup, Statement, Tags, Typed, VpcEndpoint,
};
use crate::session_manager::{
    BUCKET_ACTION, CHANNEL_ACTIONS, COMMAND_ACTIONS, LOG_GROUP_ACTION, REGISTER_ACTION,
    SESSION_KEY_ACTION,
};
use crate::validate::IdOf;

/// The Availability Zones with an endpoint interface. AWS bills each interface per hour.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EndpointZones {
    /// In all of the network's.
    All,
    /// The first one. Instances in other Availability Zones use its interface, until it fails.
    One,
    /// In these of the network's.
    Named(Vec<Text>),
}

super::zone_names::named_zones!(EndpointZones);

macro_rules! existing {
    ($($name:ty),+) => {$(
        /// An existing endpoint of a service.
        #[diagnostic::do_not_recommend]
        impl<V: IntoValue<Link<VpcEndpoint>>> IntoValue<(Service, Link<VpcEndpoint>)> for ($name, V) {
            fn into_value(self) -> (Service, Link<VpcEndpoint>) {
                (self.0.into_value(), self.1.into_value())
            }
        }
    )+};
}
existing!(&str, String, &String);

options! {
    /// The VPC endpoints of a network.
    #[derive(Clone, Debug)]
    pub struct Endpoints, start |preset| preset.endpoints();
    options {
        // https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-setting-up-messageAPIs.html
        /// Creates the endpoint `ec2messages` where the Region has it. Run Command and State Manager
        /// need it for agents older than 3.3.40.0; sessions do not.
        ec2messages: def bool = false;
        /// Additional interface endpoints, such as `kms`, `logs`, `ec2` or `monitoring`. Use the
        /// full name of a service that `ssm-synth` does not know.
        services: many Service;
        /// Creates the S3 gateway endpoint.
        s3_gateway: def bool = false;
        /// ID of the S3 prefix list of the Region, for CloudFormation.
        s3_prefix_list: opt Text, shown "the prefix list of a known `region`, else a parameter";
        /// Zones with an endpoint interface: all, one to reduce cost, or a list. Instances in other
        /// zones use the interface of `one` until it fails.
        zones: def EndpointZones = EndpointZones::All;
        /// Creates endpoint policies that allow only the actions that the agent needs.
        least_privilege: def bool = false;
        /// Existing endpoints by service, such as `ssm: vpce-...`. The stack creates the others.
        existing: many (Service, Link<VpcEndpoint>), shown "all, if `existing_security_group` is set";
        /// Security group of existing endpoints, which gets a rule that allows the instances. The
        /// stack then creates only the endpoints that `existing` does not list.
        existing_security_group: opt Link<SecurityGroup>;
        /// Tags of the new endpoints and their security group, in addition to the tags of the
        /// stack.
        tags: tags Tags;
    }
}

#[cfg(feature = "config")]
impl OptionType for EndpointZones {
    const KIND: Kind = Kind::Either(&Kind::Words(&["all", "one"]), &Vec::<Text>::KIND);

    fn read(item: &Item, kind: &Kind, reader: &mut Reader) -> Option<Self> {
        match item.as_text().as_deref() {
            Some("all") => Some(EndpointZones::All),
            Some("one") => Some(EndpointZones::One),
            Some(_) => {
                reader.unexpected(item, kind);
                None
            }
            None => reader
                .read(item, &Vec::<Text>::KIND)
                .map(EndpointZones::Named),
        }
    }

    fn shown(&self) -> Option<String> {
        match self {
            EndpointZones::All => Some("all".to_owned()),
            EndpointZones::One => Some("one".to_owned()),
            EndpointZones::Named(names) => names.shown(),
        }
    }
}

/// The services that other parts of the stack need.
#[derive(Clone, Debug, Default)]
pub(crate) struct EndpointNeeds {
    /// Services beside the agent's.
    pub(crate) services: Vec<Service>,
    /// Whether S3 is needed.
    pub(crate) s3: bool,
    /// Whether the instances are patched.
    pub(crate) patching: bool,
    /// Buckets of the stack that the agent writes to, with the prefix of its objects.
    pub(crate) buckets: Vec<(Handle<Bucket>, Text)>,
}

pub(crate) struct PlacedEndpoints<'a> {
    pub(crate) endpoints: Endpoints,
    pub(crate) network: &'a NetworkHandles,
    pub(crate) roles: Vec<&'a InstanceRoleHandles>,
    pub(crate) needs: EndpointNeeds,
}

/// What the agent asks of `ssm`: the part of `AmazonSSMManagedInstanceCore` without parameters.
const SSM_ACTIONS: [&str; 13] = [
    "ssm:DescribeAssociation",
    "ssm:DescribeDocument",
    "ssm:GetDeployablePatchSnapshotForInstance",
    "ssm:GetDocument",
    "ssm:GetManifest",
    "ssm:ListAssociations",
    "ssm:ListInstanceAssociations",
    "ssm:PutComplianceItems",
    "ssm:PutConfigurePackageResult",
    "ssm:PutInventory",
    "ssm:UpdateAssociationStatus",
    "ssm:UpdateInstanceAssociationStatus",
    REGISTER_ACTION,
];

/// What `AmazonSSMManagedInstanceCore` allows in addition.
const PARAMETER_ACTIONS: [&str; 2] = ["ssm:GetParameter", "ssm:GetParameters"];

/// What an instance with these permissions asks of `ssm`.
fn ssm_actions(permissions: Permissions) -> Vec<&'static str> {
    match permissions {
        Permissions::ManagedInstanceCore => [&SSM_ACTIONS[..], &PARAMETER_ACTIONS].concat(),
        Permissions::WithoutParameters => SSM_ACTIONS.to_vec(),
        Permissions::SessionOnly => vec![REGISTER_ACTION],
    }
}

/// Warns if the zones of subnets are unknown: an endpoint has one subnet per zone.
fn check_known_zones(chosen: &[SubnetHandle], scope: &mut Scope<'_>) {
    let unknown = chosen.iter().filter(|it| it.zone.is_none()).count();
    let list = |it: &SubnetHandle| matches!(it.id, Value::Expr(Expr::Items(_)));
    if unknown > 0 && (chosen.len() > 1 || chosen.iter().any(list)) {
        scope.add_diagnostic(
            Diagnostic::warning(
                "endpoint-zones",
                "subnet zones are unknown; two subnets in one Availability Zone fail at deployment",
            )
            .help("set `zone` for each of `network.subnets`, or set `endpoints.zones: one`"),
        );
    }
}

impl PlacedEndpoints<'_> {
    fn subnets(&self, scope: &mut Scope<'_>) -> Vec<SubnetHandle> {
        let mut chosen: Vec<SubnetHandle> = Vec::new();
        for subnet in &self.network.subnets {
            let twice = |other: &SubnetHandle| other.zone.is_some() && other.zone == subnet.zone;
            if !chosen.iter().any(twice) {
                chosen.push(subnet.clone());
            }
        }
        match &self.endpoints.zones {
            EndpointZones::All => check_known_zones(&chosen, scope),
            EndpointZones::One => {
                chosen.truncate(1);
                if let Some(first) = chosen.first_mut() {
                    first.id = first.one();
                }
            }
            EndpointZones::Named(names) => {
                for (n, name) in names.iter().enumerate() {
                    if !chosen
                        .iter()
                        .any(|subnet| subnet.zone.as_ref() == Some(name))
                    {
                        let known = self.network.known_zones();
                        scope.add_diagnostic(
                            Diagnostic::error(
                                "endpoint-zones",
                                format!("the network has no Availability Zone `{name}`"),
                            )
                            .about(&["zones", &n.to_string()])
                            .help(known),
                        );
                    }
                }
                chosen.retain(|subnet| {
                    subnet
                        .zone
                        .as_ref()
                        .is_some_and(|zone| names.contains(zone))
                });
            }
        }
        chosen
    }

    /// Returns the services whose endpoints the stack creates.
    fn created(&self, scope: &mut Scope<'_>) -> Vec<Service> {
        let all_exist = self.endpoints.all_exist();
        let mut services = Vec::new();
        if !all_exist {
            services.extend([Service::new("ssm"), Service::new("ssmmessages")]);
            let in_region = scope.known_region().is_none_or(|region| region.ec2messages);
            if self.endpoints.ec2messages && in_region {
                services.push(Service::new("ec2messages"));
            }
        }
        let agents = services.len();
        for (n, service) in self.endpoints.services.iter().enumerate() {
            let n = n.to_string();
            if service.as_str() == "s3" {
                scope.add_diagnostic(
                    Diagnostic::error(
                        "endpoint-service",
                        "`s3` is a gateway endpoint, not an interface endpoint",
                    )
                    .about(&["services", &n])
                    .help("set `endpoints.s3_gateway: true`"),
                );
                continue;
            }
            service.check(&["services", &n], scope);
            // A duplicate is harmless; the check above reports a typo with the same ID.
            if !services.iter().any(|other| other.id() == service.id()) {
                services.push(service.clone());
            }
        }

        if !all_exist {
            let missing = self
                .needs
                .services
                .iter()
                .filter(|it| !services.contains(it));
            let missing: Vec<Service> = missing.cloned().collect();
            services.extend(missing);
        }
        // By name, so that the order in which they are listed changes nothing.
        services[agents..].sort_by(|a, b| a.as_str().cmp(b.as_str()));
        for (service, _) in &self.endpoints.existing {
            service.check(&["existing", service.as_str()], scope);
        }
        services.retain(|service| !self.endpoints.exists(service.as_str()));
        services
    }

    fn policy(&self, service: &Service) -> Option<PolicyDocument> {
        if !self.endpoints.least_privilege {
            return None;
        }
        let allow = |actions: &[&'static str], roles: &[&InstanceRoleHandles]| {
            let arns: Vec<Expr> = roles.iter().map(|it| it.role.attr(Role::ARN)).collect();
            Statement::allow(actions.iter().copied())
                .principal(Principal::Any)
                .on(["*"])
                .when("ArnEquals", "aws:PrincipalArn", arns)
        };
        let actions: &[&'static str] = match service.as_str() {
            // Roles with the same permissions share a statement.
            "ssm" => {
                let mut groups: Vec<(Permissions, Vec<&InstanceRoleHandles>)> = Vec::new();
                for role in &self.roles {
                    match groups.iter_mut().find(|(of, _)| *of == role.permissions) {
                        Some((_, group)) => group.push(role),
                        None => groups.push((role.permissions, vec![role])),
                    }
                }
                let statements = groups.iter();
                let statements = statements.map(|(of, roles)| allow(&ssm_actions(*of), roles));
                return Some(PolicyDocument::new(statements));
            }
            "ssmmessages" => &CHANNEL_ACTIONS,
            "ec2messages" => &COMMAND_ACTIONS,
            "kms" => &[SESSION_KEY_ACTION],
            "logs" => &[
                "logs:CreateLogStream",
                LOG_GROUP_ACTION,
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
            ],
            _ => return None,
        };
        Some(PolicyDocument::new([allow(actions, &self.roles)]))
    }

    fn interface(
        &self,
        service: &Service,
        subnets: &[SubnetHandle],
        group: Handle<SecurityGroup>,
        condition: Option<ConditionId>,
        scope: &mut Scope<'_>,
    ) -> Handle<VpcEndpoint> {
        let mut endpoint = VpcEndpoint::new(
            self.network.vpc.clone(),
            service.name(scope),
            EndpointType::Interface,
        )
        .private_dns_enabled(true)
        .subnets(subnets.iter().map(|subnet| subnet.id.clone()))
        .security_groups([group]);
        endpoint.policy = self.policy(service);
        let id = service.id();
        let endpoint = scope.add(&id, endpoint);
        if let Some(condition) = condition {
            scope.set_condition(endpoint, condition);
        }
        scope.output(
            &format!("{id}Id"),
            endpoint.attr(VpcEndpoint::LINK),
            "An endpoint",
        );
        endpoint
    }

    /// Returns the prefix list of S3, if the settings or the Region determine it.
    fn known_prefix_list(&self, scope: &mut Scope<'_>) -> Option<Text> {
        let of_region = scope
            .known_region()
            .and_then(|region| region.s3_prefix_list);
        let given = self.endpoints.s3_prefix_list.clone();
        let known = given.or(of_region.map(Text::Borrowed))?;
        if let Some(diagnostic) = IdOf::PREFIX_LIST.diagnostic("s3_prefix_list", &known) {
            scope.add_diagnostic(diagnostic);
        }
        Some(known)
    }

    fn gateway(&self, scope: &mut Scope<'_>) -> (Link<PrefixList>, Handle<VpcEndpoint>) {
        if self.network.route_tables.is_empty() {
            scope.add_diagnostic(
                Diagnostic::error(
                    "endpoint-route-tables",
                    "the S3 gateway endpoint has no route tables",
                )
                .about(&["s3_gateway"])
                .help("set `network.route_tables` to the route tables of the subnets"),
            );
        }
        // The gateway's name is the same in all partitions, the interface's is not.
        let gateway: Value<Text> = Expr::concat([
            Expr::text("com.amazonaws."),
            scope.region(),
            Expr::text(".s3"),
        ])
        .into();
        let mut endpoint =
            VpcEndpoint::new(self.network.vpc.clone(), gateway, EndpointType::Gateway)
                .route_tables(self.network.route_tables.iter().cloned());
        if self.endpoints.least_privilege {
            endpoint.policy = Some(s3_policy(&self.needs, scope));
        }
        let endpoint = scope.add("S3", endpoint);
        scope.output("S3Id", endpoint.attr(VpcEndpoint::LINK), "An endpoint");
        let cfn = match self.known_prefix_list(scope) {
            Some(id) => Expr::Text(id),
            None => scope
                .parameter(prefix_list_parameter().only(Dialect::Cfn))
                .into(),
        };
        let tf = endpoint.attr(VpcEndpoint::PREFIX_LIST);
        let list = Expr::PerLanguage {
            cfn: Box::new(cfn),
            tf: Box::new(tf),
        };
        (Value::Expr(list), endpoint)
    }
}

fn prefix_list_parameter() -> Parameter<Text> {
    Parameter::string(S3_PREFIX_LIST)
        .description(
            "The region's prefix list of S3: aws ec2 describe-managed-prefix-lists \
             --filters Name=prefix-list-name,Values=com.amazonaws.REGION.s3",
        )
        .allowed_pattern("^pl-[0-9a-f]{8,17}$")
}

/// The buckets that the agent gets updates, patches and documents from, and Amazon Linux packages.
///
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/ssm-agent-technical-details.html>
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/patch-operations-s3-buckets.html>
pub(super) fn aws_buckets(patching: bool, scope: &Scope<'_>) -> Vec<Value<Text>> {
    let bucket = |before: &'static str, region: Expr, after: String| -> Value<Text> {
        Expr::concat([
            Expr::text("arn:"),
            scope.partition(),
            Expr::text(":s3:::"),
            Expr::text(before),
            region,
            Expr::text(after),
            Expr::text("/*"),
        ])
        .into()
    };
    let named = [
        ("amazon-ssm-", ""),
        ("aws-ssm-", ""),
        ("aws-windows-downloads-", ""),
        ("al2023-repos-", "-de612dc2"),
        ("amazonlinux-2-repos-", ""),
    ];
    let mut buckets: Vec<Value<Text>> = named
        .into_iter()
        .map(|(before, after)| bucket(before, scope.region(), after.to_owned()))
        .collect();
    let suffixed = |before: &'static str, region: &'static Region, suffix: Option<&str>| {
        let here = Expr::text(region.name);
        suffix.map(|suffix| bucket(before, here, format!("-{suffix}")))
    };
    let snapshots = |region: &'static Region| {
        let before = "patch-baseline-snapshot-";
        suffixed(before, region, region.patch_baseline_suffix)
    };
    let operations = |region: &'static Region| {
        let suffix = region.patch_manager_suffix.filter(|_| patching);
        suffixed("aws-patch-manager-", region, suffix)
    };
    let plain = || bucket("patch-baseline-snapshot-", scope.region(), String::new());
    match scope.known_region() {
        Some(region) => {
            buckets.push(snapshots(region).unwrap_or_else(plain));
            buckets.extend(operations(region));
        }
        None => {
            // A gateway endpoint serves only its own Region, so the names of other Regions do no harm.
            buckets.push(plain());
            buckets.extend(regions().iter().filter_map(snapshots));
            buckets.extend(regions().iter().filter_map(operations));
        }
    }
    buckets
}

/// Returns the policy of the S3 gateway endpoint: AWS's buckets, and those that the agent writes to.
fn s3_policy(needs: &EndpointNeeds, scope: &Scope<'_>) -> PolicyDocument {
    let any = |actions: &[&'static str]| {
        Statement::allow(actions.iter().copied()).principal(Principal::Any)
    };
    let read = any(&["s3:GetObject"]).on(aws_buckets(needs.patching, scope));
    let mut statements = vec![read];
    for (bucket, prefix) in &needs.buckets {
        let keys = format!("/{prefix}/*");
        let objects = Expr::concat([bucket.attr(Bucket::ARN), Expr::text(keys)]);
        statements.push(any(&["s3:PutObject"]).on([objects]));
        statements.push(any(&[BUCKET_ACTION]).on([bucket.attr(Bucket::ARN)]));
    }
    PolicyDocument::new(statements)
}

impl Endpoints {
    /// Returns whether all endpoints of the agent exist already.
    fn all_exist(&self) -> bool {
        self.existing_security_group.is_some() && self.existing.is_empty()
    }

    fn exists(&self, token: &str) -> bool {
        let mut existing = self.existing.iter();
        existing.any(|(service, _)| service.as_str() == token)
    }
}

impl Construct for PlacedEndpoints<'_> {
    type Handle = EndpointHandles;

    fn build(self, scope: &mut Scope<'_>) -> EndpointHandles {
        scope.tags(self.endpoints.tags.clone());
        if !self.endpoints.existing.is_empty() && self.endpoints.existing_security_group.is_none() {
            let message = "`endpoints.existing` requires `endpoints.existing_security_group`";
            scope.add_diagnostic(
                Diagnostic::error("endpoint-existing", message)
                    .about(&["existing"])
                    .help("set `endpoints.existing_security_group` to their security group"),
            );
        }
        let mut ready = Vec::new();
        let mut created = CreatedEndpoints::default();
        let services = self.created(scope);
        if !services.is_empty() {
            let group = scope.add(
                "SecurityGroup",
                SecurityGroup::new(
                    "Endpoints that the SSM agent talks to",
                    self.network.vpc.clone(),
                ),
            );
            let subnets = self.subnets(scope);
            for service in &services {
                let condition = (service.as_str() == "ec2messages"
                    && scope.known_region().is_none())
                .then(|| {
                    let with = Region::with_ec2messages().map(Text::Borrowed).collect();
                    scope.condition("HasEc2messages", Predicate::OneOf(scope.region(), with))
                });
                let endpoint = self.interface(service, &subnets, group, condition, scope);
                ready.push(endpoint.node());
                created.interfaces.push((service.clone(), endpoint));
            }
            scope.output(
                "SecurityGroupId",
                group.attr(SecurityGroup::LINK),
                "The endpoints' group",
            );
            created.security_group = Some(group);
        }
        if let Some(group) = &self.endpoints.existing_security_group {
            check_id(
                "existing_security_group",
                IdOf::SECURITY_GROUP,
                group,
                scope,
            );
            for (service, id) in &self.endpoints.existing {
                let field = format!("existing.{}", service.as_str());
                check_id(&field, IdOf::ENDPOINT, id, scope);
                scope.output(
                    &format!("{}Id", service.id()),
                    id.clone(),
                    "An endpoint that exists already",
                );
            }
        }
        let mut s3_prefix_list = None;
        let named = self.endpoints.exists("s3");
        let exists = named || self.endpoints.all_exist();
        if self.endpoints.s3_gateway || (self.needs.s3 && !exists) {
            if named {
                scope.add_diagnostic(
                    Diagnostic::error(
                        "endpoint-existing",
                        "`endpoints.existing` lists `s3`, and `endpoints.s3_gateway` creates it",
                    )
                    .about(&["existing", "s3"])
                    .about(&["s3_gateway"])
                    .help("remove `endpoints.s3_gateway`, or `s3` from `endpoints.existing`"),
                );
            } else {
                let (list, endpoint) = self.gateway(scope);
                s3_prefix_list = Some(list);
                ready.push(endpoint.node());
                created.s3_gateway = Some(endpoint);
            }
        }
        if self.needs.s3 && s3_prefix_list.is_none() {
            // The path exists, and the security group of the instances must allow it.
            s3_prefix_list = Some(match self.known_prefix_list(scope) {
                Some(id) => Value::Lit(crate::ir::Id::new(id)),
                None => match scope.parameter(prefix_list_parameter()) {
                    Value::Lit(id) => Value::Lit(crate::ir::Id::new(id)),
                    Value::Expr(expr) => Value::Expr(expr),
                },
            });
        }
        if self.endpoints.s3_prefix_list.is_some() && s3_prefix_list.is_none() {
            scope.warn_unused(
                "endpoints.s3_prefix_list",
                "without a path to S3",
                "set `endpoints.s3_gateway: true`",
            );
        }
        EndpointHandles {
            security_group: created.security_group.map(Handle::into_value),
            existing_security_group: self.endpoints.existing_security_group,
            s3_prefix_list,
            ready,
            created,
        }
    }
}
