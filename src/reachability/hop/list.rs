//! The list of the hops, in the order of the agent's path and of every report.

/// Calls a macro with the module, the variant and the name of each hop.
macro_rules! with_hops {
    ($callback:ident) => {
        $callback! {
            agent: Agent, "SSM Agent";
            imds: Imds, "Instance metadata service";
            instance_profile: InstanceProfile, "Instance profile";
            role_trust: RoleTrust, "Trust policy of the instance role";
            role_permissions: RolePermissions, "Permissions of the instance role";
            vpc_dns: VpcDns, "DNS of the VPC";
            endpoint: Endpoint, "Interface endpoint";
            endpoint_private_dns: EndpointPrivateDns, "Private DNS of the endpoint";
            endpoint_policy: EndpointPolicy, "Endpoint policy";
            endpoint_security_group: EndpointSecurityGroup, "Security groups of the endpoint";
            instance_security_group: InstanceSecurityGroup, "Security groups of the instance";
            network_acl: NetworkAcl, "Network ACLs";
            route: Route, "Route to the internet";
            session_preferences: SessionPreferences, "Session preferences";
        }
    };
}
pub(super) use with_hops;

macro_rules! define {
    ($($module:ident: $hop:ident, $name:literal;)*) => {
        /// A condition of every session, in the order of the agent's path.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Hop {
            $(#[doc = concat!($name, ".")] $hop,)*
        }

        impl Hop {
            /// All hops, in order.
            pub const ALL: &'static [Hop] = &[$(Hop::$hop,)*];

            /// Returns the name, such as `SSM Agent`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Hop::$hop => $name,)*
                }
            }
        }
    };
}
with_hops!(define);
