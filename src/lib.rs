//! Synthesizes CloudFormation and Terraform for EC2 instances in private subnets that AWS
//! Systems Manager Session Manager reaches.
//!
//! ```text
//!  construct/*  (Rust)      frontend::config
//!         \                      |
//!          +------ ir::Graph ----+
//!                      |
//!          validate::run -> Validated<'_>
//!             /                \
//!   backend::cfn::template   backend::tf::module      lowering: names, types, expressions
//!      /        \            /        \
//!    JSON      YAML        JSON      HCL        printing: text only
//! ```
//!
//! ```
//! use ssm_synth::{App, SessionAccess, backend, construct::PrivateInstance};
//!
//! let mut app = App::new();
//! let mut stack = app.stack("Access");
//! let access = SessionAccess::new().instance(PrivateInstance::new("web"));
//! stack.add_inline(access.instance(PrivateInstance::new("worker")));
//! let validated = app.validate().expect("two instances in the built-in network are sound");
//! let template = backend::cfn::template(&validated, "Access").expect("the stack was just added");
//! assert!(template.to_json().contains("\"WorkerInstance\""));
//! ```

pub mod backend;
#[cfg(feature = "cli")]
pub mod cli;
pub mod construct;
#[cfg(feature = "cli")]
mod convert;
pub mod cost;
#[cfg(feature = "deploy")]
mod deploy;
#[cfg(feature = "report")]
pub mod diagram;
#[cfg(feature = "cli")]
mod diff;
#[cfg(feature = "config")]
pub mod frontend;
pub mod ir;
pub mod reachability;
mod region;
pub mod report;
pub mod resource;
#[cfg(feature = "report")]
pub mod runbook;
mod session_manager;
#[cfg(any(feature = "report", feature = "user-data"))]
mod template;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "user-data")]
pub mod user_data;
pub mod validate;

pub use construct::{App, Construct, Scope, SessionAccess};
pub use ir::{Cidr, Handle, Id, Parameter, Value};
pub use region::{Region, regions};
#[cfg(any(feature = "report", feature = "user-data"))]
pub use template::TemplateError;
