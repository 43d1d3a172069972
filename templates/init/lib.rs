//! The stacks of the team.

use ssm_synth::construct::PrivateInstance;
use ssm_synth::{App, SessionAccess};

/// Returns the app with all stacks.
pub fn app() -> App {
    let mut app = App::new();
    let mut access = app.stack("Access");
    access.description("Private instances, reached through Session Manager");
    access.add_inline(SessionAccess::new().instance(PrivateInstance::new("web")));
    app
}
