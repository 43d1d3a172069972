//! Instances in an existing network: parameters specify the VPC and subnets.

use ssm_synth::construct::{ExistingNetwork, PrivateInstance};
use ssm_synth::ir::ListParameter;
use ssm_synth::{App, Parameter, SessionAccess, backend};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let vpc = stack.parameter(Parameter::vpc_id("VpcId").description("VPC of the instances"));
    let subnets = stack.list_parameter(ListParameter::subnet_ids("SubnetIds"));
    let network = ExistingNetwork::new(vpc).subnet_list(&subnets);
    stack.add_inline(
        SessionAccess::new()
            .network(network)
            .instance(PrivateInstance::new("web")),
    );
    let validated = app.validate()?;
    let text = backend::cfn::template(&validated, "Access").map(|template| template.to_yaml());
    #[allow(clippy::print_stdout)]
    {
        print!("{}", text?);
    }
    Ok(())
}
