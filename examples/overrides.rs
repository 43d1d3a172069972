//! Properties that the model does not support.

use serde_json::json;
use ssm_synth::{App, SessionAccess, backend};

fn main() -> Result<(), ssm_synth::ir::Diagnostics> {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let access = stack.add_inline(SessionAccess::new());
    stack
        .overrides(access.instances[0].instance)
        .cfn("/CreditSpecification", json!({ "CPUCredits": "standard" }))
        .tf("/credit_specification/cpu_credits", "standard");
    let validated = app.validate()?;
    let template = backend::cfn::template(&validated, "Access").map(|template| template.to_json());
    let module = backend::tf::module(&validated, "Access", backend::tf::ModuleKind::Root)
        .map(|it| it.to_hcl());
    let text = if std::env::args().nth(1).as_deref() == Some("hcl") {
        module
    } else {
        template
    };
    #[allow(clippy::print_stdout)]
    {
        print!("{}", text.unwrap_or_default());
    }
    Ok(())
}
