//! The call for each requirement, and what its response proves.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{Finding, Pin, Requirement, SelectedZone, Unmet, Zones};
use crate::session_manager::DEFAULT_DOCUMENT;

fn error(message: String, help: impl Into<String>) -> Finding {
    Finding::Unmet(Unmet {
        is_error: true,
        message,
        help: help.into(),
    })
}

fn warning(message: String, help: impl Into<String>) -> Finding {
    Finding::Unmet(Unmet {
        is_error: false,
        message,
        help: help.into(),
    })
}

const IMPORT: &str = "import it while you create the stack, with \
                      `create-change-set --import-existing-resources`, or delete it";

/// The call for the list from which `Fn::GetAZs` selects.
const ZONES: [&str; 4] = [
    "ec2",
    "describe-availability-zones",
    "--filters",
    "Name=zone-type,Values=availability-zone",
];

fn words(call: &[&str]) -> Vec<String> {
    call.iter().map(|it| (*it).to_owned()).collect()
}

/// Returns a call with a list at its end.
fn with(call: &[&str], list: &[String]) -> Vec<String> {
    let mut found = words(call);
    found.extend_from_slice(list);
    found
}

fn items(response: &Json, key: &str) -> Vec<Json> {
    response[key].as_array().cloned().unwrap_or_default()
}

fn texts(items: &[Json], key: &str) -> Vec<String> {
    let texts = items.iter().filter_map(|it| it[key].as_str());
    texts.map(str::to_owned).collect()
}

impl Requirement {
    /// Returns the read-only call that answers it.
    pub(super) fn call(&self) -> Vec<String> {
        match self {
            Requirement::Recorder => {
                words(&["configservice", "describe-configuration-recorder-status"])
            }
            Requirement::ImageParameter { name, .. } => {
                let plain = name.split(':').next().unwrap_or(name);
                words(&["ssm", "get-parameters", "--names", plain])
            }
            Requirement::Image { id, .. } => words(&["ec2", "describe-images", "--image-ids", id]),
            Requirement::NewDocument(name) => words(&["ssm", "describe-document", "--name", name]),
            Requirement::NewLogGroup(name) => words(&[
                "logs",
                "describe-log-groups",
                "--log-group-name-prefix",
                name,
            ]),
            Requirement::NewEndpoint { vpc, service } => words(&[
                "ec2",
                "describe-vpc-endpoints",
                "--filters",
                &format!("Name=vpc-id,Values={vpc}"),
                &format!("Name=service-name,Values={service}"),
            ]),
            Requirement::Preferences => words(&["ssm", "get-document", "--name", DEFAULT_DOCUMENT]),
            Requirement::Offered {
                services, zones, ..
            } => match zones {
                Zones::Named(_) => with(
                    &["ec2", "describe-vpc-endpoint-services", "--service-names"],
                    services,
                ),
                Zones::Selected(_) => words(&ZONES),
                Zones::Of(subnets) => with(&["ec2", "describe-subnets", "--subnet-ids"], subnets),
            },
            // Also the default subnets, which determine the list of the template.
            Requirement::Pinned(_) => words(&["ec2", "describe-subnets"]),
            Requirement::Selected { .. } => words(&ZONES),
            Requirement::Fits(quota) => quota.call(),
            Requirement::Quota { quota, .. } => words(&[
                "service-quotas",
                "get-service-quota",
                "--service-code",
                "vpc",
                "--quota-code",
                quota.code(),
            ]),
        }
    }

    /// Whether an error code of the call means that the resource does not exist.
    pub(super) fn is_absent(&self, code: &str) -> bool {
        match self {
            Requirement::NewDocument(_) | Requirement::Preferences => code == "InvalidDocument",
            Requirement::Image { .. } => code.starts_with("InvalidAMIID"),
            Requirement::Offered { .. } => {
                matches!(code, "InvalidServiceName" | "InvalidSubnetID.NotFound")
            }
            _ => false,
        }
    }

    /// Returns what it means for the stack that the resource does not exist.
    pub(super) fn absent(&self, message: &str) -> Option<Unmet> {
        let found = match self {
            Requirement::Image { id, .. } => error(
                format!("image `{id}` does not exist in this Region"),
                "set the ID of an image in the Region of the stack",
            ),
            Requirement::Offered { is_certain, .. } => {
                let report = if *is_certain { error } else { warning };
                report(
                    message.to_owned(),
                    "deploy in a Region that offers the service, and use subnets that exist",
                )
            }
            _ => return None,
        };
        match found {
            Finding::Unmet(unmet) => Some(unmet),
            Finding::Pin(_) | Finding::Next(_) => None,
        }
    }

    /// Returns what the account lacks, by the response to the call.
    pub(super) fn judge(&self, response: &Json) -> Vec<Finding> {
        match self {
            Requirement::Recorder => {
                let statuses = items(response, "ConfigurationRecordersStatus");
                if statuses.iter().any(|it| it["recording"] == true) {
                    return Vec::new();
                }
                vec![error(
                    "no AWS Config recorder records in this Region, so the Config rules fail"
                        .into(),
                    "set `monitoring.config_rules: false`, or start a recorder",
                )]
            }
            Requirement::ImageParameter { name, architecture } => {
                let found = items(response, "Parameters");
                let Some(parameter) = found.first() else {
                    return vec![error(
                        format!("parameter `{name}` does not exist"),
                        "create it with the data type `aws:ec2:image`",
                    )];
                };
                if parameter["DataType"] != "aws:ec2:image" {
                    return vec![error(
                        format!("parameter `{name}` does not have the data type `aws:ec2:image`"),
                        "create it again with `--data-type aws:ec2:image`, which EC2 requires",
                    )];
                }
                // A version or a label selects another value than the newest.
                let id = parameter["Value"].as_str().filter(|_| !name.contains(':'));
                let next = id.map(|id| Requirement::Image {
                    id: id.to_owned(),
                    architecture: *architecture,
                });
                next.map(Finding::Next).into_iter().collect()
            }
            Requirement::Image { id, architecture } => {
                let images = items(response, "Images");
                let Some(image) = images.first() else {
                    return self.absent("").map(Finding::Unmet).into_iter().collect();
                };
                let has = image["Architecture"].as_str().unwrap_or_default();
                match architecture {
                    Some(wanted) if !has.is_empty() && has != wanted.as_str() => vec![error(
                        format!("image `{id}` is {has}, and the instance type is {wanted}"),
                        format!("use an instance type of {has}, or an image of {wanted}"),
                    )],
                    _ => Vec::new(),
                }
            }
            Requirement::NewDocument(name) => match response["Document"].is_null() {
                true => Vec::new(),
                false => vec![error(format!("document `{name}` exists"), IMPORT)],
            },
            Requirement::NewLogGroup(name) => {
                let exists = items(response, "logGroups")
                    .iter()
                    .any(|it| it["logGroupName"] == name.as_str());
                match exists {
                    true => vec![error(format!("log group `{name}` exists"), IMPORT)],
                    false => Vec::new(),
                }
            }
            Requirement::NewEndpoint { vpc, service } => {
                let exists = items(response, "VpcEndpoints").iter().any(|it| {
                    it["PrivateDnsEnabled"] == true
                        && !it["State"]
                            .as_str()
                            .is_some_and(|it| it.eq_ignore_ascii_case("deleted"))
                });
                match exists {
                    true => vec![error(
                        format!("VPC `{vpc}` has an endpoint for `{service}` with private DNS"),
                        "list it in `endpoints.existing`",
                    )],
                    false => Vec::new(),
                }
            }
            Requirement::Preferences => preferences(response),
            Requirement::Offered {
                services,
                zones,
                is_certain,
            } => {
                let next = |names: Vec<String>| {
                    vec![Finding::Next(Requirement::Offered {
                        services: services.clone(),
                        zones: Zones::Named(names),
                        is_certain: *is_certain,
                    })]
                };
                match zones {
                    Zones::Named(zones) => not_offered(response, services, zones, *is_certain),
                    Zones::Of(_) => next(texts(&items(response, "Subnets"), "AvailabilityZone")),
                    Zones::Selected(places) => {
                        let mut names = texts(&items(response, "AvailabilityZones"), "ZoneName");
                        names.sort();
                        if let Some(place) = places.iter().find(|it| **it >= names.len()) {
                            return vec![error(
                                format!(
                                    "the stack needs {} Availability Zones, and the account has {} here",
                                    place + 1,
                                    names.len()
                                ),
                                format!("set `network.zones` to at most {}", names.len()),
                            )];
                        }
                        next(places.iter().map(|it| names[*it].clone()).collect())
                    }
                }
            }
            Requirement::Pinned(subnets) => {
                let response = items(response, "Subnets");
                let defaults = response.iter().filter(|it| it["DefaultForAz"] == true);
                let defaults: Vec<Json> = defaults.cloned().collect();
                let zoned = subnets.iter().map(|subnet| {
                    let found = response
                        .iter()
                        .find(|it| it["SubnetId"] == subnet.found.as_str());
                    let zone = found.and_then(|it| it["AvailabilityZone"].as_str());
                    SelectedZone {
                        found: zone.unwrap_or_default().to_owned(),
                        ..subnet.clone()
                    }
                });
                vec![Finding::Next(Requirement::Selected {
                    subnets: zoned.collect(),
                    default_zones: texts(&defaults, "AvailabilityZone"),
                })]
            }
            Requirement::Selected {
                subnets,
                default_zones,
            } => {
                let zones = items(response, "AvailabilityZones");
                let pins = pins(subnets, &lists(&zones, default_zones));
                pins.into_iter().map(Finding::Pin).collect()
            }
            Requirement::Fits(quota) => {
                let count = quota.count(response);
                match count > quota.default() {
                    true => vec![Finding::Next(Requirement::Quota {
                        quota: quota.clone(),
                        count,
                    })],
                    false => Vec::new(),
                }
            }
            Requirement::Quota { quota, count } => {
                let limit = response["Quota"]["Value"].as_f64().unwrap_or_default();
                match (*count as f64) > limit {
                    true => vec![error(
                        format!(
                            "with this stack, the account has {count} {quota}; its quota is {limit}"
                        ),
                        format!(
                            "delete some, or run `aws service-quotas request-service-quota-increase \
                             --service-code vpc --quota-code {} --desired-value {count}`",
                            quota.code()
                        ),
                    )],
                    false => Vec::new(),
                }
            }
        }
    }
}

/// Returns the lists from which `Fn::GetAZs` can select. It lists the zones with a default subnet, or all
/// if there is none, in an order that AWS does not guarantee.
///
/// From <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getavailabilityzones.html>.
fn lists(zones: &[Json], default_zones: &[String]) -> Vec<Vec<String>> {
    let available: Vec<Json> = zones
        .iter()
        .filter(|it| it["State"] == "available")
        .cloned()
        .collect();
    let listed = texts(zones, "ZoneName");
    let mut lists = vec![
        listed.clone(),
        listed,
        texts(&available, "ZoneName"),
        default_zones.to_vec(),
    ];
    lists[1..].iter_mut().for_each(|it| it.sort());
    lists.retain(|it| !it.is_empty());
    lists
}

/// Returns the zones of subnets that one of the lists does not select. A deployed subnet keeps its
/// Availability Zone; a new one gets one without other subnets.
fn pins(subnets: &[SelectedZone], lists: &[Vec<String>]) -> Vec<Pin> {
    let selects = |place: usize, zone: &str| {
        let mut selected = lists.iter().map(|it| it.get(place));
        selected.all(|it| it.is_some_and(|it| it == zone))
    };
    let mut zones: BTreeMap<usize, String> = BTreeMap::new();
    let deployed = subnets.iter().filter(|it| !it.found.is_empty());
    zones.extend(deployed.map(|it| (it.place, it.found.clone())));
    for new in subnets.iter().filter(|it| it.found.is_empty()) {
        let selected = lists.iter().filter_map(|it| it.get(new.place));
        let mut candidates = selected.chain(lists.last().into_iter().flatten());
        let free = candidates.find(|it| !zones.values().any(|taken| taken == *it));
        if let (false, Some(zone)) = (zones.contains_key(&new.place), free) {
            zones.insert(new.place, zone.clone());
        }
    }
    let pinned = subnets.iter().filter_map(|it| {
        let zone = match it.found.is_empty() {
            true => zones.get(&it.place)?,
            false => &it.found,
        };
        (!selects(it.place, zone)).then(|| Pin {
            logical_id: it.logical_id.clone(),
            zone: zone.clone(),
            is_deployed: !it.found.is_empty(),
        })
    });
    pinned.collect()
}

/// Warns about preferences of the account that need more than the endpoints of a session.
fn preferences(response: &Json) -> Vec<Finding> {
    let content = response["Content"].as_str().unwrap_or_default();
    let content: Json = serde_json::from_str(content).unwrap_or_default();
    let inputs = &content["inputs"];
    let uses: Vec<&str> = [
        ("kmsKeyId", "KMS"),
        ("s3BucketName", "S3"),
        ("cloudWatchLogGroupName", "CloudWatch Logs"),
    ]
    .into_iter()
    .filter(|(key, _)| inputs[key].as_str().is_some_and(|it| !it.is_empty()))
    .map(|(_, service)| service)
    .collect();
    match uses.is_empty() {
        true => Vec::new(),
        false => vec![warning(
            format!(
                "the session preferences of the account use {}, which the instances must reach",
                uses.join(", ")
            ),
            "set `sessions: true` to use a document of the stack, or add the endpoints and permissions",
        )],
    }
}

/// Returns the zones that do not offer a service.
fn not_offered(
    response: &Json,
    services: &[String],
    zones: &[String],
    is_certain: bool,
) -> Vec<Finding> {
    let details = items(response, "ServiceDetails");
    let mut found = Vec::new();
    for service in services {
        let Some(detail) = details
            .iter()
            .find(|it| it["ServiceName"] == service.as_str())
        else {
            found.push(error(
                format!("the Region does not offer `{service}`"),
                "deploy in a Region that offers it",
            ));
            continue;
        };
        let offers = items(detail, "AvailabilityZones");
        let lacking: Vec<&str> = zones
            .iter()
            .filter(|zone| !offers.iter().any(|it| it == zone.as_str()))
            .map(String::as_str)
            .collect();
        if lacking.is_empty() || offers.is_empty() {
            continue;
        }
        let report: fn(String, String) -> Finding = if is_certain { error } else { warning };
        found.push(report(
            format!("`{service}` has no endpoints in {}", lacking.join(", ")),
            "set `network.zones` or `endpoints.zones` to zones that offer it".to_owned(),
        ));
    }
    found
}
