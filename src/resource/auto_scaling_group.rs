use super::table::{nested, resource};
use super::{Hooks, LaunchConfiguration, LaunchTemplate, LaunchTemplateSpecification, Subnet};
use crate::ir::{Attr, Link, Text, Value};

nested! {
    /// The launch template of mixed instances.
    pub struct MixedLaunchTemplate
    opt {
        /// The template by its id.
        launch_template: Link<LaunchTemplate> = "LaunchTemplateId" / "launch_template_id",
        /// The template by its name.
        name: Value<Text> = "LaunchTemplateName" / "launch_template_name",
        /// The version's number.
        version: Value<Text> = "Version" / "version",
    }
}

nested! {
    /// Another type of mixed instances, which may have a launch template of its own.
    pub struct MixedOverride
    opt {
        /// The type.
        instance_type: Value<Text> = "InstanceType" / "instance_type",
        /// Its launch template. Default: that of the group.
        launch_template: MixedLaunchTemplate =
            "LaunchTemplateSpecification" / "launch_template_specification",
    }
}

resource! {
    /// A group of like instances.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-autoscaling-autoscalinggroup.html>
    pub struct AutoScalingGroup: "AWS::AutoScaling::AutoScalingGroup" / "aws_autoscaling_group",
        link Attr::by_ref("name"),
        import "AutoScalingGroupName" / "{name}";
    opt {
        /// What its instances are. Default: see the other two.
        launch_template: LaunchTemplateSpecification = "LaunchTemplate" / "launch_template",
        /// What its instances are, where their types are mixed.
        mixed_launch_template: MixedLaunchTemplate =
            "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification"
            / "mixed_instances_policy.launch_template.launch_template_specification",
        /// What its instances are, the old way.
        launch_configuration: Link<LaunchConfiguration> =
            "LaunchConfigurationName" / "launch_configuration",
        /// An instance that its own are like.
        instance: Value<Text> = "InstanceId" / "",
        /// The most instances that it has.
        max_size: Value<i64> = "MaxSize" / "max_size",
        /// The fewest instances that it has.
        min_size: Value<i64> = "MinSize" / "min_size",
        /// How many instances it begins with. Default: the fewest.
        desired_capacity: Value<i64> = "DesiredCapacity" / "desired_capacity",
    }
    many {
        /// Where its instances are. Default: in the default VPC.
        subnets: Link<Subnet> = "VPCZoneIdentifier" / "vpc_zone_identifier",
        /// Other types among mixed instances. Default: none.
        mixed_overrides: MixedOverride =
            "MixedInstancesPolicy.LaunchTemplate.Overrides"
            / "mixed_instances_policy.launch_template.override",
        /// The zones, in the default VPC. Default: the subnets'.
        availability_zones: Value<Text> = "AvailabilityZones" / "availability_zones",
    }
}

impl Hooks for AutoScalingGroup {}
