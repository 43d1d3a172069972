//! Constructs: what is added to an app, from single resources to the whole pattern.

mod access;
mod arn;
mod audit;
mod endpoints;
mod given;
mod identity;
mod image;
mod instance;
mod network;
mod operators;
mod patching;
mod profile;
mod scope;
mod sessions;
mod shared;
mod watching;

#[cfg(feature = "config")]
pub(crate) use access::DEFAULT_HOST;
pub use access::{AccessHandles, SessionAccess};
pub use arn::ArnPlace;
pub use audit::{Audit, AuditHandles};
pub(crate) use endpoints::S3_PREFIX_LIST;
pub use endpoints::{EndpointHandles, EndpointZones, Endpoints, ExistingEndpoints, Service};
pub use identity::{Identity, IdentityHandles, Permissions};
pub use image::{Architecture, Image, ImageFamily};
pub use instance::{Host, HostHandles, HostSubnet};
pub use network::{ExistingNetwork, NetworkHandles, PrivateNetwork, SubnetHandle, Zones};
pub use operators::{DEFAULT_DOCUMENT, Instances, OperatorHandles, OperatorPolicy, Operators};
pub use patching::{PatchOperation, PatchWindow, Patching};
pub use profile::Profile;
pub use scope::{App, Construct, Overrides, Scope};
#[cfg(feature = "deploy")]
pub(crate) use sessions::DOCUMENT_OUTPUT;
pub use sessions::{SessionBucket, SessionHandles, SessionKey, SessionLogs, Sessions};
pub use watching::Watching;
