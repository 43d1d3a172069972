//! Test helpers for your stacks: readable snapshots, and assertions about what is printed. Properties
//! have the names of CloudFormation, or those of Terraform after
//! [`in_language`](Assertions::in_language).
//!
//! ```
//! use ssm_synth::resource::{Instance, Vpc};
//! use ssm_synth::testing::{Assertions, Capture, array_with, object_like, string_like};
//! use ssm_synth::{App, SessionAccess};
//!
//! let mut app = App::new();
//! app.stack("Access").add_inline(SessionAccess::new());
//!
//! let access = Assertions::of(&app, "Access");
//! access.resource_count_is::<Vpc>(1);
//! let size = Capture::new();
//! access.has_resource_properties::<Instance>(object_like([
//!     ("InstanceType", size.into()),
//!     ("Tags", array_with([object_like([("Key", "Name".into()), ("Value", string_like("main*"))])])),
//! ]));
//! access.all_instances_reachable();
//! ```

mod assertions;
mod matcher;
mod names;
mod printed;
mod reachability;

#[doc(hidden)]
pub use insta;

use crate::App;
use crate::backend;

pub use crate::backend::Format;
pub use assertions::Assertions;
pub use matcher::{
    Capture, Matcher, absent, any, array_with, exactly, not, object_like, string_like,
};

/// A snapshot.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub name: String,
    pub text: String,
}

/// Returns the snapshots of an app: a document for each stack and format, and a table of IDs for
/// each stack.
///
/// # Panics
///
/// If the app has errors (prints all of them), or is not for the language of a format.
#[doc(hidden)]
#[track_caller]
#[allow(clippy::panic)] // A failing assertion panics.
pub fn snapshots(app: &App, formats: Option<&[Format]>) -> Vec<Snapshot> {
    let validated = match app.validate() {
        Ok(validated) => validated,
        Err(diagnostics) => panic!("{diagnostics}"),
    };
    let snapshots = match backend::snapshots(&validated, formats) {
        Ok(snapshots) => snapshots,
        Err(error) => panic!("{error}"),
    };
    snapshots
        .into_iter()
        .map(|(name, text)| Snapshot { name, text })
        .collect()
}

/// Compares an app with its snapshots: a document for each stack and format, and a table of IDs
/// for each stack. A changed line in a table of IDs means that a resource is replaced. The default
/// formats are CloudFormation YAML and HCL, or the one of the language that
/// [`App::set_language`](crate::App::set_language) sets.
///
/// The snapshots belong to `insta`: its settings apply, and you review them with
/// `cargo insta review`. Apps whose stacks have the same names need its setting `snapshot_suffix`.
///
/// ```no_run
/// use ssm_synth::testing::Format;
/// use ssm_synth::{App, SessionAccess, assert_synth_snapshot};
///
/// let mut app = App::new();
/// app.stack("Access").add_inline(SessionAccess::new());
/// assert_synth_snapshot!(app);
/// assert_synth_snapshot!(app, [Format::Cfn]);
/// ```
#[macro_export]
macro_rules! assert_synth_snapshot {
    ($app:expr $(,)?) => {
        $crate::assert_synth_snapshot!(@ $app, ::core::option::Option::None)
    };
    ($app:expr, [$($format:expr),+ $(,)?] $(,)?) => {
        $crate::assert_synth_snapshot!(@ $app, ::core::option::Option::Some(&[$($format),+]))
    };
    (@ $app:expr, $formats:expr) => {
        for snapshot in $crate::testing::snapshots(&$app, $formats) {
            $crate::testing::insta::with_settings!({ omit_expression => true }, {
                $crate::testing::insta::assert_snapshot!(snapshot.name.as_str(), snapshot.text);
            });
        }
    };
}
