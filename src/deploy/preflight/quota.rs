//! Quotas that a new stack can exceed.

use std::fmt;

use serde_json::Value as Json;

use crate::resource::{EndpointType, Graph, Typed, VpcEndpoint};

/// A quota of Amazon VPC, with the number of resources that the stack adds.
///
/// From <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html> and
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html>.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Quota {
    Vpcs(usize),
    GatewayEndpoints(usize),
    InterfaceEndpoints { vpc: String, new: usize },
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Quota::Vpcs(_) => f.write_str("VPCs in this Region"),
            Quota::GatewayEndpoints(_) => f.write_str("gateway endpoints in this Region"),
            Quota::InterfaceEndpoints { vpc, .. } => {
                write!(f, "interface endpoints in VPC `{vpc}`")
            }
        }
    }
}

impl Quota {
    /// Returns the quotas that the creation of a stack touches. A new VPC has room for its own endpoints.
    pub(super) fn of(
        graph: &Graph,
        vpcs: usize,
        gateways: usize,
        is_new: bool,
    ) -> impl Iterator<Item = Quota> {
        let mut found = Vec::new();
        if is_new && vpcs > 0 {
            found.push(Quota::Vpcs(vpcs));
        }
        if is_new && gateways > 0 {
            found.push(Quota::GatewayEndpoints(gateways));
        }
        let endpoints = graph.nodes().filter_map(|(_, node)| {
            let endpoint = VpcEndpoint::of(&node.resource)?;
            let is_interface = endpoint.vpc_endpoint_type.lit() == Some(&EndpointType::Interface);
            is_interface.then_some(())?;
            Some(endpoint.vpc.lit()?.as_str().to_owned())
        });
        let mut existing: Vec<String> = endpoints.filter(|_| is_new).collect();
        existing.sort();
        while let Some(vpc) = existing.first().cloned() {
            let before = existing.len();
            existing.retain(|it| *it != vpc);
            let new = before - existing.len();
            found.push(Quota::InterfaceEndpoints { vpc, new });
        }
        found.into_iter()
    }

    pub(super) fn code(&self) -> &'static str {
        match self {
            Quota::Vpcs(_) => "L-F678F1CE",
            Quota::GatewayEndpoints(_) => "L-1B52E74A",
            Quota::InterfaceEndpoints { .. } => "L-29B6F2EB",
        }
    }

    /// Returns the quota of each account, below which nobody needs to ask for it.
    pub(super) fn default(&self) -> usize {
        match self {
            Quota::Vpcs(_) => 5,
            Quota::GatewayEndpoints(_) => 20,
            Quota::InterfaceEndpoints { .. } => 50,
        }
    }

    /// Returns the call that lists what counts.
    pub(super) fn call(&self) -> Vec<String> {
        match self {
            Quota::Vpcs(_) => vec!["ec2".to_owned(), "describe-vpcs".to_owned()],
            Quota::GatewayEndpoints(_) => {
                let filter = "Name=vpc-endpoint-type,Values=Gateway".to_owned();
                vec![
                    "ec2".into(),
                    "describe-vpc-endpoints".into(),
                    "--filters".into(),
                    filter,
                ]
            }
            Quota::InterfaceEndpoints { vpc, .. } => vec![
                "ec2".into(),
                "describe-vpc-endpoints".into(),
                "--filters".into(),
                format!("Name=vpc-id,Values={vpc}"),
                "Name=vpc-endpoint-type,Values=Interface".into(),
            ],
        }
    }

    /// Returns the number after the deployment.
    pub(super) fn count(&self, response: &Json) -> usize {
        let (key, new) = match self {
            Quota::Vpcs(new) => ("Vpcs", new),
            Quota::GatewayEndpoints(new) | Quota::InterfaceEndpoints { new, .. } => {
                ("VpcEndpoints", new)
            }
        };
        response[key].as_array().map_or(0, Vec::len) + new
    }
}
