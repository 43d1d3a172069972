//! Constructs: what is added to an app, from single resources to the whole pattern.

mod access;
mod app;
mod arn;
mod audit;
mod conditions;
mod database;
mod duplicates;
mod endpoint_handles;
mod endpoints;
mod environment;
mod existing_network;
mod image;
mod implied;
mod instance;
mod instance_image;
mod instance_role;
mod monitoring;
mod network;
mod network_handles;
mod offers;
mod operators;
#[cfg(feature = "config")]
mod option_kind;
#[cfg(feature = "config")]
pub(crate) mod option_types;
pub(crate) mod options;
mod overrides;
#[cfg(feature = "config")]
mod parts;
mod patching;
mod preset;
mod preset_settings;
mod public_subnets;
#[cfg(feature = "config")]
pub(crate) mod reader;
mod scope;
mod scope_tags;
mod service;
mod sessions;
mod shared;
mod stack_roles;
mod stage;
#[cfg(feature = "user-data")]
pub mod user_data;
mod zone_names;

pub use crate::resource::instance_type::Architecture;
pub use crate::session_manager::DEFAULT_DOCUMENT;
pub use access::{AccessHandles, SessionAccess};
pub use app::{App, Priority};
pub use arn::ArnContext;
pub use audit::{Audit, AuditHandles};
pub use database::{Database, DatabaseAccess, DatabaseAccessHandles};
pub use endpoint_handles::{CreatedEndpoints, EndpointHandles};
pub use endpoints::{EndpointZones, Endpoints};
pub use existing_network::{ExistingNetwork, Network};
pub use image::{Image, ImageFamily, Package};
#[cfg(feature = "config")]
pub(crate) use instance::DEFAULT_INSTANCE_NAME;
pub use instance::{InstanceHandles, PrivateInstance};
pub use instance_role::{InstanceRole, InstanceRoleHandles, Permissions};
pub use monitoring::Monitoring;
pub use network::{PrivateNetwork, Zones};
pub use network_handles::{CreatedNetwork, NetworkHandles, SubnetHandle};
pub use operators::{OperatorHandles, OperatorPolicy, Operators, SessionTargets};
pub use overrides::{Lifecycle, Overrides};
#[cfg(feature = "config")]
pub(crate) use parts::Parts;
pub use patching::{PatchOperation, PatchWindow, Patching};
pub use preset::Preset;
pub use public_subnets::{NatGateways, PublicSubnetHandles, PublicSubnets};
pub use scope::{Construct, Scope};
pub use service::Service;
#[cfg(feature = "deploy")]
pub(crate) use sessions::DOCUMENT_OUTPUT;
pub use sessions::{
    SessionBucket, SessionHandles, SessionKey, SessionLogs, SessionScope, Sessions,
};
pub use stage::Stage;
