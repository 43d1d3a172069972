use ssm_synth::{App, back};

fn main() {
    let app = App::new();
    let _ = back::cfn::template(app.graph(), "Access");
}
