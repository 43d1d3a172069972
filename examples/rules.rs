//! Aspects that change all resources, rules that check them, and a suppression with its reason.

use ssm_synth::prelude::*;
use ssm_synth::resource::{Instance, LogGroup};

/// Adds the rules of the platform team. Where the call is does not matter: they run at validation.
fn platform_rules(app: &mut App) {
    // Changes come first, by priority: the lowest number first, 500 without one.
    app.tags([("CostCenter", "4711"), ("Team", "core")]);
    app.update_all::<Instance>(|_path, instance| {
        *instance = instance.clone().monitoring(true);
    });
    app.update_all::<LogGroup>(|_path, group| {
        if group.retention_in_days.is_none() {
            *group = group.clone().retention_in_days(90);
        }
    })
    .priority(100);
    app.add_rule(|graph, out| {
        for (_, node, instance) in graph.all::<Instance>() {
            if instance
                .instance_type
                .lit()
                .is_none_or(|it| !it.starts_with("t4g."))
            {
                let found = node.error("team-instance-type", "instance type is not `t4g`");
                out.push(found.help("use a type such as `t4g.small`"));
            }
        }
    });
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut app = App::new();
    platform_rules(&mut app);
    let mut stack = app.stack("Access");
    let windows = PrivateInstance::new("windows")
        .image(ImageFamily::WindowsServer2025)
        .instance_type("t3.large");
    let access = stack.add_inline(
        SessionAccess::new()
            .instance(PrivateInstance::new("web").instance_type("t4g.small"))
            .instance(windows),
    );
    let windows = access.instances[1].instance;
    let reason = "Windows Server does not run on arm64";
    stack.suppress_rule_for(windows, "team-instance-type", reason);
    let validated = app.validate()?;
    let text = backend::cfn::template(&validated, "Access").map(|template| template.to_json());
    #[allow(clippy::print_stdout)]
    {
        print!("{}", text?);
    }
    Ok(())
}
