//! Facts that no file shows.

/// Assumptions of every verdict.
pub const ASSUMPTIONS: &[&str] = &[
    "no service control policy or resource control policy denies the calls of the agent",
    "account defaults are AWS's own: the instance metadata service is enabled, and VPC Block Public \
     Access is disabled",
    "AWS offers the endpoint services in the Availability Zones of the endpoint subnets",
    "a parameter `S3PrefixListId` is the ID of the S3 prefix list of the Region",
    "no other stack or person changes the resources in this file",
    "images contain a current agent and no firewall or proxy, as their publishers document",
];

/// Optional assumptions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Assumptions {
    /// Whether to assume that an image which the file does not describe includes SSM Agent. Default:
    /// `false`.
    pub agent: bool,
    /// Whether to assume that Default Host Management is enabled in the account and Region. Default:
    /// `false`.
    /// <https://docs.aws.amazon.com/systems-manager/latest/userguide/fleet-manager-default-host-management-configuration.html>
    pub dhmc: bool,
}
