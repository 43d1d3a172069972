use ssm_synth::{App, backend};

fn main() {
    let app = App::new();
    let _ = backend::cfn::template(app.graph(), "Access");
}
