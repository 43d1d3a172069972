//! Fixes that several hops share.

mod bucket;
mod endpoints;
mod policies;
mod records;
mod rules;
mod s3;

pub(super) use bucket::in_one_layer;
pub(super) use endpoints::{by_nat, endpoints, group_of_endpoints, range_of_instance};
pub(super) use policies::{
    allow, attach, correct, document, in_documents, in_key_policy, in_policy, profile, role,
    trust_policy,
};
pub(super) use records::record;
pub(super) use rules::{Peer, inbound, node, outbound, range};
pub(in crate::reachability) use s3::s3_gateway;
