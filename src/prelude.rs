//! What most stacks use: `use ssm_synth::prelude::*;`.
//!
//! ```
//! use ssm_synth::prelude::*;
//!
//! let mut app = App::new();
//! let network = PrivateNetwork::new(Cidr::v4([10, 20, 0, 0], 16)).zones(3);
//! let web = PrivateInstance::new("web").image(ImageFamily::Ubuntu2404).root_volume_size(40);
//! app.stack("Access").add_inline(SessionAccess::new().network(network).instance(web));
//! assert!(app.validate().is_ok());
//! ```

pub use serde_json::json;

pub use crate::construct::{
    App, Audit, Construct, Endpoints, ExistingNetwork, Image, ImageFamily, InstanceRole, Lifecycle,
    Monitoring, NetworkHandles, Operators, Patching, Permissions, PrivateInstance, PrivateNetwork,
    Scope, SessionAccess, SessionBucket, SessionLogs, Sessions, Stage,
};
pub use crate::ir::{
    Attr, Cidr, Diagnostic, Diagnostics, Dialect, Expr, Handle, Id, IntoValue, ListParameter,
    Parameter, Value,
};
pub use crate::region::Region;
pub use crate::resource::{
    self, Graph, PolicyDocument, Principal, RawBlock, RawResource, RawValue, RemovalPolicy,
    Statement, Typed,
};
pub use crate::{backend, reachability};
