//! Assumptions that a user can make.

/// Optional assumptions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Assumptions {
    /// Whether to assume that an image which the file does not describe includes SSM Agent. Default:
    /// `false`.
    pub agent: bool,
    /// Whether to assume that user data whose text the file does not show leaves the agent running and
    /// connected. Default: `false`.
    pub user_data: bool,
    /// Whether to assume that Default Host Management is enabled in the account and Region. Default:
    /// `false`.
    /// <https://docs.aws.amazon.com/systems-manager/latest/userguide/fleet-manager-default-host-management-configuration.html>
    pub dhmc: bool,
    /// Whether to assume that a permissions boundary which the file does not contain allows the calls
    /// of the agent. Default: `false`.
    pub boundary: bool,
}
