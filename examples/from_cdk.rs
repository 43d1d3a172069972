//! Moves an instance from a template of the AWS CDK. It keeps its logical ID, so CloudFormation
//! updates it in place, and the check compares the session before and after.

use ssm_synth::frontend::{Input, cfn::Deployment};
use ssm_synth::prelude::*;
use ssm_synth::reachability::{Assumptions, Reachability};
use ssm_synth::resource::{Instance, InstanceProfile, SecurityGroup, Subnet};

/// A part of the output of `cdk synth`: the instance has no instance profile.
const TEMPLATE: &str = r#"{
  "Resources": {
    "WebInstance3A2B1F4C": {
      "Type": "AWS::EC2::Instance",
      "Properties": {
        "InstanceType": "t3.micro",
        "ImageId": "ami-0a1b2c3d4e5f60718",
        "SubnetId": "subnet-0a1b2c3d4e5f60718",
        "SecurityGroupIds": ["sg-0a1b2c3d4e5f60718"]
      },
      "Metadata": { "aws:cdk:path": "Team/Web/Instance/Resource" }
    }
  }
}"#;

/// The instance of the template, with the role that it lacked.
struct Web;

impl Construct for Web {
    type Handle = Handle<Instance>;

    fn build(self, scope: &mut Scope<'_>) -> Handle<Instance> {
        let role = scope.add("Role", InstanceRole::new(Permissions::ManagedInstanceCore));
        let profile: Handle<InstanceProfile> = role.instance_profile;
        let subnet: Id<Subnet> = Id::new("subnet-0a1b2c3d4e5f60718");
        let group: Id<SecurityGroup> = Id::new("sg-0a1b2c3d4e5f60718");
        let instance = Instance::new("t3.micro", subnet)
            .image(Id::new("ami-0a1b2c3d4e5f60718"))
            .security_groups([group])
            .iam_instance_profile(profile);
        let instance = scope.add("Instance", instance);
        // The logical ID of the CDK, with its hash.
        scope.overrides(instance).logical_id("WebInstance3A2B1F4C");
        instance
    }
}

fn verdict(of: &str, checked: &Reachability) -> String {
    let line = |it: &reachability::InstanceReachability| {
        let hop = it
            .failing_hop()
            .map_or(String::new(), |hop| format!(" at {hop}"));
        format!("{of}: {}{hop}\n", it.verdict)
    };
    checked.instances.iter().map(line).collect()
}

fn main() -> Result<(), Diagnostics> {
    let assumptions = Assumptions::new().agent(true);
    let before = Input::read("Team.template.json", TEMPLATE, None, &Deployment::default())?;
    let checks = before.graphs.iter();
    let checks = checks.map(|it| reachability::check(it, &assumptions));
    let mut text = verdict("before", &reachability::merge(checks.collect()));

    let mut app = App::new();
    let mut stack = app.stack("Team");
    stack.set_region("eu-central-1");
    let web = stack.add("Web", Web);
    let validated = app.validate()?;
    let graph = validated.graph();
    text.push_str(&verdict("after", &reachability::check(graph, &assumptions)));
    let id = graph.node(web.node()).map_or("", |node| node.cfn_id());
    text.push_str(&format!("logical ID: {id}\n"));
    #[allow(clippy::print_stdout)]
    {
        print!("{text}");
    }
    Ok(())
}
