//! The stacks of this team.

use ssm_synth::construct::PrivateInstance;
use ssm_synth::{App, SessionAccess};

/// The app: everything that is deployed.
pub fn app() -> App {
    let mut app = App::new();
    let mut access = app.stack("Access");
    access.description("Private instances, reached through Session Manager");
    access.add_inline(SessionAccess::new().instance(PrivateInstance::new("web")));
    app
}
