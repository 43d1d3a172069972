//! Synthesizes CloudFormation and Terraform for EC2 instances in private subnets that AWS
//! Systems Manager Session Manager reaches.
//!
//! ```text
//!  construct/*  (Rust)      front::config
//!         \                      |
//!          +------ ir::Graph ----+
//!                      |
//!          check::run -> Checked<'_>
//!             /                \
//!   back::cfn::template   back::tf::module      lowering: names, types, expressions
//!      /        \            /        \
//!    JSON      YAML        JSON      HCL        printing: text only
//! ```
//!
//! ```
//! use ssm_synth::{App, SessionAccess, back, construct::Host};
//!
//! let mut app = App::new();
//! let mut stack = app.stack("Access");
//! stack.apply(SessionAccess::new().host(Host::new("web")).host(Host::new("worker")));
//! let checked = app.check().expect("two instances in the built-in network are sound");
//! let template = back::cfn::template(&checked, "Access").expect("the stack was just added");
//! assert!(template.to_json().contains("\"WorkerInstance\""));
//! ```

pub mod back;
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod construct;
#[cfg(feature = "cli")]
mod convert;
pub mod cost;
#[cfg(feature = "deploy")]
mod deploy;
#[cfg(feature = "cli")]
mod diff;
#[cfg(feature = "config")]
pub mod front;
pub mod ir;
#[cfg(feature = "report")]
pub mod picture;
pub mod reach;
mod region;
pub mod report;
pub mod resource;
#[cfg(feature = "report")]
pub mod runbook;
#[cfg(any(feature = "report", feature = "user-data"))]
mod template;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "user-data")]
pub mod user_data;

pub use construct::{App, Construct, Scope, SessionAccess};
pub use ir::{Cidr, Id, Parameter, Ref, Value};
pub use region::{Region, regions};
#[cfg(any(feature = "report", feature = "user-data"))]
pub use template::TemplateError;
