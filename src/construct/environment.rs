//! The region and the account of a stack.

use super::scope::{Scope, caller_or};
use crate::ir::{Diagnostic, quoted, unknown_region, unlisted_region};
use crate::region::Region;

impl Scope<'_> {
    /// Sets the region of the stack, such as `eu-central-1`. Default: set at deployment.
    ///
    /// A region that AWS opened after this version is a warning: the template is then that of every region.
    #[track_caller]
    pub fn set_region(&mut self, region: impl AsRef<str>) {
        if let Some(region) = self.find_region(region.as_ref()) {
            self.graph.stacks[self.stack.index()].region = Some(region);
        }
    }

    /// Sets the account of the stack, of 12 digits. Default: that of the credentials at deployment.
    #[track_caller]
    pub fn set_account(&mut self, account: impl Into<String>) {
        let account = account.into();
        if account.len() != 12 || !account.bytes().all(|it| it.is_ascii_digit()) {
            let location = caller_or(&self.location);
            let message = format!("{} is not an account ID", quoted(&account));
            self.add_diagnostic(
                Diagnostic::error("account", message)
                    .at(location)
                    .help("use the 12 digits of the account, such as `111122223333`"),
            );
            return;
        }
        self.graph.stacks[self.stack.index()].account = Some(account);
    }

    /// Declares a provider in Terraform for another region of the stack's account.
    /// [`Overrides::provider`](super::Overrides::provider) sets it for a resource.
    #[track_caller]
    pub fn provider_alias(&mut self, alias: &str, region: impl AsRef<str>) {
        if let Some(region) = self.find_region(region.as_ref()) {
            let aliases = &mut self.graph.stacks[self.stack.index()].provider_aliases;
            aliases.retain(|(known, _)| known != alias);
            aliases.push((alias.to_owned(), region));
        }
    }

    #[track_caller]
    fn find_region(&mut self, name: &str) -> Option<&'static Region> {
        let found = Region::of(name);
        let diagnostic = match found {
            Some(region) if region.is_listed() => return found,
            Some(_) => {
                let (message, help) = unlisted_region(name);
                let about = &["region"];
                Diagnostic::warning("region", message)
                    .about(about)
                    .help(help)
            }
            None => {
                let (message, help) = unknown_region(name);
                Diagnostic::error("region", message).help(help)
            }
        };
        let location = caller_or(&self.location);
        self.add_diagnostic(diagnostic.at(location));
        found
    }
}
