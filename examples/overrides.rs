//! Every way to set what the model does not support. All of them are checked: a name that a type does
//! not have is an error at its line.

use ssm_synth::prelude::*;
use ssm_synth::resource::VpcEndpoint;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    stack.provider_alias("backup", "eu-west-1");
    let access = stack.add_inline(SessionAccess::new());
    let instance = access.instances[0].instance;

    stack
        .overrides(instance)
        // CloudFormation: properties by JSON pointer, and attributes beside them.
        .cfn("/CreditSpecification", json!({ "CPUCredits": "standard" }))
        .cfn("/CpuOptions/CoreCount", 1)
        .cfn_append("/Tags", json!({ "Key": "Owner", "Value": "core" }))
        .cfn_remove("/PropagateTagsToVolumeOnCreation")
        .cfn_attribute("/Metadata/Team", "core")
        // Terraform: an object is a block where the provider has one.
        .tf(
            "/credit_specification",
            json!({ "cpu_credits": "standard" }),
        )
        .tf("/cpu_options/core_count", 1)
        .tf("/tags/Owner", "core")
        .tf_block(
            "/ephemeral_block_device",
            json!({ "device_name": "/dev/sdb", "no_device": true }),
        )
        .tf_remove("/volume_tags")
        .tf("/timeouts/create", "20m")
        .lifecycle(
            Lifecycle::new()
                .create_before_destroy(true)
                .ignore_changes(["user_data", "tags[\"Owner\"]"]),
        );

    // A resource that a construct made, by its path.
    let ssm = stack.find::<VpcEndpoint>("Endpoints/Ssm");
    if let Ok(ssm) = ssm {
        stack
            .overrides(ssm)
            .cfn("/IpAddressType", "ipv4")
            .tf("/ip_address_type", "ipv4");
    }

    // A copy in another Region, by the provider with that alias.
    let copy = RawResource::new()
        .tf("aws_ssm_parameter")
        .argument("name", "/access/instance")
        .argument("type", "String")
        .argument("value", instance);
    let copy = stack.add("Copy", copy);
    stack.overrides(copy).provider("backup");

    let validated = app.validate()?;
    let module = || backend::tf::module(&validated, "Access", backend::tf::ModuleKind::Root);
    let text = match std::env::args().nth(1).as_deref() {
        Some("hcl") => module().map(|it| it.to_hcl()),
        Some("tf") => module().map(|it| it.to_json()),
        _ => backend::cfn::template(&validated, "Access").map(|it| it.to_json()),
    };
    #[allow(clippy::print_stdout)]
    {
        print!("{}", text?);
    }
    Ok(())
}
