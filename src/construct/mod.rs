//! Constructs: what is added to an app, from single resources to the whole pattern.

mod access;
mod arn;
mod audit;
mod duplicates;
mod endpoints;
mod image;
mod instance;
mod instance_role;
mod monitoring;
mod network;
mod operators;
mod patching;
mod preset;
mod scope;
mod sessions;
mod shared;

pub use crate::session_manager::DEFAULT_DOCUMENT;
#[cfg(feature = "config")]
pub(crate) use access::DEFAULT_INSTANCE_NAME;
pub use access::{AccessHandles, SessionAccess};
pub use arn::ArnContext;
pub use audit::{Audit, AuditHandles};
pub(crate) use endpoints::S3_PREFIX_LIST;
pub use endpoints::{EndpointHandles, EndpointZones, Endpoints, ExistingEndpoints, Service};
pub use image::{Architecture, Image, ImageFamily};
pub use instance::{InstanceHandles, InstanceSubnet, PrivateInstance};
pub use instance_role::{InstanceRole, InstanceRoleHandles, Permissions};
pub use monitoring::Monitoring;
pub use network::{ExistingNetwork, NetworkHandles, PrivateNetwork, SubnetHandle, Zones};
pub use operators::{OperatorHandles, OperatorPolicy, Operators, SessionTargets};
pub use patching::{PatchOperation, PatchWindow, Patching};
pub use preset::Preset;
pub use scope::{App, Construct, Overrides, Scope};
#[cfg(feature = "deploy")]
pub(crate) use sessions::DOCUMENT_OUTPUT;
pub use sessions::{SessionBucket, SessionHandles, SessionKey, SessionLogs, Sessions};
