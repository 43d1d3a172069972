//! The handles of endpoints.

use super::service::Service;
use crate::ir::{Handle, Link, NodeId};
use crate::resource::{PrefixList, SecurityGroup, VpcEndpoint};

/// The endpoints, for the parts that use them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EndpointHandles {
    /// The group of those created, if there are any.
    pub security_group: Option<Link<SecurityGroup>>,
    /// The group of those that exist already, if there are any.
    pub existing_security_group: Option<Link<SecurityGroup>>,
    /// S3's prefix list, where there is a gateway.
    pub s3_prefix_list: Option<Link<PrefixList>>,
    /// What an instance waits for.
    pub ready: Vec<NodeId>,
    /// The resources of the endpoints that the stack creates.
    pub created: CreatedEndpoints,
}

/// The resources of new endpoints.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CreatedEndpoints {
    /// The interface endpoints by service.
    pub interfaces: Vec<(Service, Handle<VpcEndpoint>)>,
    /// Their security group.
    pub security_group: Option<Handle<SecurityGroup>>,
    /// The S3 gateway endpoint.
    pub s3_gateway: Option<Handle<VpcEndpoint>>,
}

impl CreatedEndpoints {
    /// Returns the interface endpoint of a service such as `ssm`, if the stack creates it.
    pub fn interface(&self, service: &str) -> Option<Handle<VpcEndpoint>> {
        let mut all = self.interfaces.iter();
        all.find(|(of, _)| of.as_str() == service)
            .map(|(_, it)| *it)
    }
}
