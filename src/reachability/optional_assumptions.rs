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

impl Assumptions {
    /// Creates assumptions without an optional one.
    #[must_use]
    pub fn new() -> Assumptions {
        Assumptions::default()
    }

    /// Sets whether an image includes SSM Agent. Default: `false`.
    #[must_use]
    pub fn agent(self, agent: bool) -> Assumptions {
        Assumptions { agent, ..self }
    }

    /// Sets whether user data leaves the agent running and connected. Default: `false`.
    #[must_use]
    pub fn user_data(self, user_data: bool) -> Assumptions {
        Assumptions { user_data, ..self }
    }

    /// Sets whether Default Host Management is enabled. Default: `false`.
    #[must_use]
    pub fn dhmc(self, dhmc: bool) -> Assumptions {
        Assumptions { dhmc, ..self }
    }

    /// Sets whether a permissions boundary allows the calls of the agent. Default: `false`.
    #[must_use]
    pub fn boundary(self, boundary: bool) -> Assumptions {
        Assumptions { boundary, ..self }
    }
}
