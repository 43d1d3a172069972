use ssm_synth::construct::{NetworkHandles, PrivateNetwork, PublicSubnets};
use ssm_synth::resource::Vpc;

fn public(network: &NetworkHandles) {
    let _ = PrivateNetwork::new("10.0.0.0/16");
    let _ = PublicSubnets::new(network, ["10.0.0.0/24"]);
    let _ = Vpc::new("10.0.0.0/16");
}

fn main() {}
