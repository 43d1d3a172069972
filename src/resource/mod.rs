//! The resource types, with one file each and one line each in the list below.

mod attributes;
pub(crate) mod calls;
mod causes;
mod changes;
pub(crate) mod codec;
mod find;
mod graph;
mod iam;
pub(crate) mod instance_type;
pub(crate) mod intrinsic;
pub(crate) mod managed_policies;
mod module_output;
mod notes;
mod overrides;
mod parameters;
mod policy;
mod policy_syntax;
mod printed;
mod printed_values;
pub(crate) mod property;
pub(crate) mod property_errors;
mod raw_block;
mod raw_resource;
mod raw_update;
mod raw_value;
#[cfg(test)]
pub(crate) mod round_trip;
pub(crate) mod schema;
mod setters;
mod statement;
pub(crate) mod table;
mod taggable;
mod tags;
mod volume_limits;

pub use codec::{EncodedUserData, OneInList, UserData};
pub use find::FindError;
#[cfg(feature = "config")]
pub(crate) use graph::ReplacementConflict;
pub(crate) use graph::{ExistingSubnet, Inherits, Provisioner, TemplateError};
pub use graph::{Graph, Node, Origin, RemovalPolicy};
pub(crate) use instance_type::{Architecture, is_arm64};
pub(crate) use module_output::ModuleOutput;
pub use notes::Unmodeled;
pub(crate) use notes::{Certain, InvalidValue};
#[cfg(feature = "testing")]
pub(crate) use overrides::ATTRIBUTES;
pub(crate) use overrides::POLICIES;
pub use overrides::{Change, Override, Part};
pub use policy::PolicyDocument;
pub(crate) use policy_syntax::{NO_STATEMENT, has_misspelled_domain, is_operator, operators};
pub(crate) use printed::FINAL_SNAPSHOT;
pub use property::{Coverage, Field, Inert, Inside, Occurs};
pub use raw_block::RawBlock;
pub use raw_resource::RawResource;
pub use raw_value::{Map, RawValue};
pub(crate) use schema::Schema;
#[cfg(feature = "diff")]
pub(crate) use security_group::OTHER_PEER;
pub(crate) use security_group::description_error;
pub use statement::{Effect, Not, Principal, Statement};
pub use table::Kind;
pub(crate) use taggable::duplicate_tag;
pub use tags::{LaunchTemplateTags, Tags};
#[cfg(feature = "cost")]
pub(crate) use volume_limits::is_root;

use crate::ir::{Attr, Diagnostics, Dialect, Handle, IntoValue, Link, NodeId, Value};

pub(crate) mod sealed {
    /// Prevents implementations outside this crate.
    pub trait Sealed {}
}

/// A resource type that a handle can refer to. Only this crate implements it; use [`RawResource`]
/// for other types.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a resource type",
    label = "not a resource type",
    note = "use a type of `ssm_synth::resource`, such as `Instance`, or `RawResource` for other types"
)]
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

#[diagnostic::do_not_recommend]
impl<R: Typed> IntoValue<Link<R>> for Handle<R> {
    fn into_value(self) -> Link<R> {
        Value::Expr(self.attr(R::LINK))
    }
}

#[diagnostic::do_not_recommend]
impl<R: Typed> From<Handle<R>> for crate::ir::Expr {
    /// The attribute that references to the resource contain.
    fn from(handle: Handle<R>) -> Self {
        handle.attr(R::LINK)
    }
}

#[diagnostic::do_not_recommend]
impl<R: Typed> From<&Handle<R>> for crate::ir::Expr {
    fn from(handle: &Handle<R>) -> Self {
        handle.attr(R::LINK)
    }
}

#[diagnostic::do_not_recommend]
impl<R: Typed> IntoValue<Link<R>> for &Handle<R> {
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

    /// Returns the arguments whose changes Terraform ignores.
    fn tf_ignored(&self) -> &'static [&'static str] {
        &[]
    }

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

    /// Returns the values of a file for which AWS refuses to create the resource.
    fn invalid(_map: &Map<'_>, _dialect: Dialect) -> Vec<InvalidValue>
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
    let refused = ("prevent_destroy", RawValue::Bool(true));
    match map.get_mut("lifecycle") {
        Some(RawValue::Block(own)) => own.set(refused.0, refused.1),
        // Validation reports a `lifecycle` that is not a block.
        Some(_) => {}
        None => {
            let block = [(refused.0.into(), refused.1)].into_iter().collect();
            map.insert("lifecycle", RawValue::Block(block));
        }
    }
}

macro_rules! resources {
    ($($file:ident: $($name:ident),+;)+) => {
        $(
            mod $file;
            pub use $file::*;
        )+

        /// A resource of any type.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Resource {
            $($(
                #[allow(missing_docs)]
                $name(Box<$name>),
            )+)+
            /// A resource type without a table, in one or both languages.
            Raw(Box<RawResource>),
        }

        /// The tables of all types.
        pub const KINDS: &[Kind] = &[$($($name::KIND),+),+];

        impl Resource {
            fn hooks(&self) -> &dyn Hooks {
                match self {
                    $($( Resource::$name(it) => it.as_ref(), )+)+
                    Resource::Raw(it) => it.as_ref(),
                }
            }

            /// Returns the resource table, or `None` for a raw resource.
            pub fn kind(&self) -> Option<&'static Kind> {
                match self {
                    $($( Resource::$name(_) => Some(const { &$name::KIND }), )+)+
                    Resource::Raw(_) => None,
                }
            }

            /// Writes the properties or arguments.
            pub fn put(&self, dialect: Dialect) -> Map<'_> {
                let mut map = Map::with_capacity(8);
                match self {
                    $($( Resource::$name(it) => table::Fields::put_fields(it.as_ref(), dialect, &mut map), )+)+
                    Resource::Raw(it) => it.put_fields(dialect, &mut map),
                }
                map
            }

            pub(crate) fn tags_mut(&mut self) -> Option<&mut Tags> {
                match self {
                    $($( Resource::$name(it) => Hooks::tags_mut(it.as_mut()), )+)+
                    Resource::Raw(it) => Hooks::tags_mut(it.as_mut()),
                }
            }
        }
    };
}

// A file, and the types that it declares.
resources! {
    vpc: Vpc, VpcCidrBlock;
    dhcp_options: DhcpOptions, DhcpOptionsAssociation;
    subnet: Subnet;
    route_table: RouteTable, DefaultRouteTable, MainRouteTableAssociation;
    subnet_route_table_association: SubnetRouteTableAssociation;
    route: Route;
    internet_gateway: InternetGateway;
    vpc_gateway_attachment: VpcGatewayAttachment;
    block_public_access: VpcBlockPublicAccessOptions, VpcBlockPublicAccessExclusion;
    nat_gateway: NatGateway;
    transit_gateway_vpc_attachment: TransitGatewayVpcAttachment;
    vpc_peering_connection: VpcPeeringConnection;
    eip: Eip;
    eip_association: EipAssociation;
    network_acl: NetworkAcl, DefaultNetworkAcl, NetworkAclEntry, SubnetNetworkAclAssociation;
    security_group: SecurityGroup, DefaultSecurityGroup;
    security_group_rule: SecurityGroupRule;
    security_group_ingress: SecurityGroupIngress;
    security_group_egress: SecurityGroupEgress;
    security_group_vpc_association: SecurityGroupVpcAssociation;
    prefix_list: PrefixList, PrefixListRange;
    vpc_endpoint: VpcEndpoint, VpcEndpointSubnet, VpcEndpointSecurityGroup, VpcEndpointRouteTable, VpcEndpointPolicy, VpcEndpointPrivateDns;
    resolver: ResolverRule, ResolverRuleAssociation, FirewallDomainList, FirewallRuleGroup, FirewallGroupRule, FirewallRuleGroupAssociation;
    hosted_zone: HostedZone, HostedZoneAssociation, RecordSet;
    role: Role;
    role_policy: RolePolicy;
    managed_policy: InlinePolicy, ManagedPolicy, RolePolicyAttachment, RolePolicyAttachments, PolicyAttachment;
    instance_metadata_defaults: InstanceMetadataDefaults;
    instance_profile: InstanceProfile;
    lookup: ImageLookup;
    launch_template: LaunchTemplate;
    launch_configuration: LaunchConfiguration;
    auto_scaling_group: AutoScalingGroup;
    network_interface: NetworkInterface, NetworkInterfaceAttachment, NetworkInterfaceSecurityGroup;
    instance: Instance;
    volume: Volume;
    log_group: LogGroup;
    kms_key: KmsKey, KmsAlias;
    bucket: Bucket, BucketEncryption, BucketPolicy;
    document: Document;
    association: Association;
    maintenance_window: MaintenanceWindow, MaintenanceWindowTarget, MaintenanceWindowTask;
    topic: Topic, TopicPolicy, Subscription;
    event_rule: EventRule;
    alarm: Alarm;
    trail: Trail;
    flow_log: FlowLog;
    config_rule: ConfigRule;
    service_setting: ServiceSetting;
    load_balancer: LoadBalancer;
    target_group: TargetGroup;
    listener: Listener;
    lambda_permission: LambdaPermission;
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
        // A raw resource checks each language.
        let is_modeled = self.kind().is_some();
        let twice = || raw_value::duplicate_key(&self.put(Dialect::Cfn));
        if let Some(path) = is_modeled.then(twice).flatten() {
            let found = node.error("duplicate-value", format!("duplicate key `{path}`"));
            out.push(found.help("remove one of the two values, or merge them"));
        }
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

    pub(crate) fn tf_ignored(&self) -> &'static [&'static str] {
        self.hooks().tf_ignored()
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
