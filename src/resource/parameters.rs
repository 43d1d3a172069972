//! Parameters, by the type of resource that they name.

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
    /// Text.
    string: Text = String,
    /// A whole number.
    number: i64 = Number,
    /// A VPC of the account.
    vpc_id: Id<Vpc> = VpcId,
    /// A subnet of the account.
    subnet_id: Id<Subnet> = SubnetId,
    /// A security group of the account.
    security_group_id: Id<SecurityGroup> = SecurityGroupId,
    /// A route table of the account.
    route_table_id: Id<RouteTable> = String,
    /// An image.
    image_id: Id<LaunchImage> = ImageId,
    /// A KMS key's ARN.
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
    /// Subnets of the account.
    subnet_ids: Id<Subnet> = SubnetIds,
    /// Security groups of the account.
    security_group_ids: Id<SecurityGroup> = SecurityGroupIds,
    /// Route tables of the account.
    route_table_ids: Id<RouteTable> = StringList,
}
