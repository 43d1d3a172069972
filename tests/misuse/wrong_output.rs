use ssm_synth::{App, testing::object_like};

struct Mine;

fn main() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    stack.output("Mine", Mine, "My value");
    stack.add("Mine", Mine);
    let _ = app.graph().all::<Mine>().count();
    let _ = object_like([("Name", Mine.into())]);
}
