//! The resource types, with one file each and one line each in the list below.

mod alarm;
mod association;
mod auto_scaling_group;
mod bucket;
pub(crate) mod codec;
mod config_rule;
mod dhcp_options;
mod document;
mod eip;
mod eip_association;
mod event_rule;
mod flow_log;
mod graph;
mod hosted_zone;
mod iam;
mod instance;
mod instance_profile;
mod internet_gateway;
mod kms_key;
mod launch_configuration;
mod launch_template;
mod log_group;
mod lookup;
mod maintenance_window;
mod managed_policy;
mod nat_gateway;
mod network_acl;
mod network_interface;
mod overrides;
mod parameters;
mod policy;
mod prefix_list;
mod raw_resource;
mod raw_value;
mod role;
mod role_policy;
#[cfg(test)]
pub(crate) mod round_trip;
mod route;
mod route_table;
mod security_group;
mod security_group_egress;
mod security_group_ingress;
mod security_group_rule;
mod subnet;
mod subnet_route_table_association;
pub(crate) mod table;
mod topic;
mod trail;
mod volume;
mod vpc;
mod vpc_endpoint;
mod vpc_gateway_attachment;

pub use alarm::{Alarm, Dimensions};
pub(crate) use association::schedule_problem;
pub use association::{Association, DocumentParameters, NodeTarget};
pub use auto_scaling_group::{AutoScalingGroup, MixedLaunchTemplate, MixedOverride};
pub use bucket::{
    Bucket, BucketEncryption, BucketPolicy, EncryptionByDefault, EncryptionRule, Expiration,
    IncompleteUpload, LifecycleFilter, LifecycleRule, NoncurrentExpiration, OwnershipRule,
    PublicAccessBlock,
};
pub use codec::{EncodedUserData, LaunchTemplateTags, OneInList, Tags, UserData};
pub use config_rule::{ConfigRule, RuleSource};
pub use dhcp_options::{DhcpOptions, DhcpOptionsAssociation};
pub use document::{Content, Document};
pub use eip::Eip;
pub use eip_association::EipAssociation;
pub use event_rule::{EventRule, EventTarget};
pub use flow_log::{FlowLog, LogDestination};
pub use graph::{Graph, Node, Origin, RemovalPolicy, Unmodeled};
pub use hosted_zone::{AliasTarget, HostedZone, HostedZoneAssociation, HostedZoneVpc, RecordSet};
pub use instance::{
    HttpTokens, Instance, InstanceInterface, LaunchTemplateSpecification, MetadataOptions,
    RootVolume, Switch,
};
pub use instance_profile::InstanceProfile;
pub use internet_gateway::InternetGateway;
pub use kms_key::{KmsAlias, KmsKey};
pub use launch_configuration::LaunchConfiguration;
pub use launch_template::{
    BlockDeviceMapping, DetailedMonitoring, Ebs, LaunchImage, LaunchTemplate, TagSpecification,
    TemplateInterface, TemplateProfile, VolumeType,
};
pub use log_group::LogGroup;
pub use lookup::{ImageLookup, LookupFilter, ServiceSetting};
pub use maintenance_window::{
    CommandParameters, MaintenanceWindow, MaintenanceWindowTarget, MaintenanceWindowTask,
    RunCommand, TaskInvocation,
};
pub use managed_policy::{
    InlinePolicy, ManagedPolicy, PolicyAttachment, RolePolicyAttachment, RolePolicyAttachments,
};
pub use nat_gateway::{ConnectivityType, NatGateway};
pub use network_acl::{
    DefaultNetworkAcl, InlineEntry, NetworkAcl, NetworkAclEntry, SubnetNetworkAclAssociation,
};
pub use network_interface::{
    NetworkInterface, NetworkInterfaceAttachment, NetworkInterfaceSecurityGroup,
};
pub use overrides::Override;
pub(crate) use overrides::apply_overrides;
pub use policy::{Effect, Not, PolicyDocument, Principal, Statement};
pub(crate) use prefix_list::S3_PREFIX_LIST;
pub use prefix_list::{PrefixList, PrefixListEntry, PrefixListRange};
pub use raw_resource::RawResource;
pub use raw_value::{Map, RawValue};
pub use role::{InlineRolePolicy, Role};
pub use role_policy::RolePolicy;
pub use route::{InlineRoute, Route};
pub use route_table::{DefaultRouteTable, MainRouteTableAssociation, RouteTable};
pub use security_group::{DefaultSecurityGroup, SecurityGroup};
pub use security_group_egress::SecurityGroupEgress;
pub use security_group_ingress::SecurityGroupIngress;
pub(crate) use security_group_rule::INSIDE;
pub use security_group_rule::{InlineRule, SecurityGroupRule};
pub use subnet::Subnet;
pub use subnet_route_table_association::SubnetRouteTableAssociation;
pub use table::{Field, Kind, Occurs};
pub use topic::{Subscription, Topic, TopicPolicy};
pub use trail::Trail;
pub use volume::Volume;
pub(crate) use volume::is_root;
pub use vpc::{Vpc, VpcCidrBlock};
pub use vpc_endpoint::{
    EndpointType, VpcEndpoint, VpcEndpointPolicy, VpcEndpointPrivateDns, VpcEndpointRouteTable,
    VpcEndpointSecurityGroup, VpcEndpointSubnet,
};
pub use vpc_gateway_attachment::VpcGatewayAttachment;

use crate::ir::{Attr, Diagnostics, Dialect, Handle, IntoValue, Link, NodeId, Value};

pub(crate) mod sealed {
    /// Prevents implementations outside this crate.
    pub trait Sealed {}
}

/// A resource type that a handle can refer to. Only this crate implements it; use [`RawResource`]
/// for other types.
pub trait Typed: sealed::Sealed + Sized + Into<Resource> + 'static {
    /// The attribute that references to this type contain.
    const LINK: Attr;
    /// The resource table.
    const KIND: Kind;
    /// Returns the resource if it has this type.
    fn of(resource: &Resource) -> Option<&Self>;
    /// Returns the resource for changes if it has this type.
    fn of_mut(resource: &mut Resource) -> Option<&mut Self>;
}

impl<R: Typed> IntoValue<Link<R>> for Handle<R> {
    fn into_value(self) -> Link<R> {
        Value::Expr(self.attr(R::LINK))
    }
}

/// An additional resource in Terraform for properties of a CloudFormation resource.
pub(crate) struct Satellite<'a> {
    /// The type.
    pub(crate) tf: &'static str,
    /// The suffix to add to the name of the main resource.
    pub(crate) suffix: String,
    /// The arguments.
    pub(crate) body: Map<'a>,
}

/// Behavior of a resource type that its table cannot express.
pub(crate) trait Hooks {
    /// Returns the tags, if both languages support them.
    fn tags(&self) -> Option<&Tags> {
        None
    }

    /// Returns the tags for changes.
    fn tags_mut(&mut self) -> Option<&mut Tags> {
        None
    }

    /// Reports invalid properties.
    fn check(&self, _node: &Node, _out: &mut Diagnostics) {}

    /// Adds properties that are separate resources in the model.
    fn cfn_extra<'a>(&'a self, _this: NodeId, _graph: &'a Graph, _map: &mut Map<'a>) {}

    /// Returns the resource in which CloudFormation nests this one.
    fn cfn_inside(&self, _this: NodeId, _graph: &Graph) -> Option<NodeId> {
        None
    }

    /// Adds arguments that the table does not contain.
    fn tf_extra<'a>(&'a self, _map: &mut Map<'a>) {}

    /// Adds arguments that retain the resource in Terraform when the stack is destroyed.
    fn tf_retained(&self, map: &mut Map<'_>) {
        prevent_destroy(map);
    }

    /// Removes nested resources from the properties of a file, and returns them as separate
    /// resources.
    fn unfold(
        _map: &mut Map<'_>,
        _this: NodeId,
        _dialect: Dialect,
        _unread: &mut codec::UnmodeledNotes<'_>,
    ) -> Vec<table::Unfolded>
    where
        Self: Sized,
    {
        Vec::new()
    }

    /// Returns the additional resources in Terraform.
    fn satellites(&self, _this: NodeId, _graph: &Graph) -> Vec<Satellite<'_>> {
        Vec::new()
    }
}

/// Sets `prevent_destroy`: Terraform cannot retain a resource on destroy.
pub(crate) fn prevent_destroy(map: &mut Map<'_>) {
    let refused = [("prevent_destroy".into(), RawValue::Bool(true))];
    map.insert("lifecycle", RawValue::Block(refused.into_iter().collect()));
}

macro_rules! resources {
    ($($name:ident),+ $(,)?) => {
        /// A resource of any type.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Resource {
            $(
                #[allow(missing_docs)]
                $name(Box<$name>),
            )+
            /// A resource type without a table, in one or both languages.
            Raw(Box<RawResource>),
        }

        /// The tables of all types.
        pub const KINDS: &[Kind] = &[$($name::KIND),+];

        impl Resource {
            fn hooks(&self) -> &dyn Hooks {
                match self {
                    $( Resource::$name(it) => it.as_ref(), )+
                    Resource::Raw(it) => it.as_ref(),
                }
            }

            /// Returns the resource table, or `None` for a raw resource.
            pub fn kind(&self) -> Option<&'static Kind> {
                match self {
                    $( Resource::$name(_) => Some(const { &$name::KIND }), )+
                    Resource::Raw(_) => None,
                }
            }

            /// Writes the properties or arguments.
            pub fn put(&self, dialect: Dialect) -> Map<'_> {
                let mut map = Map::with_capacity(8);
                match self {
                    $( Resource::$name(it) => table::Fields::put_fields(it.as_ref(), dialect, &mut map), )+
                    Resource::Raw(it) => it.put_fields(dialect, &mut map),
                }
                map
            }

            pub(crate) fn tags_mut(&mut self) -> Option<&mut Tags> {
                match self {
                    $( Resource::$name(it) => Hooks::tags_mut(it.as_mut()), )+
                    Resource::Raw(_) => None,
                }
            }
        }
    };
}

resources! {
    Vpc,
    VpcCidrBlock,
    DhcpOptions,
    DhcpOptionsAssociation,
    Subnet,
    RouteTable,
    DefaultRouteTable,
    MainRouteTableAssociation,
    SubnetRouteTableAssociation,
    Route,
    InternetGateway,
    VpcGatewayAttachment,
    NatGateway,
    Eip,
    EipAssociation,
    NetworkAcl,
    DefaultNetworkAcl,
    NetworkAclEntry,
    SubnetNetworkAclAssociation,
    SecurityGroup,
    DefaultSecurityGroup,
    SecurityGroupRule,
    SecurityGroupIngress,
    SecurityGroupEgress,
    PrefixList,
    PrefixListRange,
    VpcEndpoint,
    VpcEndpointSubnet,
    VpcEndpointSecurityGroup,
    VpcEndpointRouteTable,
    VpcEndpointPolicy,
    VpcEndpointPrivateDns,
    HostedZone,
    HostedZoneAssociation,
    RecordSet,
    Role,
    RolePolicy,
    InlinePolicy,
    ManagedPolicy,
    RolePolicyAttachment,
    RolePolicyAttachments,
    PolicyAttachment,
    InstanceProfile,
    ImageLookup,
    LaunchTemplate,
    LaunchConfiguration,
    AutoScalingGroup,
    NetworkInterface,
    NetworkInterfaceAttachment,
    NetworkInterfaceSecurityGroup,
    Instance,
    Volume,
    LogGroup,
    KmsKey,
    KmsAlias,
    Bucket,
    BucketEncryption,
    BucketPolicy,
    Document,
    Association,
    MaintenanceWindow,
    MaintenanceWindowTarget,
    MaintenanceWindowTask,
    Topic,
    TopicPolicy,
    Subscription,
    EventRule,
    Alarm,
    Trail,
    FlowLog,
    ConfigRule,
    ServiceSetting,
}

impl Resource {
    pub(crate) fn tags(&self) -> Option<&Tags> {
        self.hooks().tags()
    }

    /// Returns the type in a language, or `None` if the language has none.
    pub fn type_name(&self, dialect: Dialect) -> Option<&str> {
        match (self, self.kind()) {
            (_, Some(kind)) => {
                Some(dialect.pick(kind.cfn, kind.tf)).filter(|name| !name.is_empty())
            }
            (Resource::Raw(raw), None) => raw.type_name(dialect),
            _ => None,
        }
    }

    pub(crate) fn check(&self, node: &Node, out: &mut Diagnostics) {
        self.hooks().check(node, out);
    }

    pub(crate) fn cfn_extra<'a>(&'a self, this: NodeId, graph: &'a Graph, map: &mut Map<'a>) {
        self.hooks().cfn_extra(this, graph, map);
    }

    pub(crate) fn cfn_inside(&self, this: NodeId, graph: &Graph) -> Option<NodeId> {
        self.hooks().cfn_inside(this, graph)
    }

    pub(crate) fn tf_extra<'a>(&'a self, map: &mut Map<'a>) {
        self.hooks().tf_extra(map);
    }

    pub(crate) fn tf_retained(&self, map: &mut Map<'_>) {
        self.hooks().tf_retained(map);
    }

    pub(crate) fn satellites(&self, this: NodeId, graph: &Graph) -> Vec<Satellite<'_>> {
        self.hooks().satellites(this, graph)
    }
}

/// Implements the tag functions for a type with the field `tags`.
macro_rules! tagged {
    () => {
        fn tags(&self) -> Option<&$crate::resource::Tags> {
            Some(&self.tags)
        }

        fn tags_mut(&mut self) -> Option<&mut $crate::resource::Tags> {
            Some(&mut self.tags)
        }
    };
}
pub(crate) use tagged;
