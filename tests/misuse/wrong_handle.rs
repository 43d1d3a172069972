use ssm_synth::resource::{RouteTable, SecurityGroup, Vpc};
use ssm_synth::{App, Id};

fn main() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let vpc: Id<Vpc> = Id::new("vpc-0a1b2c3d4e5f60718");
    let group = stack.add("Group", SecurityGroup::new("security group", vpc));
    stack.add("Table", RouteTable::new(group));
}
