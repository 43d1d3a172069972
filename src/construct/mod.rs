//! Constructs: what is added to an app, from single resources to the whole pattern.

mod access;
mod endpoints;
mod given;
mod identity;
mod image;
mod instance;
mod network;
mod operators;
mod scope;

#[cfg(feature = "config")]
pub(crate) use access::DEFAULT_HOST;
pub use access::{AccessHandles, SessionAccess};
pub use endpoints::{EndpointHandles, EndpointZones, Endpoints, ExistingEndpoints, Service};
pub use identity::{Identity, IdentityHandles, Permissions};
pub use image::{Architecture, Image, ImageFamily};
pub use instance::{Host, HostHandles, HostSubnet};
pub use network::{ExistingNetwork, NetworkHandles, PrivateNetwork, SubnetHandle, Zones};
pub use operators::{ArnPlace, DEFAULT_DOCUMENT, Instances, OperatorPolicy};
pub use scope::{App, Construct, Overrides, Scope};
