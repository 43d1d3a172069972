//! Facts that no file shows.

use super::hop::Hop;
use super::{HopResult, HopStatus, Reachability};
use crate::ir::{Expr, Value};
use crate::resource::{
    Document, Graph, Resource, S3_PREFIX_LIST, SecurityGroupEgress, Typed, VpcEndpoint,
};
use crate::session_manager::DEFAULT_DOCUMENT;

/// A fact that a verdict can rely on.
struct Assumption {
    text: &'static str,
    /// Whether a verdict relies on it, and nothing in the file contradicts it.
    is_made: fn(&Graph, &Reachability) -> bool,
}

const ALL: &[Assumption] = &[
    Assumption {
        text: "no service control policy or resource control policy denies the calls of the agent",
        is_made: |_, reachability| passes(reachability, Hop::RolePermissions),
    },
    Assumption {
        text: "the instance metadata service is enabled, the default of an account",
        is_made: |graph, reachability| {
            // A result without a property relies on the default.
            let default = |it: &HopResult| it.hop == Hop::Imds && it.at.is_none();
            results(reachability).any(default)
                && !has_type(graph, &["aws_ec2_instance_metadata_defaults"])
        },
    },
    Assumption {
        text: "VPC Block Public Access is disabled, the default of an account",
        is_made: |graph, reachability| {
            passes(reachability, Hop::Route)
                && !has_type(
                    graph,
                    &[
                        "aws_vpc_block_public_access_options",
                        "AWS::EC2::VPCBlockPublicAccessOptions",
                    ],
                )
        },
    },
    Assumption {
        text: "AWS offers the endpoint services in the Availability Zones of the endpoint subnets",
        is_made: |graph, _| any::<VpcEndpoint>(graph, |_| true),
    },
    Assumption {
        text: "a parameter `S3PrefixListId` is the ID of the S3 prefix list of the Region",
        is_made: |graph, _| has_s3_parameter(graph),
    },
    Assumption {
        text: "the account has no session preferences that require encryption or log checks, or each \
               session names another document",
        is_made: |graph, _| {
            !any::<Document>(graph, |document| {
                let name = document.name.as_ref().and_then(Value::lit);
                name.is_some_and(|name| name == DEFAULT_DOCUMENT)
            })
        },
    },
    Assumption {
        text: "no other stack or person changes the resources in this file",
        is_made: |_, _| true,
    },
    Assumption {
        text: "images contain a current agent and no firewall or proxy, as their publishers document",
        is_made: |_, reachability| passes(reachability, Hop::Agent),
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
/// assert!(!made.iter().any(|it| it.contains("Block Public Access")));
/// ```
#[must_use]
pub fn assumptions(graph: &Graph, reachability: &Reachability) -> Vec<&'static str> {
    let made = ALL.iter().filter(|it| (it.is_made)(graph, reachability));
    made.map(|it| it.text).collect()
}

/// Returns whether a hop passes for an instance.
fn passes(reachability: &Reachability, hop: Hop) -> bool {
    results(reachability).any(|it| it.status == HopStatus::Pass && it.hop == hop)
}

fn results(reachability: &Reachability) -> impl Iterator<Item = &HopResult> {
    reachability.instances.iter().flat_map(|it| &it.hops)
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
                Expr::Opaque(text) => text.strip_prefix("parameter ") == Some(S3_PREFIX_LIST),
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
