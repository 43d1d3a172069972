//! Instances of different types in different subnets.

use ssm_synth::construct::{Image, ImageFamily, PrivateInstance, PrivateNetwork, Zones};
use ssm_synth::{App, Cidr, SessionAccess, backend};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cidr: Cidr = "10.20.0.0/16".parse()?;
    let pattern = SessionAccess::new()
        .network(PrivateNetwork::new(cidr).zones(Zones::Count(3)))
        .instance(PrivateInstance::new("web").instance_type("t4g.small"))
        .instance(
            PrivateInstance::new("worker")
                .subnet_index(1)
                .tags([("Tier", "back")]),
        )
        .instance(
            PrivateInstance::new("windows")
                .image(Image::Latest(ImageFamily::WindowsServer2025))
                .instance_type("t3.large")
                .subnet_index(2),
        );
    let mut app = App::new();
    app.stack("Access").add_inline(pattern);
    let validated = app.validate()?;
    let text = backend::tf::module(&validated, "Access", backend::tf::ModuleKind::Root)
        .map(|it| it.to_hcl());
    #[allow(clippy::print_stdout)]
    {
        print!("{}", text?);
    }
    Ok(())
}
