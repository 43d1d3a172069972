use ssm_synth::resource::RouteTable;

fn main() {
    let _ = RouteTable::new();
}
