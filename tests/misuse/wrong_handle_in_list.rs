use ssm_synth::Id;
use ssm_synth::resource::{Instance, Subnet};

fn main() {
    let subnet: Id<Subnet> = Id::new("subnet-0a1b2c3d4e5f60718");
    let _ = Instance::new("t3.micro", subnet.clone()).security_groups([subnet]);
}
