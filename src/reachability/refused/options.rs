//! Options of instances that EC2 refuses for the instance type.

use super::launch::{field_of_type, instance_types};
use super::{Refusal, is_in_stack, together};
use crate::ir::{Expr, NodeId};
use crate::reachability::graph_index::{GraphIndex, Resolved};
use crate::reachability::image::classify;
use crate::reachability::instance::{self, InstanceConfig};
use crate::reachability::setting::Setting;
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::region::Capabilities;
use crate::resource::{RawValue, Resource};

/// The names of an option: in CloudFormation and Terraform, of an instance, of a launch template and of a
/// launch configuration. Empty if it has none.
pub(super) struct Names {
    pub(super) instance: (&'static str, &'static str),
    pub(super) template: (&'static str, &'static str),
    pub(super) configuration: (&'static str, &'static str),
}

pub(super) const fn names(
    instance: (&'static str, &'static str),
    template: (&'static str, &'static str),
) -> Names {
    Names {
        instance,
        template,
        configuration: ("", ""),
    }
}

const TENANCY: Names = Names {
    configuration: ("PlacementTenancy", "placement_tenancy"),
    ..names(
        ("Tenancy", "tenancy"),
        ("LaunchTemplateData.Placement.Tenancy", "placement.tenancy"),
    )
};
const HOST: Names = names(
    ("HostId", "host_id"),
    ("LaunchTemplateData.Placement.HostId", "placement.host_id"),
);
const HOST_GROUP: Names = names(
    ("HostResourceGroupArn", "host_resource_group_arn"),
    (
        "LaunchTemplateData.Placement.HostResourceGroupArn",
        "placement.host_resource_group_arn",
    ),
);
const PLACEMENT_GROUP: Names = names(
    ("PlacementGroupName", "placement_group"),
    (
        "LaunchTemplateData.Placement.GroupName",
        "placement.group_name",
    ),
);
/// Returns the value of an option, and the resource that sets it.
pub(super) fn option<'g>(
    index: &GraphIndex<'g>,
    config: &InstanceConfig<'g>,
    names: &Names,
) -> Option<(NodeId, RawValue<'g>)> {
    config.sources.iter().find_map(|&id| {
        let node = index.graph.node(id)?;
        let (cfn, tf) = match &node.resource {
            Resource::Instance(_) => names.instance,
            Resource::LaunchTemplate(_) => names.template,
            Resource::LaunchConfiguration(_) => names.configuration,
            _ => return None,
        };
        let value = node.property(cfn, tf)?;
        // A plan contains empty values for those that are not set.
        let is_empty = match &value {
            RawValue::Str(text) => text.is_empty(),
            RawValue::List(items) => items.is_empty(),
            _ => false,
        };
        (!is_empty).then_some((id, value))
    })
}

/// Returns whether an option is enabled.
pub(super) fn is_enabled(value: &RawValue<'_>) -> Ternary {
    match value {
        RawValue::Bool(value) => (*value).into(),
        RawValue::Str(text) => text.eq_ignore_ascii_case("true").into(),
        RawValue::Expr(_) => Ternary::Unknown,
        _ => Ternary::Yes,
    }
}

/// An option that only some instance types support, by its word in the table of them.
struct Supported {
    word: &'static str,
    names: Names,
    /// The error of EC2.
    error: &'static str,
    /// Words after "instance type X does not support".
    what: &'static str,
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceTypeInfo.html>
const SUPPORTED: &[Supported] = &[
    Supported {
        word: "burstable",
        // The provider passes credits of an instance only for a type that supports them.
        names: names(
            ("CreditSpecification", ""),
            (
                "LaunchTemplateData.CreditSpecification",
                "credit_specification",
            ),
        ),
        error: "InstanceCreditSpecification.NotSupported",
        what: "CPU credits",
    },
    Supported {
        word: "ebs-optimized",
        names: Names {
            configuration: ("EbsOptimized", "ebs_optimized"),
            ..names(
                ("EbsOptimized", "ebs_optimized"),
                ("LaunchTemplateData.EbsOptimized", "ebs_optimized"),
            )
        },
        error: "Unsupported",
        what: "EBS optimization",
    },
    Supported {
        word: "hibernation",
        names: HIBERNATION,
        error: "UnsupportedHibernationConfiguration",
        what: "hibernation",
    },
    Supported {
        word: "enclaves",
        names: ENCLAVE,
        error: "Unsupported",
        what: "enclaves",
    },
];

const HIBERNATION: Names = names(
    ("HibernationOptions.Configured", "hibernation"),
    (
        "LaunchTemplateData.HibernationOptions.Configured",
        "hibernation_options.configured",
    ),
);

const ENCLAVE: Names = names(
    ("EnclaveOptions.Enabled", "enclave_options.enabled"),
    (
        "LaunchTemplateData.EnclaveOptions.Enabled",
        "enclave_options.enabled",
    ),
);

/// The instance types of an instance, judged by a rule.
pub(super) struct Judged<'g> {
    /// The first type that breaks the rule, and the resource that sets it.
    by: NodeId,
    pub(super) of: &'g str,
    /// Whether every type breaks it.
    all: Ternary,
}

pub(super) fn judge<'g>(
    index: &GraphIndex<'g>,
    config: &InstanceConfig<'g>,
    breaks: impl Fn(&str) -> bool,
) -> Option<Judged<'g>> {
    let types = instance_types(index, config);
    let &(by, of) = types.iter().find(|(_, of)| breaks(of))?;
    let all = Ternary::unanimous(types.iter().map(|(_, of)| breaks(of).into()));
    Some(Judged { by, of, all })
}

/// Returns the refusal of an instance for its type.
pub(super) fn refusal(
    index: &GraphIndex<'_>,
    config: &InstanceConfig<'_>,
    (option, judged): (NodeId, &Judged<'_>),
    certain: Ternary,
    (error, why, fix): (&str, String, String),
) -> Option<Refusal> {
    let certain = together(index, &[option, judged.by, config.node])
        .and(judged.all)
        .and(certain);
    let verb = if certain.is_yes() {
        "refuses"
    } else {
        "can refuse"
    };
    let name = index.name(config.node);
    let reason = format!("EC2 {verb} `{name}` (`{error}`): {why}");
    let at = (judged.by, field_of_type(index, judged.by));
    let refusal = Refusal::new(Hop::Agent, at, certain, reason)?;
    Some(refusal.fix(Fix::manual(fix)))
}

/// An option that the instance type does not support.
pub(super) fn unsupported<'g>(index: &GraphIndex<'g>) -> Vec<Refusal> {
    let mut found = Vec::new();
    for config in instance::all(index) {
        for it in SUPPORTED {
            let Some((by, value)) = option(index, &config, &it.names) else {
                continue;
            };
            let lacks = |of: &str| Capabilities::of(of).is_some_and(|of| !of.supports(it.word));
            let Some(judged) = judge(index, &config, lacks) else {
                continue;
            };
            let why = format!("instance type `{}` does not support {}", judged.of, it.what);
            let fix = format!(
                "use an instance type that supports {}, or disable them",
                it.what
            );
            let text = (it.error, why, fix);
            found.extend(refusal(
                index,
                &config,
                (by, &judged),
                is_enabled(&value),
                text,
            ));
        }
    }
    found
}

/// Hibernation with a root volume that is not encrypted, unless the account encrypts by default.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/hibernating-prerequisites.html>
pub(super) fn hibernation<'g>(index: &GraphIndex<'g>) -> Vec<Refusal> {
    let one = |config: InstanceConfig<'g>| {
        let (by, value) = option(index, &config, &HIBERNATION)?;
        let enclave = option(index, &config, &ENCLAVE);
        let both = enclave.map_or(Ternary::No, |(_, it)| {
            is_enabled(&it).and(is_enabled(&value))
        });
        if !both.is_no() {
            let in_stack = index
                .graph
                .node(config.node)
                .map_or(Ternary::No, is_in_stack);
            let reason = format!(
                "EC2 refuses `{}` (`UnsupportedHibernationConfiguration`): hibernation and enclaves \
                 exclude each other",
                index.name(config.node)
            );
            let refusal = Refusal::new(Hop::Agent, (by, ""), both.and(in_stack), reason)?;
            return Some(refusal.fix(Fix::manual("disable hibernation or the enclave")));
        }
        let is_encrypted = config.sources.iter().any(|&id| {
            let encrypts = |volume: &crate::resource::Ebs| {
                volume.encrypted.as_ref().and_then(|it| it.lit()) == Some(&true)
            };
            match index.graph.node(id).map(|it| &it.resource) {
                Some(Resource::Instance(it)) => {
                    it.root_volume.as_ref().is_some_and(|it| encrypts(&it.ebs))
                }
                Some(Resource::LaunchTemplate(it)) => {
                    it.block_devices.iter().any(|it| encrypts(&it.ebs))
                }
                _ => false,
            }
        });
        if is_encrypted {
            return None;
        }
        let certain = is_enabled(&value).and(Ternary::Unknown);
        let reason = format!(
            "EC2 can refuse `{}` (`UnsupportedHibernationConfiguration`): hibernation requires an \
             encrypted root volume",
            index.name(config.node)
        );
        let refusal = Refusal::new(Hop::Agent, (by, ""), certain, reason)?;
        Some(refusal.fix(Fix::manual("encrypt the root volume")))
    };
    instance::all(index).into_iter().filter_map(one).collect()
}

/// A tenancy that the instance type does not support, or that requires a host.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/dedicated-instance.html>
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-mac-instances.html>
pub(super) fn tenancies<'g>(index: &GraphIndex<'g>) -> Vec<Refusal> {
    let has_hosts = index.graph.nodes().any(|(_, node)| {
        let of = node.resource.type_name(node.dialect());
        matches!(of, Some("AWS::EC2::Host" | "aws_ec2_host")) && !node.is_absent()
    });
    let one = |config: InstanceConfig<'g>| {
        let own = option(index, &config, &TENANCY);
        let text = own
            .as_ref()
            .map(|(_, value)| value.as_str().map(str::to_owned));
        let has_host = [HOST, HOST_GROUP]
            .iter()
            .any(|it| option(index, &config, it).is_some());
        let by = own.as_ref().map_or(config.node, |(by, _)| *by);
        match text.as_ref().map(Option::as_deref) {
            Some(Some("host")) if !has_host && !has_hosts => {
                let reason = format!(
                    "EC2 can refuse `{}` (`InsufficientCapacityOnHost`): the file contains no \
                     Dedicated Host for it",
                    index.name(config.node)
                );
                let refusal = Refusal::new(Hop::Agent, (by, ""), Ternary::Unknown, reason)?;
                let fix = "allocate a Dedicated Host in the file, and set its ID for the instance";
                Some(refusal.fix(Fix::manual(fix)))
            }
            // A tenancy that the file does not show.
            Some(None) => None,
            Some(Some("host")) => None,
            set => {
                if let Some(judged) = judge(index, &config, |of| of.starts_with("mac"))
                    && !has_host
                {
                    let why = format!("`{}` requires a Dedicated Host", judged.of);
                    let fix = "set the tenancy `host`".to_owned();
                    let text = ("InvalidParameterValue", why, fix);
                    return refusal(index, &config, (by, &judged), Ternary::Yes, text);
                }
                let of_vpc = dedicated_vpc(index, &config);
                let is_dedicated = set == Some(Some("dedicated"));
                if !is_dedicated && of_vpc.is_none() {
                    return None;
                }
                let bursts = |of: &str| of.starts_with("t1.") || of.starts_with("t2.");
                let judged = judge(index, &config, bursts)?;
                let by = if is_dedicated {
                    by
                } else {
                    of_vpc.unwrap_or(by)
                };
                let why = format!("`{}` does not run on dedicated hardware", judged.of);
                let fix = "use a type such as `t3.micro`".to_owned();
                refusal(
                    index,
                    &config,
                    (by, &judged),
                    Ternary::Yes,
                    ("Unsupported", why, fix),
                )
            }
        }
    };
    instance::all(index).into_iter().filter_map(one).collect()
}

/// Returns the VPC of an instance if all its instances run on dedicated hardware.
fn dedicated_vpc<'g>(index: &GraphIndex<'g>, config: &InstanceConfig<'g>) -> Option<NodeId> {
    let placement = config.placements.first().filter(|it| it.certain)?;
    let Resolved::Node(id, _) = index.vpc_of(&placement.subnet) else {
        return None;
    };
    let node = index
        .graph
        .node(id)
        .filter(|it| matches!(it.resource, Resource::Vpc(_)))?;
    let tenancy = node.property("InstanceTenancy", "instance_tenancy")?;
    (tenancy.as_str() == Some("dedicated")).then_some(id)
}

/// A cluster placement group for an instance type that it does not accept.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-strategies.html>
pub(super) fn placement_groups<'g>(index: &GraphIndex<'g>) -> Vec<Refusal> {
    let one = |config: InstanceConfig<'g>| {
        let of_group = || {
            let node = index.graph.node(config.node)?;
            let value = node.property("PlacementGroup", "placement_group")?;
            let is_group = matches!(node.resource, Resource::AutoScalingGroup(_));
            is_group.then_some((config.node, value))
        };
        let (by, value) = option(index, &config, &PLACEMENT_GROUP).or_else(of_group)?;
        let group = match &value {
            RawValue::Expr(expr) => match expr.as_ref() {
                Expr::Attr(id, _) | Expr::Other(id, _) => *id,
                _ => return None,
            },
            _ => return None,
        };
        let strategy = index.graph.node(group)?.property("Strategy", "strategy")?;
        if strategy.as_str() != Some("cluster") {
            return None;
        }
        let lacks = |of: &str| Capabilities::of(of).is_some_and(|of| !of.supports("cluster"));
        let judged = judge(index, &config, lacks)?;
        let why = format!(
            "cluster placement group `{}` does not accept instance type `{}`",
            index.name(group),
            judged.of
        );
        let fix = "use a type such as `m5.large`, or another strategy".to_owned();
        let certain = index.exists(group);
        let text = ("InvalidParameterCombination", why, fix);
        refusal(index, &config, (by, &judged), certain, text)
    };
    instance::all(index).into_iter().filter_map(one).collect()
}

/// Amazon Linux 2023 on a first-generation Graviton processor.
/// <https://docs.aws.amazon.com/linux/al2023/ug/system-requirements.html>
pub(super) fn processors<'g>(index: &GraphIndex<'g>) -> Vec<Refusal> {
    let one = |config: InstanceConfig<'g>| {
        let Setting::Known(node, _, link) = &config.image else {
            return None;
        };
        let image = classify(index, link).into_name();
        let judged = judge(index, &config, |of| of.starts_with("a1."))?;
        if !image.contains("al2023") {
            return None;
        }
        let why = format!("image `{image}` does not start on `{}`", judged.of);
        let fix = "use a type such as `t4g.small`".to_owned();
        refusal(
            index,
            &config,
            (*node, &judged),
            Ternary::Yes,
            ("Unsupported", why, fix),
        )
    };
    instance::all(index).into_iter().filter_map(one).collect()
}

/// Tags in the metadata of an instance, with keys that a path cannot contain. Instances of the Nitro
/// System accept more characters.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/work-with-tags-in-IMDS.html>
pub(super) fn metadata_tags<'g>(index: &GraphIndex<'g>) -> Vec<Refusal> {
    const TAGS: Names = names(
        (
            "MetadataOptions.InstanceMetadataTags",
            "metadata_options.instance_metadata_tags",
        ),
        (
            "LaunchTemplateData.MetadataOptions.InstanceMetadataTags",
            "metadata_options.instance_metadata_tags",
        ),
    );
    let one = |config: InstanceConfig<'g>| {
        let (by, value) = option(index, &config, &TAGS)?;
        if value.as_str() != Some("enabled") {
            return None;
        }
        let is_invalid = |key: &str| {
            let is_valid = |c: char| c.is_ascii_alphanumeric() || "+-=._,:@".contains(c);
            !key.chars().all(is_valid) || matches!(key, "." | ".." | "_index")
        };
        let key = tag_keys(index, &config)
            .into_iter()
            .find(|it| is_invalid(it))?;
        let reason = format!(
            "EC2 can refuse `{}` (`InvalidParameterValue`): its metadata contains tags, and the key \
             `{key}` has characters that not all instance types accept",
            index.name(config.node)
        );
        let refusal = Refusal::new(
            Hop::Agent,
            (by, "metadata_options"),
            Ternary::Unknown,
            reason,
        )?;
        let fix = "use letters, digits and `+-=._,:@` in the key of the tag";
        Some(refusal.fix(Fix::manual(fix)))
    };
    instance::all(index).into_iter().filter_map(one).collect()
}

/// Returns the keys of the tags of an instance.
fn tag_keys(index: &GraphIndex<'_>, config: &InstanceConfig<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let all = config.sources.iter().chain([&config.node]);
    for node in all.filter_map(|id| index.graph.node(*id)) {
        let mut add = |tags: &crate::resource::Tags| {
            found.extend(tags.iter().map(|(key, _)| key.to_string()));
        };
        match &node.resource {
            Resource::Instance(it) => add(&it.tags),
            Resource::LaunchTemplate(it) => {
                let of = |kind: &crate::ir::Value<_>| {
                    kind.lit()
                        .is_some_and(|it: &crate::ir::Text| it == "instance")
                };
                let tags = it.tag_specifications.iter();
                tags.filter(|it| of(&it.resource_type))
                    .for_each(|it| add(&it.tags));
            }
            Resource::AutoScalingGroup(it) => {
                let tags = it.tags.iter();
                let tags = tags.filter(|it| it.propagate_at_launch.lit() != Some(&false));
                found.extend(tags.filter_map(|it| it.key.lit().map(|it| it.to_string())));
            }
            _ => {}
        }
    }
    found
}
