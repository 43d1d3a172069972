//! The same stacks for development and production, with different values.

use ssm_synth::prelude::*;

/// What differs between the stages.
struct Sizes {
    zones: u32,
    instance_type: &'static str,
    instances: usize,
}

/// The stacks of a stage: a network, and the access in it.
fn stacks(mut stage: Stage<'_>, sizes: &Sizes) {
    let network = PrivateNetwork::new(Cidr::v4([10, 30, 0, 0], 16)).zones(sizes.zones);
    let network = stage.stack("Network").add_inline(network);
    let mut access = SessionAccess::new().network(&network);
    for n in 0..sizes.instances {
        let web = PrivateInstance::new(format!("web{n}")).instance_type(sizes.instance_type);
        access = access.instance(web);
    }
    stage.stack("Access").add_inline(access);
}

fn main() -> Result<(), Diagnostics> {
    let mut app = App::new();
    let dev = app.stage("Dev").region("eu-central-1");
    stacks(
        dev.tags([("Stage", "dev")]),
        &Sizes {
            zones: 1,
            instance_type: "t4g.micro",
            instances: 1,
        },
    );
    let prod = app
        .stage("Prod")
        .region("eu-central-1")
        .account("111122223333");
    stacks(
        prod.tags([("Stage", "prod")]),
        &Sizes {
            zones: 2,
            instance_type: "m7g.large",
            instances: 2,
        },
    );
    let validated = app.validate()?;
    let name = std::env::args().nth(1);
    // Each stack is a template of its own, and has a snapshot of its own in tests.
    let text = match name.as_deref() {
        None => format!("{}\n", validated.deployment_order().join("\n")),
        Some(stack) => {
            backend::cfn::template(&validated, stack).map_or(String::new(), |it| it.to_json())
        }
    };
    #[allow(clippy::print_stdout)]
    {
        print!("{text}");
    }
    Ok(())
}
