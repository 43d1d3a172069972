//! The default stack as CloudFormation, or in the format of the first argument.

use ssm_synth::{App, SessionAccess, backend};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut app = App::new();
    app.stack("Access").add_inline(SessionAccess::new());
    let validated = app.validate()?;
    let template = backend::cfn::template(&validated, "Access");
    let module = backend::tf::module(&validated, "Access", backend::tf::ModuleKind::Root);
    let text = match std::env::args().nth(1).as_deref() {
        Some("cfn-yaml") => template.map(|it| it.to_yaml()),
        Some("tf") => module.map(|it| it.to_json()),
        Some("hcl") => module.map(|it| it.to_hcl()),
        _ => template.map(|it| it.to_json()),
    };
    #[allow(clippy::print_stdout)]
    {
        print!("{}", text?);
    }
    Ok(())
}
