//! A web application on private instances: public subnets with an internet gateway, and NAT gateways
//! for the instances.

use ssm_synth::construct::{NatGateways, PublicSubnets};
use ssm_synth::prelude::*;
use ssm_synth::resource::SecurityGroupEgress;

/// All IPv4 addresses.
const INTERNET: Cidr = Cidr::v4([0, 0, 0, 0], 0);

fn main() -> Result<(), Diagnostics> {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let network = stack.add("Network", PrivateNetwork::new(Cidr::v4([10, 0, 0, 0], 16)));
    let ranges = [Cidr::v4([10, 0, 128, 0], 24), Cidr::v4([10, 0, 129, 0], 24)];
    let public = PublicSubnets::new(&network, ranges).nat_gateways(NatGateways::PerZone);
    let public = stack.add("Public", public);
    let access = stack.add_inline(SessionAccess::new().network(&public.network));
    let group = access.security_group;
    // The instances can otherwise connect to the endpoints only.
    let to_internet = SecurityGroupEgress::https(group).cidr_ip(INTERNET);
    stack.add(
        "ToInternet",
        to_internet.description("Package repositories"),
    );

    let validated = app.validate()?;
    let module = backend::tf::module(&validated, "Access", backend::tf::ModuleKind::Root);
    let text = match std::env::args().nth(1).as_deref() {
        Some("tf") => module.map(|it| it.to_json()),
        _ => backend::cfn::template(&validated, "Access").map(|it| it.to_json()),
    };
    #[allow(clippy::print_stdout)]
    {
        print!("{}", text.unwrap_or_default());
    }
    Ok(())
}
