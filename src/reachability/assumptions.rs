//! Facts that no file shows.

use super::hop::Hop;
use super::{HopResult, HopStatus, Reachability};
use crate::ir::{Expr, Value};
use crate::resource::{
    Document, Graph, Resource, S3_PREFIX_LIST, SecurityGroupEgress, Typed, VpcEndpoint,
};
use crate::session_manager::DEFAULT_DOCUMENT;

/// A fact that no file shows and a verdict relies on.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Assumption {
    /// The hop whose results rely on it, or `None` if every hop does.
    pub hop: Option<Hop>,
    /// The fact: a sentence in lowercase, without a period.
    pub text: &'static str,
    /// Whether a result of the hop relies on it.
    relies: fn(&HopResult) -> bool,
    /// Whether the file contradicts it, or replaces it with a fact.
    is_excluded: fn(&Graph) -> bool,
}

impl Assumption {
    /// Returns whether a result of the hop relies on it. Every result relies on one without a hop.
    pub fn supports(&self, result: &HopResult) -> bool {
        self.hop == Some(result.hop) && (self.relies)(result)
    }
}

fn passes(result: &HopResult) -> bool {
    result.status == HopStatus::Pass
}

const ALL: &[Assumption] = &[
    Assumption {
        hop: Some(Hop::Agent),
        text: "images contain a current agent and no firewall or proxy, as their publishers document, and scripts \
               that user data downloads keep it so",
        relies: passes,
        is_excluded: |_| false,
    },
    Assumption {
        hop: Some(Hop::Imds),
        text: "the instance metadata service is enabled, the default of an account",
        // A result without a property relies on the default.
        relies: |result| result.at.is_none(),
        is_excluded: |graph| has_type(graph, &["aws_ec2_instance_metadata_defaults"]),
    },
    Assumption {
        hop: Some(Hop::RolePermissions),
        text: "no service control policy or resource control policy denies the calls of the agent",
        relies: passes,
        is_excluded: |_| false,
    },
    Assumption {
        hop: Some(Hop::Endpoint),
        text: "AWS offers the endpoint services in the Availability Zones of the endpoint subnets",
        relies: passes,
        is_excluded: |graph| !any::<VpcEndpoint>(graph, |_| true),
    },
    Assumption {
        hop: Some(Hop::InstanceSecurityGroup),
        text: "a parameter `S3PrefixListId` is the ID of the S3 prefix list of the Region",
        relies: passes,
        is_excluded: |graph| !has_s3_parameter(graph),
    },
    Assumption {
        hop: Some(Hop::Route),
        text: "VPC Block Public Access is disabled, the default of an account",
        relies: passes,
        is_excluded: |graph| {
            let types = [
                "aws_vpc_block_public_access_options",
                "AWS::EC2::VPCBlockPublicAccessOptions",
            ];
            has_type(graph, &types)
        },
    },
    Assumption {
        hop: None,
        text: "the account has no session preferences that require encryption or log checks, or each \
               session names another document",
        relies: |_| true,
        is_excluded: |graph| {
            any::<Document>(graph, |document| {
                let name = document.name.as_ref().and_then(Value::lit);
                name.is_some_and(|name| name == DEFAULT_DOCUMENT)
            })
        },
    },
    Assumption {
        hop: None,
        text: "no other stack or person changes the resources in this file",
        relies: |_| true,
        is_excluded: |_| false,
    },
];

/// Returns the assumptions that the verdicts rely on. An assumption that the file contradicts is
/// missing.
///
/// ```
/// use ssm_synth::{App, SessionAccess, reachability};
///
/// let mut app = App::new();
/// app.stack("Access").add_inline(SessionAccess::new());
/// let checked = reachability::check(app.graph(), &reachability::Assumptions::default());
/// let made = reachability::assumptions(app.graph(), &checked);
/// // The sessions pass endpoints, not the internet.
/// assert!(!made.iter().any(|it| it.text.contains("Block Public Access")));
/// ```
#[must_use]
pub fn assumptions(graph: &Graph, reachability: &Reachability) -> Vec<Assumption> {
    let results = || reachability.instances.iter().flat_map(|it| &it.hops);
    let is_made = |it: &&Assumption| {
        let is_used = it.hop.is_none() || results().any(|result| it.supports(result));
        is_used && !(it.is_excluded)(graph)
    };
    ALL.iter().filter(is_made).copied().collect()
}

/// Returns whether a rule has the prefix list of this parameter.
fn has_s3_parameter(graph: &Graph) -> bool {
    any::<SecurityGroupEgress>(graph, |rule| {
        let Some(Value::Expr(list)) = &rule.destination_prefix_list else {
            return false;
        };
        let mut found = false;
        list.walk(&mut |part| {
            found |= match part {
                Expr::Param(id) => graph
                    .parameter(*id)
                    .is_some_and(|it| it.id == S3_PREFIX_LIST),
                Expr::SourceParam { name, .. } => name == S3_PREFIX_LIST,
                _ => false,
            };
        });
        found
    })
}

fn any<R: Typed>(graph: &Graph, is_meant: impl Fn(&R) -> bool) -> bool {
    resources(graph).any(|it| R::of(it).is_some_and(&is_meant))
}

fn has_type(graph: &Graph, types: &[&str]) -> bool {
    let nodes = graph.stacks().flat_map(|stack| graph.nodes_of(stack));
    nodes
        .filter(|(_, node)| !node.is_absent())
        .filter_map(|(_, node)| node.resource.type_name(node.dialect()))
        .any(|of| types.contains(&of))
}

fn resources(graph: &Graph) -> impl Iterator<Item = &Resource> {
    let nodes = graph.stacks().flat_map(|stack| graph.nodes_of(stack));
    nodes
        .filter(|(_, node)| !node.is_absent())
        .map(|(_, node)| &node.resource)
}
