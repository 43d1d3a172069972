//! The region and the account of a stack.

use super::scope::{Scope, caller_or};
use crate::ir::{Diagnostic, IDENTIFIER, is_identifier, quoted, unknown_region, unlisted_region};
use crate::region::Region;

impl Scope<'_> {
    /// Sets the region of the stack, such as `eu-central-1`, before its resources: constructs check if it
    /// has their services. Default: set at deployment.
    ///
    /// A region that AWS opened after this version is a warning: the template is then that of every region.
    #[track_caller]
    pub fn set_region(&mut self, region: impl AsRef<str>) {
        let Some(region) = self.find_region(region.as_ref()) else {
            return;
        };
        let stack = &self.graph.stacks[self.stack.index()];
        let has_resources = !stack.nodes.is_empty();
        match stack.region {
            Some(known) => self.set_twice("region", known.name, region.name),
            None if has_resources => {
                let message = format!("region `{}` is set after resources", region.name);
                let location = caller_or(&self.location);
                let found = Diagnostic::error("region", message).at(location);
                self.add_diagnostic(found.help("call `set_region` before the first `add`"));
            }
            None => self.graph.stacks[self.stack.index()].region = Some(region),
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
        match self.graph.stacks[self.stack.index()].account.clone() {
            Some(known) => self.set_twice("account", &known, &account),
            None => self.graph.stacks[self.stack.index()].account = Some(account),
        }
    }

    /// Reports a second value of what a stack has once.
    #[track_caller]
    fn set_twice(&mut self, what: &str, known: &str, new: &str) {
        if known != new {
            let stack = self.stack_name();
            let message =
                format!("stack `{stack}` has two values for `{what}`: `{known}` and `{new}`");
            let location = caller_or(&self.location);
            let found = Diagnostic::error("duplicate-value", message).at(location);
            self.add_diagnostic(found.help("set it once, or add a stack for the other value"));
        }
    }

    /// Declares a provider in Terraform for another region of the stack's account.
    /// [`Overrides::provider`](super::Overrides::provider) sets it for a resource.
    #[track_caller]
    pub fn provider_alias(&mut self, alias: &str, region: impl AsRef<str>) {
        let location = caller_or(&self.location);
        if !is_identifier(alias) {
            let message = format!("{} is not a provider alias", quoted(alias));
            let found = Diagnostic::error("raw-resource-provider", message);
            self.add_diagnostic(found.at(location).help(IDENTIFIER));
            return;
        }
        let Some(region) = self.find_region(region.as_ref()) else {
            return;
        };
        let aliases = &mut self.graph.stacks[self.stack.index()].provider_aliases;
        match aliases.iter().find(|(known, _)| known == alias) {
            Some((_, known)) if known.name != region.name => {
                let (known, new) = (known.name, region.name);
                let message =
                    format!("provider alias `{alias}` has two regions: `{known}` and `{new}`");
                let found = Diagnostic::error("duplicate-value", message);
                let help = "use another alias for the second region";
                self.add_diagnostic(found.at(location).help(help));
            }
            Some(_) => {}
            None => aliases.push((alias.to_owned(), region)),
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
