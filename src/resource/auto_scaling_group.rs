use super::launch_template::invalid_template;
use super::table::{nested, resource};
use super::{
    Hooks, InvalidValue, LaunchConfiguration, LaunchTemplate, LaunchTemplateSpecification, Map,
    Subnet,
};
use crate::ir::{Attr, Dialect, Link, Text, Value};

nested! {
    /// The launch template of a mixed instances policy.
    pub struct MixedLaunchTemplate
    opt {
        /// The launch template, by ID.
        launch_template: Link<LaunchTemplate> = "LaunchTemplateId" / doc "launch_template_id",
        /// The launch template, by name.
        name: Value<Text> = "LaunchTemplateName" / doc "launch_template_name",
        /// The version number.
        version: Value<Text> = "Version" / "version",
    }
}

nested! {
    /// An additional instance type of a mixed instances policy.
    pub struct MixedOverride
    opt {
        /// The instance type.
        instance_type: Value<Text> = "InstanceType" / "instance_type",
        /// The launch template of this type. Default: that of the policy.
        launch_template: MixedLaunchTemplate =
            "LaunchTemplateSpecification" / "launch_template_specification",
    }
    inert {
        "InstanceRequirements" / "instance_requirements" = "only the instance type",
        "WeightedCapacity" / "weighted_capacity" = "only the capacity",
    }
}

nested! {
    /// A tag of an Auto Scaling group.
    pub struct GroupTag
    one {
        /// The key.
        key: Value<Text> = "Key" / "key",
        /// The value.
        value: Value<Text> = "Value" / "value",
        /// Whether the instances get the tag.
        propagate_at_launch: Value<bool> = "PropagateAtLaunch" / "propagate_at_launch",
    }
}

resource! {
    /// An Auto Scaling group.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-autoscaling-autoscalinggroup.html>
    pub struct AutoScalingGroup: "AWS::AutoScaling::AutoScalingGroup" / "aws_autoscaling_group",
        link Attr::by_ref("name"),
        import "AutoScalingGroupName" / "{name}";
    opt {
        /// The launch template. Default: a mixed instances policy or a launch configuration.
        launch_template: LaunchTemplateSpecification = "LaunchTemplate" / "launch_template",
        /// The launch template of the mixed instances policy.
        mixed_launch_template: MixedLaunchTemplate =
            "MixedInstancesPolicy"."LaunchTemplate"."LaunchTemplateSpecification"
            / "mixed_instances_policy.launch_template.launch_template_specification",
        /// The launch configuration, which launch templates replace.
        launch_configuration: Link<LaunchConfiguration> =
            "LaunchConfigurationName" / "launch_configuration",
        /// The existing instance to copy the settings of.
        instance: Value<Text> = "InstanceId" / "",
        /// The maximum number of instances.
        max_size: Value<i64> = "MaxSize" / "max_size",
        /// The minimum number of instances.
        min_size: Value<i64> = "MinSize" / "min_size",
        /// The number of instances to start with. Default: the minimum.
        desired_capacity: Value<i64> = "DesiredCapacity" / "desired_capacity",
        /// The name. Default: generated.
        name: Value<Text> = "AutoScalingGroupName" / "name",
        /// `EC2` or `ELB`. Default: `EC2`.
        health_check_type: Value<Text> = "HealthCheckType" / "health_check_type",
        /// The seconds before the first health check. Default: as AWS sets it.
        health_check_grace_period: Value<i64> = "HealthCheckGracePeriod" / "health_check_grace_period",
        /// The seconds between two scaling activities. Default: 300.
        cooldown: Value<i64> = "Cooldown" / doc "default_cooldown",
    }
    many {
        /// The subnets of the instances. Default: the default VPC.
        subnets: Link<Subnet> = "VPCZoneIdentifier" / doc "vpc_zone_identifier",
        /// Additional instance types of the mixed instances policy. Default: none.
        mixed_overrides: MixedOverride =
            "MixedInstancesPolicy"."LaunchTemplate"."Overrides"
            / "mixed_instances_policy.launch_template.override",
        /// The Availability Zones in the default VPC. Default: those of the subnets.
        availability_zones: Value<Text> = "AvailabilityZones" / "availability_zones",
        /// The target groups, by ARN. Default: none.
        target_groups: Value<Text> = "TargetGroupARNs" / doc "target_group_arns",
        /// The Classic Load Balancers, by name. Default: none.
        load_balancers: Value<Text> = "LoadBalancerNames" / "load_balancers",
        /// The tags. Default: none.
        tags: GroupTag = "Tags" / doc "tag",
    }
    inert {
        "" / "metrics_granularity" = "only metrics",
        "HealthCheckType" / "health_check_type" = "only when an instance is replaced",
        "HealthCheckGracePeriod" / "health_check_grace_period" = "only when an instance is replaced",
        "Cooldown" / "default_cooldown" = "only when instances are added",
        "AutoScalingGroupName" / "name" = "a name",
        "" / "name_prefix" = "a name",
        "AvailabilityZoneDistribution" / "availability_zone_distribution" = "every subnet must pass",
        "AvailabilityZoneImpairmentPolicy" / "" = "every subnet must pass",
        "SkipZonalShiftValidation" / "" = "every subnet must pass",
        "CapacityRebalance" / "capacity_rebalance" = "only the capacity",
        "CapacityReservationSpecification" / "capacity_reservation_specification" = "only the capacity",
        "DesiredCapacityType" / "desired_capacity_type" = "only the capacity",
        "MixedInstancesPolicy.InstancesDistribution" / "mixed_instances_policy.instances_distribution" = "only the capacity",
        "" / "predicted_capacity" = "only the capacity",
        "" / "warm_pool_size" = "only the capacity",
        "Context" / "context" = "reserved",
        "DefaultInstanceWarmup" / "default_instance_warmup" = "only when instances are added",
        "LifecycleHookSpecificationList" / "initial_lifecycle_hook" = "only when instances are added",
        "" / "suspended_processes" = "only when instances are added",
        "" / "warm_pool" = "only when instances are added",
        "InstanceMaintenancePolicy" / "instance_maintenance_policy" = "only when an instance is replaced",
        "MaxInstanceLifetime" / "max_instance_lifetime" = "only when an instance is replaced",
        "NewInstancesProtectedFromScaleIn" / "protect_from_scale_in" = "only when an instance is replaced",
        "TerminationPolicies" / "termination_policies" = "only when an instance is replaced",
        "InstanceLifecyclePolicy" / "" = "only when an instance is replaced",
        "" / "instance_refresh" = "only when an instance is replaced",
        "DeletionProtection" / "" = "only when the group is deleted",
        "" / "force_delete" = "only when the group is deleted",
        "" / "force_delete_warm_pool" = "only when the group is deleted",
        "LoadBalancerNames" / "load_balancers" = "only inbound traffic",
        "TargetGroupARNs" / "target_group_arns" = "only inbound traffic",
        "TrafficSources" / "traffic_source" = "only inbound traffic",
        "MetricsCollection" / "enabled_metrics" = "only metrics",
        "NotificationConfiguration" / "" = "only notifications",
        "NotificationConfigurations" / "" = "only notifications",
        "PlacementGroup" / "placement_group" = "only the hardware",
        "ServiceLinkedRoleARN" / "service_linked_role_arn" = "only who launches the instances",
        "" / "ignore_failed_scaling_activities" = "only the provider waits",
        "" / "min_elb_capacity" = "only the provider waits",
        "" / "wait_for_capacity_timeout" = "only the provider waits",
        "" / "wait_for_elb_capacity" = "only the provider waits",
        "" / "tag" = "labels",
    }
}

impl AutoScalingGroup {
    /// Returns whether it starts without instances. An existing one has the size that scaling set.
    ///
    /// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html>
    pub(crate) fn starts_empty(&self, is_existing: bool) -> bool {
        let is_set = |it: &&Value<i64>| !it.is_absent();
        let desired = self.desired_capacity.as_ref().filter(is_set);
        let size = match is_existing {
            true => self.max_size.as_ref(),
            false => desired.or(self.min_size.as_ref()),
        };
        size.and_then(Value::lit) == Some(&0)
    }
}

impl Hooks for AutoScalingGroup {
    fn invalid(map: &Map<'_>, dialect: Dialect) -> Vec<InvalidValue> {
        let by_two = (dialect == Dialect::Cfn).then(|| invalid_template(map));
        by_two.flatten().into_iter().collect()
    }
}
