//! The private ways to the services that the agent needs.

use super::identity::SSMMESSAGES_ACTIONS;
use super::network::{NetworkHandles, SubnetHandle};
use super::scope::{Construct, Scope};
use crate::ir::{
    ConditionId, Diagnostic, Expr, IntoValue, Link, NodeId, Parameter, Ref, Test, Text, Value,
    quoted,
};
use crate::region::Region;
use crate::resource::{
    Dialect, EndpointType, PolicyDocument, PrefixList, Principal, Role, SecurityGroup, Statement,
    Typed, VpcEndpoint,
};

/// In which zones the endpoints have an interface; each costs by the hour.
#[derive(Clone, Debug, PartialEq)]
pub enum EndpointZones {
    /// In all of the network's.
    All,
    /// In the first: instances of other zones reach it too, until that zone fails.
    One,
    /// In these of the network's.
    Named(Vec<Text>),
}

/// An AWS service by the token in its endpoint's name, such as `ssm` or `ecr.api`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service(Text);

impl Service {
    /// By token.
    pub fn new(token: impl Into<Text>) -> Service {
        Service(token.into())
    }

    /// The token.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of its endpoint: `Ssm`, `EcrApi`.
    fn id(&self) -> String {
        crate::ir::logical_id(&self.0)
    }
}

/// Endpoints that are there already.
#[derive(Clone, Debug)]
pub struct ExistingEndpoints {
    /// The group of their interfaces; it gets a rule that admits the instances.
    pub security_group: Link<SecurityGroup>,
    /// Which they are; what else is needed is created. Default: all that is needed exists.
    pub endpoints: Vec<(Service, Link<VpcEndpoint>)>,
}

/// The endpoints of a network.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// Whether `ec2messages` is among them, in regions that have it. Default: it is.
    pub ec2messages: bool,
    /// Interface endpoints beside the agent's. Default: none.
    pub services: Vec<Service>,
    /// Whether there is a gateway to S3. Default: there is none.
    pub s3: bool,
    /// The id of S3's prefix list in CloudFormation. Default: the region's, where both are known;
    /// else a parameter asks for it.
    pub s3_prefix_list: Option<Text>,
    /// Where they are. Default: in all zones.
    pub zones: EndpointZones,
    /// Whether they let only through what the agent needs. Default: everything.
    pub least_privilege: bool,
    /// Named instead of created. Default: they are created.
    pub existing: Option<ExistingEndpoints>,
}

impl Default for Endpoints {
    fn default() -> Self {
        Endpoints {
            ec2messages: true,
            services: Vec::new(),
            s3: false,
            s3_prefix_list: None,
            zones: EndpointZones::All,
            least_privilege: false,
            existing: None,
        }
    }
}

/// What endpoints are to their users.
#[derive(Clone, Debug)]
pub struct EndpointHandles {
    /// The groups of their interfaces: of those created, then of those that exist.
    pub security_groups: Vec<Link<SecurityGroup>>,
    /// S3's prefix list, where there is a gateway.
    pub s3_prefix_list: Option<Link<PrefixList>>,
    /// What an instance waits for.
    pub ready: Vec<NodeId>,
}

pub(crate) struct PlacedEndpoints<'a> {
    pub(crate) endpoints: Endpoints,
    pub(crate) network: &'a NetworkHandles,
    pub(crate) role: Ref<Role>,
}

/// What the agent asks of `ssm`: the part of `AmazonSSMManagedInstanceCore`.
const SSM_ACTIONS: [&str; 15] = [
    "ssm:DescribeAssociation",
    "ssm:DescribeDocument",
    "ssm:GetDeployablePatchSnapshotForInstance",
    "ssm:GetDocument",
    "ssm:GetManifest",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:ListAssociations",
    "ssm:ListInstanceAssociations",
    "ssm:PutComplianceItems",
    "ssm:PutConfigurePackageResult",
    "ssm:PutInventory",
    "ssm:UpdateAssociationStatus",
    "ssm:UpdateInstanceAssociationStatus",
    "ssm:UpdateInstanceInformation",
];

const EC2MESSAGES_ACTIONS: [&str; 6] = [
    "ec2messages:AcknowledgeMessage",
    "ec2messages:DeleteMessage",
    "ec2messages:FailMessage",
    "ec2messages:GetEndpoint",
    "ec2messages:GetMessages",
    "ec2messages:SendReply",
];

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
            EndpointZones::All => {}
            EndpointZones::One => {
                chosen.truncate(1);
                if let Some(first) = chosen.first_mut() {
                    first.subnet = first.one();
                }
            }
            EndpointZones::Named(names) => {
                for (n, name) in names.iter().enumerate() {
                    if !chosen
                        .iter()
                        .any(|subnet| subnet.zone.as_ref() == Some(name))
                    {
                        let zones = chosen.iter().filter_map(|subnet| subnet.zone.as_deref());
                        let zones = zones.collect::<Vec<_>>().join(", ");
                        scope.problem(
                            Diagnostic::error(
                                "endpoint-zones",
                                format!("the network has no zone `{name}`"),
                            )
                            .about(&["zones", &n.to_string()])
                            .help(format!("it has: {zones}")),
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

    /// The services whose endpoints are made here.
    fn created(&self, scope: &mut Scope<'_>) -> Vec<Service> {
        let existing = self.endpoints.existing.as_ref();
        let mut services = Vec::new();
        if existing.is_none_or(|existing| !existing.endpoints.is_empty()) {
            services.extend([Service::new("ssm"), Service::new("ssmmessages")]);
            let in_region = scope.known_region().is_none_or(|region| region.ec2messages);
            if self.endpoints.ec2messages && in_region {
                services.push(Service::new("ec2messages"));
            }
        }
        for (n, service) in self.endpoints.services.iter().enumerate() {
            let n = n.to_string();
            if service.as_str() == "s3" {
                scope.problem(
                    Diagnostic::error("endpoint-service", "`s3` is a gateway, not an interface")
                        .about(&["services", &n])
                        .help("switch it on by `s3: true`"),
                );
            } else if !service.0.starts_with(|c: char| c.is_ascii_lowercase())
                || !service
                    .0
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b))
            {
                scope.problem(
                    Diagnostic::error(
                        "endpoint-service",
                        format!("{} is not the name of a service", quoted(&service.0)),
                    )
                    .about(&["services", &n])
                    .help("take the part behind the region, such as `logs` or `ecr.api`"),
                );
            } else if services.contains(service) {
                // Asked for twice is asked for.
            } else if let Some(other) = services.iter().find(|other| other.id() == service.id()) {
                let (name, other) = (service.as_str(), other.as_str());
                let message = format!("services `{other}` and `{name}` would have one id");
                scope.problem(
                    Diagnostic::error("endpoint-service", message)
                        .about(&["services", &n])
                        .help("spell it as AWS does"),
                );
            } else {
                services.push(service.clone());
            }
        }
        let exists = |service: &Service| {
            existing.is_some_and(|it| it.endpoints.iter().any(|(other, _)| other == service))
        };
        services.retain(|service| !exists(service));
        services
    }

    fn service_name(service: &Service, scope: &Scope<'_>) -> Value<Text> {
        Expr::concat([
            Expr::text("com.amazonaws."),
            scope.region(),
            Expr::text("."),
            Expr::Text(service.0.clone()),
        ])
        .into()
    }

    fn policy(&self, service: &Service) -> Option<PolicyDocument> {
        if !self.endpoints.least_privilege {
            return None;
        }
        let actions: &[&'static str] = match service.as_str() {
            "ssm" => &SSM_ACTIONS,
            "ssmmessages" => &SSMMESSAGES_ACTIONS,
            "ec2messages" => &EC2MESSAGES_ACTIONS,
            "kms" => &["kms:Decrypt"],
            "logs" => &[
                "logs:CreateLogStream",
                "logs:DescribeLogGroups",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
            ],
            _ => return None,
        };
        let statement = Statement::allow(actions.iter().copied())
            .principal(Principal::Any)
            .on(["*"])
            .when("ArnEquals", "aws:PrincipalArn", [self.role.attr(Role::ARN)]);
        Some(PolicyDocument::new([statement]))
    }

    fn interface(
        &self,
        service: &Service,
        subnets: &[SubnetHandle],
        group: Ref<SecurityGroup>,
        condition: Option<ConditionId>,
        scope: &mut Scope<'_>,
    ) -> NodeId {
        let mut endpoint = VpcEndpoint::new(
            self.network.vpc.clone(),
            Self::service_name(service, scope),
            EndpointType::Interface,
        )
        .private_dns_enabled(true)
        .subnets(subnets.iter().map(|subnet| subnet.subnet.clone()))
        .security_groups([group]);
        endpoint.policy = self.policy(service);
        let id = service.id();
        let endpoint = scope.add(&id, endpoint);
        if let Some(condition) = condition {
            scope.only_if(endpoint, condition);
        }
        scope.output(
            &format!("{id}Id"),
            endpoint.attr(VpcEndpoint::LINK),
            "An endpoint",
        );
        endpoint.node()
    }

    fn gateway(&self, scope: &mut Scope<'_>) -> (Link<PrefixList>, NodeId) {
        if self.network.route_tables.is_empty() {
            scope.problem(
                Diagnostic::error(
                    "endpoint-route-tables",
                    "the S3 endpoint has no route tables",
                )
                .about(&["s3"])
                .help("name the route tables of the existing subnets"),
            );
        }
        let mut endpoint = VpcEndpoint::new(
            self.network.vpc.clone(),
            Self::service_name(&Service::new("s3"), scope),
            EndpointType::Gateway,
        )
        .route_tables(self.network.route_tables.iter().cloned());
        if self.endpoints.least_privilege {
            endpoint.policy = Some(s3_policy(scope));
        }
        let endpoint = scope.add("S3", endpoint);
        scope.output("S3Id", endpoint.attr(VpcEndpoint::LINK), "An endpoint");
        let known = scope
            .known_region()
            .and_then(|region| region.s3_prefix_list);
        let known = self
            .endpoints
            .s3_prefix_list
            .clone()
            .or(known.map(Text::Borrowed));
        let cfn = match known {
            Some(id) => Expr::Text(id),
            None => {
                let parameter = Parameter::<Text>::string("S3PrefixListId")
                    .description(
                        "The region's prefix list of S3: aws ec2 describe-managed-prefix-lists \
                         --filters Name=prefix-list-name,Values=com.amazonaws.REGION.s3",
                    )
                    .allowed_pattern("^pl-[0-9a-f]{8,17}$")
                    .only(Dialect::Cfn);
                scope.parameter(parameter).into()
            }
        };
        let tf = endpoint.attr(crate::ir::Attr::by_ref("prefix_list_id"));
        let list = Expr::PerLanguage {
            cfn: Box::new(cfn),
            tf: Box::new(tf),
        };
        (Value::Expr(list), endpoint.node())
    }
}

/// The buckets of the agent and of Amazon Linux.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/ssm-agent-technical-details.html>
fn s3_policy(scope: &Scope<'_>) -> PolicyDocument {
    let bucket = |before: &'static str, after: &'static str| -> Value<Text> {
        Expr::concat([
            Expr::text("arn:"),
            scope.partition(),
            Expr::text(before),
            scope.region(),
            Expr::text(after),
        ])
        .into()
    };
    let read = Statement::allow(["s3:GetObject"])
        .principal(Principal::Any)
        .on([
            bucket(":s3:::amazon-ssm-", "/*"),
            bucket(":s3:::al2023-repos-", "-de612dc2/*"),
            bucket(":s3:::amazonlinux-2-repos-", "/*"),
        ]);
    PolicyDocument::new([read])
}

impl Construct for PlacedEndpoints<'_> {
    type Handle = EndpointHandles;

    fn build(self, scope: &mut Scope<'_>) -> EndpointHandles {
        let mut ready = Vec::new();
        let mut security_groups = Vec::new();
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
                    let without = Region::without_ec2messages().map(Text::Borrowed).collect();
                    let test = Test::OneOf(scope.region(), without);
                    scope.condition("HasEc2messages", Test::Not(Box::new(test)))
                });
                ready.push(self.interface(service, &subnets, group, condition, scope));
            }
            scope.output(
                "SecurityGroupId",
                group.attr(SecurityGroup::LINK),
                "The endpoints' group",
            );
            security_groups.push(group.into_value());
        }
        if let Some(existing) = &self.endpoints.existing {
            security_groups.push(existing.security_group.clone());
            for (service, id) in &existing.endpoints {
                scope.output(
                    &format!("{}Id", service.id()),
                    id.clone(),
                    "An endpoint that exists already",
                );
            }
        }
        let mut s3_prefix_list = None;
        if self.endpoints.s3 {
            let (list, node) = self.gateway(scope);
            s3_prefix_list = Some(list);
            ready.push(node);
        }
        EndpointHandles {
            security_groups,
            s3_prefix_list,
            ready,
        }
    }
}
