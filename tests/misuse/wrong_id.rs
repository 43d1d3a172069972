use ssm_synth::Id;
use ssm_synth::resource::{Instance, Vpc};

fn main() {
    let vpc: Id<Vpc> = Id::new("vpc-0a1b2c3d4e5f60718");
    let _ = Instance::new("t3.micro", vpc);
}
