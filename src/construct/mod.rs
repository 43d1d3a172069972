//! Constructs: what is added to an app, from single resources to the whole pattern.

mod access;
mod app;
mod arn;
mod audit;
mod duplicates;
mod endpoints;
mod image;
mod instance;
mod instance_role;
mod monitoring;
mod network;
mod offers;
mod operators;
#[cfg(feature = "config")]
mod option_kind;
#[cfg(feature = "config")]
pub(crate) mod option_types;
pub(crate) mod options;
mod patching;
mod preset;
mod preset_settings;
#[cfg(feature = "config")]
pub(crate) mod reader;
mod scope;
mod service;
mod sessions;
mod shared;
#[cfg(feature = "user-data")]
pub mod user_data;

pub use crate::session_manager::DEFAULT_DOCUMENT;
#[cfg(feature = "config")]
pub(crate) use access::Parts;
pub use access::{AccessHandles, SessionAccess};
pub use app::App;
pub use arn::ArnContext;
pub use audit::{Audit, AuditHandles};
pub use endpoints::{EndpointHandles, EndpointZones, Endpoints};
pub use image::{Architecture, Image, ImageFamily, Package};
#[cfg(feature = "config")]
pub(crate) use instance::DEFAULT_INSTANCE_NAME;
pub use instance::{InstanceHandles, PrivateInstance};
pub use instance_role::{InstanceRole, InstanceRoleHandles, Permissions};
pub use monitoring::Monitoring;
pub use network::{ExistingNetwork, NetworkHandles, PrivateNetwork, SubnetHandle, Zones};
pub use operators::{OperatorHandles, OperatorPolicy, Operators, SessionTargets};
pub use patching::{PatchOperation, PatchWindow, Patching};
pub use preset::Preset;
pub use scope::{Construct, Overrides, Scope};
pub use service::Service;
#[cfg(feature = "deploy")]
pub(crate) use sessions::DOCUMENT_OUTPUT;
pub use sessions::{
    SessionBucket, SessionHandles, SessionKey, SessionLogs, SessionScope, Sessions,
};
