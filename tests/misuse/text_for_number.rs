use ssm_synth::Id;
use ssm_synth::resource::SecurityGroupIngress;

fn main() {
    let _ = SecurityGroupIngress::new(Id::new("sg-0a1b2c3d4e5f60718"), "tcp").from_port("https");
}
