//! Helpers for the tests of a team's own stacks: snapshots that review well, and assertions over
//! the model, which hold for both languages since both are made from it.
//!
//! ```
//! use ssm_synth::resource::{Instance, Vpc};
//! use ssm_synth::testing::{Assertions, Capture, array_with, object_like, string_like};
//! use ssm_synth::{App, SessionAccess};
//!
//! let mut app = App::new();
//! app.stack("Access").apply(SessionAccess::new());
//!
//! let access = Assertions::of(&app, "Access");
//! access.resource_count_is::<Vpc>(1);
//! let size = Capture::new();
//! access.has_resource_properties::<Instance>(object_like([
//!     ("InstanceType", size.into()),
//!     ("Tags", array_with([object_like([("Key", "Name".into()), ("Value", string_like("access-*"))])])),
//! ]));
//! access.every_session_connects();
//! ```

mod assertions;
mod matcher;

#[doc(hidden)]
pub use insta;

use crate::App;
use crate::back;
use crate::resource::Dialect;

pub use assertions::Assertions;
pub use matcher::{
    Capture, Matcher, absent, any, array_with, exactly, not, object_like, string_like,
};

/// A format of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// CloudFormation as JSON.
    Cfn,
    /// CloudFormation as YAML.
    CfnYaml,
    /// Terraform as JSON.
    Tf,
    /// Terraform as HCL.
    Hcl,
}

/// One snapshot: its name and its text.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub name: String,
    pub text: String,
}

/// The snapshots of an app: a document for each stack and format, and a table of ids for each
/// stack.
///
/// # Panics
///
/// If the app has errors, with all of them.
#[doc(hidden)]
#[track_caller]
#[allow(clippy::panic)] // A test that cannot go on says so by panicking.
pub fn snapshots(app: &App, formats: &[Format]) -> Vec<Snapshot> {
    let checked = match app.check() {
        Ok(checked) => checked,
        Err(problems) => panic!("{problems:#}"),
    };
    let mut out = Vec::new();
    for stack in app.graph().stacks() {
        let name = stack.name.as_str();
        for format in formats {
            let template = || back::cfn::template(&checked, name);
            let module = || back::tf::module(&checked, name, back::tf::Role::Root);
            let (end, text) = match format {
                Format::Cfn => ("json", template().map(|it| it.to_json())),
                Format::CfnYaml => ("yaml", template().map(|it| it.to_yaml())),
                Format::Tf => ("tf.json", module().map(|it| it.to_json())),
                Format::Hcl => ("tf", module().map(|it| it.to_hcl())),
            };
            out.push(Snapshot {
                name: format!("{name}.{end}"),
                text: text.unwrap_or_default(),
            });
        }
        let mut ids = String::new();
        for (_, node) in app.graph().nodes_of(stack) {
            let of = node.resource.type_name(Dialect::Tf);
            let address = of.map_or("-".to_owned(), |of| format!("{of}.{}", node.tf_name));
            let id = match node.resource.type_name(Dialect::Cfn) {
                Some(_) => node.cfn_id.as_str(),
                None => "-",
            };
            ids.push_str(&format!("{}: {id}, {address}\n", node.path));
        }
        out.push(Snapshot {
            name: format!("{name}.ids"),
            text: ids,
        });
    }
    out
}

/// Compares an app with its snapshots: a document for each stack and format, and a table of ids
/// for each stack, whose changed lines are replaced resources. The formats are CloudFormation's
/// YAML and HCL unless they are given.
///
/// The snapshots are insta's, and `cargo insta review` reviews them; insta's settings hold.
///
/// ```no_run
/// use ssm_synth::testing::Format;
/// use ssm_synth::{App, SessionAccess, assert_synth_snapshot};
///
/// let mut app = App::new();
/// app.stack("Access").apply(SessionAccess::new());
/// assert_synth_snapshot!(app);
/// assert_synth_snapshot!(app, [Format::Cfn]);
/// ```
#[macro_export]
macro_rules! assert_synth_snapshot {
    ($app:expr $(,)?) => {
        $crate::assert_synth_snapshot!(
            $app,
            [$crate::testing::Format::CfnYaml, $crate::testing::Format::Hcl]
        )
    };
    ($app:expr, [$($format:expr),+ $(,)?] $(,)?) => {
        for snapshot in $crate::testing::snapshots(&$app, &[$($format),+]) {
            $crate::testing::insta::with_settings!({ omit_expression => true }, {
                $crate::testing::insta::assert_snapshot!(snapshot.name.as_str(), snapshot.text);
            });
        }
    };
}
