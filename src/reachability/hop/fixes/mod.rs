//! Fixes that several hops share.

mod endpoints;
mod image;
mod policies;
mod rules;
mod s3;

pub(super) use endpoints::{by_nat, endpoints, group_of_endpoints, range_of_instance};
pub(super) use image::image;
pub(super) use policies::{
    allow, attach, document, in_documents, in_policy, profile, role, trust_policy,
};
pub(super) use rules::{Peer, inbound, node, outbound, range};
pub(super) use s3::s3_gateway;
