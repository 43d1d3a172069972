//! One construct in two Regions and two accounts: each stack has its own, and one Terraform root
//! module has a provider for each.

use ssm_synth::prelude::*;

/// The access of a team, with the values that differ between Regions.
struct TeamAccess {
    cidr: Cidr,
    instances: &'static [&'static str],
}

impl Construct for TeamAccess {
    type Handle = ();

    fn build(self, scope: &mut Scope<'_>) {
        let network = PrivateNetwork::new(self.cidr);
        let mut access = SessionAccess::new().network(network);
        for name in self.instances.iter().copied() {
            access = access.instance(PrivateInstance::new(name));
        }
        scope.add_inline(access);
    }
}

fn main() -> Result<(), Diagnostics> {
    let mut app = App::new();
    let mut europe = app.stack("Europe");
    europe.set_region("eu-central-1");
    europe.set_account("111122223333");
    europe.add_inline(TeamAccess {
        cidr: Cidr::v4([10, 1, 0, 0], 16),
        instances: &["web", "worker"],
    });
    let mut america = app.stack("America");
    america.set_region("us-east-1");
    america.set_account("444455556666");
    america.add_inline(TeamAccess {
        cidr: Cidr::v4([10, 2, 0, 0], 16),
        instances: &["web"],
    });
    let validated = app.validate()?;
    let text = match std::env::args().nth(1).as_deref() {
        // The stacks of each Region are judged apart from those of the other.
        Some("check") => {
            let assumptions = reachability::Assumptions::default();
            let checked = reachability::check(app.graph(), &assumptions);
            let line = |it: &reachability::InstanceReachability| {
                let node = app
                    .graph()
                    .node(it.node)
                    .map_or("", |node| node.path.as_str());
                format!("{node}: {}\n", it.verdict)
            };
            checked.instances.iter().map(line).collect()
        }
        _ => backend::tf::root(&validated).map_or(String::new(), |it| it.to_hcl()),
    };
    #[allow(clippy::print_stdout)]
    {
        print!("{text}");
    }
    Ok(())
}
