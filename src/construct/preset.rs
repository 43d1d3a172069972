//! Presets: sets of defaults.

use crate::ir::words;

words! {
    /// A set of defaults for the settings of a stack.
    ///
    /// ```
    /// use ssm_synth::construct::Preset;
    ///
    /// let sessions = Preset::Hardened.sessions().unwrap_or_default();
    /// let access = Preset::Hardened.access().sessions(sessions.idle_timeout_minutes(10));
    /// ```
    #[derive(Default)]
    #[non_exhaustive]
    pub enum Preset {
        /// The lowest cost: one Availability Zone, and the two endpoints that a session needs.
        Minimal = "minimal",
        /// Two Availability Zones.
        #[default]
        Standard = "standard",
        /// All best practices: logged and encrypted sessions, operators, least privilege, patches,
        /// alarms, a trail and flow logs.
        Hardened = "hardened",
    }
}
