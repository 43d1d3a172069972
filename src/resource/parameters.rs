//! Constructors of parameters, by the resource type that they refer to.

use super::{KmsKey, LaunchImage, RouteTable, SecurityGroup, Subnet, Vpc};
use crate::ir::{Id, ListParameter, Parameter, ParameterType, Text};

macro_rules! parameter_of {
    ($($(#[doc = $doc:literal])* $name:ident: $of:ty = $variant:ident),+ $(,)?) => {$(
        impl Parameter<$of> {
            $(#[doc = $doc])*
            pub fn $name(id: impl Into<String>) -> Self {
                Parameter::of(id, ParameterType::$variant)
            }
        }
    )+};
}
parameter_of! {
    /// Creates a string parameter.
    string: Text = String,
    /// Creates an integer parameter.
    number: i64 = Number,
    /// Creates a parameter for the ID of an existing VPC.
    vpc_id: Id<Vpc> = VpcId,
    /// Creates a parameter for the ID of an existing subnet.
    subnet_id: Id<Subnet> = SubnetId,
    /// Creates a parameter for the ID of an existing security group.
    security_group_id: Id<SecurityGroup> = SecurityGroupId,
    /// Creates a parameter for the ID of an existing route table.
    route_table_id: Id<RouteTable> = String,
    /// Creates a parameter for the ID of an AMI.
    image_id: Id<LaunchImage> = ImageId,
    /// Creates a parameter for the ARN of a KMS key.
    kms_key_arn: Id<KmsKey> = String,
}

macro_rules! list_parameter_of {
    ($($(#[doc = $doc:literal])* $name:ident: $of:ty = $variant:ident),+ $(,)?) => {$(
        impl ListParameter<$of> {
            $(#[doc = $doc])*
            pub fn $name(id: impl Into<String>) -> Self {
                ListParameter::of(id, ParameterType::$variant)
            }
        }
    )+};
}
list_parameter_of! {
    /// Creates a list of strings.
    strings: Text = StringList,
    /// Creates a parameter for the IDs of existing subnets.
    subnet_ids: Id<Subnet> = SubnetIds,
    /// Creates a parameter for the IDs of existing security groups.
    security_group_ids: Id<SecurityGroup> = SecurityGroupIds,
    /// Creates a parameter for the IDs of existing route tables.
    route_table_ids: Id<RouteTable> = StringList,
}
