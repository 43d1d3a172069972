//! What a deployment requires of the account, found out by read-only calls before it starts.

mod judge;
mod quota;
#[cfg(test)]
mod tests;

use super::aws_cli::{AwsCli, AwsCliError};
use super::jobs;
use super::values::Member;
use crate::construct::Architecture;
use crate::ir::{Expr, Link, Text, Value};
use crate::resource::{
    ConfigRule, Document, EndpointType, Graph, Instance, LaunchImage, LaunchTemplate, LogGroup,
    Node, Subnet, Typed, Vpc, VpcEndpoint,
};
use crate::session_manager::OLDEST_PLUGIN;

pub(crate) use quota::Quota;

/// The start of the names of parameters that AWS and publishers of images own.
const PUBLIC: &str = "/aws/service/";

/// The Availability Zones of the subnets of endpoints.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Zones {
    /// Zones by name.
    Named(Vec<String>),
    /// The zones at these places of the Region's list, which the template selects.
    Selected(Vec<usize>),
    /// The zones of existing subnets.
    Of(Vec<String>),
}

/// A subnet, and the place of the Region's list from which the template selects its
/// Availability Zone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SelectedZone {
    pub(crate) logical_id: String,
    pub(crate) place: usize,
    /// The ID, then the zone. Empty if the subnet is not deployed.
    pub(crate) found: String,
}

/// An Availability Zone that a subnet of the template must have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pin {
    pub(crate) logical_id: String,
    pub(crate) zone: String,
    /// Whether the subnet is in the zone.
    pub(crate) is_deployed: bool,
}

/// A requirement of the template.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Requirement {
    /// AWS Config records in the Region.
    Recorder,
    /// A parameter contains the ID of an image, and has the data type of images.
    ImageParameter {
        name: String,
        architecture: Option<Architecture>,
    },
    /// The image exists, for this architecture.
    Image {
        id: String,
        architecture: Option<Architecture>,
    },
    /// No document has this name.
    NewDocument(String),
    /// No log group has this name.
    NewLogGroup(String),
    /// No endpoint of the VPC has private DNS for the service.
    NewEndpoint { vpc: String, service: String },
    /// The preferences of the account need no more than the network offers.
    Preferences,
    /// The services have endpoints in these Availability Zones.
    Offered {
        services: Vec<String>,
        zones: Zones,
        /// Whether a zone without the service fails the deployment.
        is_certain: bool,
    },
    /// The template still selects the zones of the deployed subnets.
    Pinned(Vec<SelectedZone>),
    /// The same, with the zones of these subnets, and the zones with a default subnet.
    Selected {
        subnets: Vec<SelectedZone>,
        default_zones: Vec<String>,
    },
    /// The resources fit in the quota.
    Fits(Quota),
    /// The quota is at least this number.
    Quota { quota: Quota, count: usize },
}

/// A requirement that the account does not meet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unmet {
    /// Whether AWS rejects the deployment.
    pub(crate) is_error: bool,
    pub(crate) message: String,
    pub(crate) help: String,
}

/// What the account requires of the deployment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub(crate) unmet: Vec<Unmet>,
    pub(crate) pins: Vec<Pin>,
}

/// What a response proves.
#[derive(Clone, Debug, PartialEq)]
enum Finding {
    Unmet(Unmet),
    Pin(Pin),
    /// Another requirement, whose call is next.
    Next(Requirement),
}

fn literal(value: Option<&Value<Text>>) -> Option<String> {
    value.and_then(Value::lit).map(ToString::to_string)
}

/// Returns the resource of the template that a link refers to.
fn target<'a, T>(graph: &'a Graph, link: &Link<T>) -> Option<&'a Node> {
    match link {
        Value::Expr(Expr::Attr(id, _)) => graph.node(*id),
        _ => None,
    }
}

/// Returns the requirements of a template. A name that exists is an obstacle only for a new stack, which
/// has no members.
pub(crate) fn requirements(graph: &Graph, is_new: bool, members: &[Member]) -> Vec<Requirement> {
    let mut found = Vec::new();
    let (mut has_instance, mut has_document) = (false, false);
    let (mut vpcs, mut gateways) = (0, 0);
    let mut subnets = Vec::new();
    for (_, node) in graph.nodes() {
        let resource = &node.resource;
        if let Some(instance) = Instance::of(resource) {
            has_instance = true;
            found.extend(image(graph, instance));
        }
        if let Some(subnet) = Subnet::of(resource)
            && let Value::Expr(Expr::Zone(place)) = subnet.availability_zone
            && let Some(origin) = &node.origin
        {
            subnets.push(SelectedZone {
                logical_id: origin.address.to_string(),
                place: place as usize,
                found: deployed(node, members).unwrap_or_default(),
            });
        }
        vpcs += usize::from(Vpc::of(resource).is_some());
        if ConfigRule::of(resource).is_some() {
            found.push(Requirement::Recorder);
        }
        if let Some(document) = Document::of(resource) {
            has_document |= document.is_shell();
            let name = literal(document.name.as_ref()).filter(|_| is_new);
            found.extend(name.map(Requirement::NewDocument));
        }
        if let Some(group) = LogGroup::of(resource) {
            let name = literal(group.log_group_name.as_ref()).filter(|_| is_new);
            found.extend(name.map(Requirement::NewLogGroup));
        }
        if let Some(endpoint) = VpcEndpoint::of(resource) {
            let kind = endpoint.vpc_endpoint_type.lit();
            gateways += usize::from(kind == Some(&EndpointType::Gateway));
            if let (Some(vpc), Some(service)) = (endpoint.vpc.lit(), endpoint.service_name.lit())
                && endpoint.private_dns_enabled == Some(Value::Lit(true))
                && is_new
            {
                found.push(Requirement::NewEndpoint {
                    vpc: vpc.as_str().to_owned(),
                    service: service.to_string(),
                });
            }
            if kind == Some(&EndpointType::Interface) {
                offered(graph, endpoint, members, &mut found);
            }
        }
    }
    if subnets.iter().any(|it| !it.found.is_empty()) {
        found.push(Requirement::Pinned(subnets));
    }
    found.extend(Quota::of(graph, vpcs, gateways, is_new).map(Requirement::Fits));
    if has_instance && !has_document {
        found.push(Requirement::Preferences);
    }
    let mut distinct: Vec<Requirement> = Vec::new();
    for requirement in found {
        if !distinct.contains(&requirement) {
            distinct.push(requirement);
        }
    }
    distinct
}

/// Returns the requirement for the image of an instance, or of its launch template.
fn image(graph: &Graph, instance: &Instance) -> Option<Requirement> {
    let template = instance
        .launch_template
        .as_ref()
        .and_then(|it| target(graph, &it.launch_template))
        .and_then(|node| LaunchTemplate::of(&node.resource));
    let image: &Link<LaunchImage> = match (&instance.image, template) {
        (Some(image), _) => image,
        (None, template) => &template?.image,
    };
    let instance_type = instance.instance_type.lit();
    let architecture = instance_type.and_then(|it| Architecture::of(it));
    let text = image.lit()?.as_str();
    match text.strip_prefix("resolve:ssm:") {
        Some(name) if name.starts_with(PUBLIC) => None,
        Some(name) => Some(Requirement::ImageParameter {
            name: name.to_owned(),
            architecture,
        }),
        None if text.starts_with("ami-") => Some(Requirement::Image {
            id: text.to_owned(),
            architecture,
        }),
        None => None,
    }
}

/// Returns the ID of a deployed resource.
fn deployed(node: &Node, members: &[Member]) -> Option<String> {
    let address = &node.origin.as_ref()?.address;
    let member = members.iter().find(|it| it.logical_id == *address)?;
    let exists = !member.physical_id.is_empty() && member.status != "DELETE_COMPLETE";
    exists.then(|| member.physical_id.clone())
}

/// Adds the requirement that an interface endpoint is offered where its subnets are. Endpoints in the
/// same Availability Zones share it.
fn offered(
    graph: &Graph,
    endpoint: &VpcEndpoint,
    members: &[Member],
    found: &mut Vec<Requirement>,
) {
    let Some(service) = endpoint.service_name.lit() else {
        return;
    };
    let (mut named, mut selected) = (Vec::new(), Vec::new());
    let (mut existing, mut of_stack) = (Vec::new(), Vec::new());
    for subnet in &endpoint.subnets {
        let node = target(graph, subnet);
        match (subnet.lit(), node.and_then(|it| Subnet::of(&it.resource))) {
            (Some(id), _) => existing.push(id.as_str().to_owned()),
            (None, Some(subnet)) => match &subnet.availability_zone {
                Value::Lit(zone) => named.push(zone.to_string()),
                Value::Expr(Expr::Zone(n)) => match node.and_then(|it| deployed(it, members)) {
                    Some(id) => of_stack.push(id),
                    None => selected.push(*n as usize),
                },
                _ => {}
            },
            _ => {}
        }
    }
    let all = [
        (!named.is_empty()).then_some((Zones::Named(named), true)),
        (!selected.is_empty()).then_some((Zones::Selected(selected), false)),
        (!existing.is_empty()).then_some((Zones::Of(existing), true)),
        (!of_stack.is_empty()).then_some((Zones::Of(of_stack), false)),
    ];
    for (zones, is_certain) in all.into_iter().flatten() {
        let known = found.iter_mut().find_map(|it| match it {
            Requirement::Offered {
                services,
                zones: known,
                ..
            } if *known == zones => Some(services),
            _ => None,
        });
        match known {
            Some(services) => services.push(service.to_string()),
            None => found.push(Requirement::Offered {
                services: vec![service.to_string()],
                zones,
                is_certain,
            }),
        }
    }
}

/// Asks the account, in the order of the requirements.
pub(crate) async fn account(aws_cli: &AwsCli, requirements: Vec<Requirement>) -> Account {
    let tasks = requirements.into_iter().map(|requirement| {
        let aws_cli = aws_cli.clone();
        async move { findings(&aws_cli, requirement).await }
    });
    let (found, version) = tokio::join!(
        jobs::in_order(tasks),
        AwsCli::version("session-manager-plugin", None)
    );
    // The stack needs no more than CloudFormation; `doctor` reports a missing AWS CLI.
    let Ok(found) = found else {
        return Account::default();
    };
    let mut account = Account::default();
    for finding in found.into_iter().flatten() {
        match finding {
            Finding::Unmet(unmet) => account.unmet.push(unmet),
            Finding::Pin(pin) => account.pins.push(pin),
            Finding::Next(_) => {}
        }
    }
    account.unmet.extend(plugin(version.as_deref()));
    account
}

/// The AWS CLI is not installed.
struct Missing;

/// Returns what the account lacks for a requirement. A call that fails proves nothing, except that a
/// resource does not exist.
async fn findings(aws_cli: &AwsCli, requirement: Requirement) -> Result<Vec<Finding>, Missing> {
    let mut found = Vec::new();
    let mut open = vec![requirement];
    while let Some(requirement) = open.pop() {
        let call = requirement.call();
        let call: Vec<&str> = call.iter().map(String::as_str).collect();
        match aws_cli.call(&call).await {
            Ok(response) => {
                for finding in requirement.judge(&response) {
                    match finding {
                        Finding::Next(next) => open.push(next),
                        result => found.push(result),
                    }
                }
            }
            Err(AwsCliError::Missing) => return Err(Missing),
            Err(AwsCliError::Refused { code, message }) if requirement.is_absent(&code) => {
                found.extend(requirement.absent(&message).map(Finding::Unmet));
            }
            Err(error) => found.push(Finding::Unmet(Unmet {
                is_error: false,
                message: format!("cannot determine a requirement of the stack: {error}"),
                help: format!("allow `aws {}`", call[..2].join(" ")),
            })),
        }
    }
    Ok(found)
}

/// Warns about an old plugin. The deploying principal does not need one.
fn plugin(version: Option<&str>) -> Option<Unmet> {
    let version = version?;
    (AwsCli::numbers(version).as_slice() < &OLDEST_PLUGIN[..]).then(|| Unmet {
        is_error: false,
        message: format!(
            "the Session Manager plugin {version} is older than 1.2.764.0, the oldest version that AWS supports"
        ),
        help: "install a newer one before you connect".to_owned(),
    })
}
