//! Generates CloudFormation and Terraform for EC2 instances in private subnets that operators reach
//! through AWS Systems Manager Session Manager.
//!
//! ```text
//!  construct/*  (Rust)      frontend::config
//!         \                      |
//!          +--- resource::Graph -+
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
//! let validated = app.validate().expect("two instances in the default network are valid");
//! let template = backend::cfn::template(&validated, "Access").expect("the app has this stack");
//! assert!(template.to_json().contains("\"WorkerInstance\""));
//! ```

pub mod backend;
#[cfg(feature = "cli")]
pub mod cli;
pub mod construct;
#[cfg(feature = "cli")]
mod convert;
#[cfg(feature = "cost")]
pub mod cost;
#[cfg(feature = "deploy")]
mod deploy;
#[cfg(feature = "cli")]
mod deployer;
#[cfg(feature = "report")]
pub mod diagram;
#[cfg(feature = "diff")]
pub mod diff;
#[cfg(feature = "config")]
pub mod frontend;
#[cfg(feature = "cli")]
mod generate;
pub mod ir;
pub mod prelude;
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
mod tsv;
pub mod validate;

#[cfg(feature = "user-data")]
pub use construct::user_data;
pub use construct::{App, Construct, Scope, SessionAccess, Stage};
pub use ir::{Cidr, Handle, Id, Parameter, Value};
pub use region::{Region, regions};
#[cfg(any(feature = "report", feature = "user-data"))]
pub use template::TemplateError;
