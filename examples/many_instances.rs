//! Several instances, of several kinds, in several zones.

use ssm_synth::construct::{Host, HostSubnet, Image, ImageFamily, PrivateNetwork, Zones};
use ssm_synth::{App, Cidr, SessionAccess, backend};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cidr: Cidr = "10.20.0.0/16".parse()?;
    let pattern = SessionAccess::new()
        .network(PrivateNetwork::new(cidr).zones(Zones::Count(3)))
        .host(Host::new("web").instance_type("t4g.small"))
        .host(
            Host::new("worker")
                .subnet(HostSubnet::Nth(1))
                .tags([("Tier", "back")]),
        )
        .host(
            Host::new("windows")
                .image(Image::Newest(ImageFamily::WindowsServer2025))
                .instance_type("t3.large")
                .subnet(HostSubnet::Nth(2)),
        );
    let mut app = App::new();
    app.stack("Access").apply(pattern);
    let checked = app.check()?;
    let text =
        backend::tf::module(&checked, "Access", backend::tf::Role::Root).map(|it| it.to_hcl());
    #[allow(clippy::print_stdout)]
    {
        print!("{}", text.unwrap_or_default());
    }
    Ok(())
}
