//! Stages: the same stacks several times, with different values.

use std::panic::Location;

use super::app::App;
use super::scope::Scope;
use crate::ir::SourceLocation;
use crate::resource::Tags;

/// An environment such as production, with its own stacks. Their names start with that of the stage.
///
/// ```
/// use ssm_synth::construct::{PrivateInstance, Stage};
/// use ssm_synth::{App, SessionAccess};
///
/// fn stacks(mut stage: Stage<'_>, instance_type: &'static str) {
///     let web = PrivateInstance::new("web").instance_type(instance_type);
///     stage.stack("Access").add_inline(SessionAccess::new().instance(web));
/// }
///
/// let mut app = App::new();
/// stacks(app.stage("Dev").region("eu-central-1"), "t4g.micro");
/// stacks(app.stage("Prod").region("eu-west-1").account("111122223333"), "t4g.large");
/// let validated = app.validate().expect("the stages differ in values only");
/// assert_eq!(validated.deployment_order(), ["Dev-Access", "Prod-Access"]);
/// ```
#[derive(Debug)]
#[must_use]
pub struct Stage<'a> {
    app: &'a mut App,
    name: String,
    /// With the line that sets it, as for the account.
    region: Option<(String, SourceLocation)>,
    account: Option<(String, SourceLocation)>,
    tags: Tags,
    /// The names of the stacks that exist.
    stacks: Vec<String>,
}

impl App {
    /// Returns a stage, whose stacks are named after it.
    pub fn stage(&mut self, name: &str) -> Stage<'_> {
        Stage {
            app: self,
            name: name.to_owned(),
            region: None,
            account: None,
            tags: Tags::default(),
            stacks: Vec::new(),
        }
    }
}

impl Stage<'_> {
    /// Sets the region of the stacks, before their resources. Default: set at deployment.
    #[track_caller]
    pub fn region(mut self, region: impl AsRef<str>) -> Self {
        let line = SourceLocation::Caller(Location::caller());
        let region = (region.as_ref().to_owned(), line);
        self.each_stack(|stack| configure(stack, Some(&region), None));
        self.region = Some(region);
        self
    }

    /// Sets the account of the stacks, of 12 digits. Default: that of the credentials at deployment.
    #[track_caller]
    pub fn account(mut self, account: impl Into<String>) -> Self {
        let line = SourceLocation::Caller(Location::caller());
        let account = (account.into(), line);
        self.each_stack(|stack| configure(stack, None, Some(&account)));
        self.account = Some(account);
        self
    }

    /// Adds tags to all resources of the stacks.
    #[track_caller]
    pub fn tags(mut self, tags: impl Into<Tags>) -> Self {
        let tags = tags.into();
        self.each_stack(|stack| stack.tags(tags.clone()));
        self.tags.merge(&tags);
        self
    }

    /// Changes the stacks that exist.
    #[track_caller]
    fn each_stack(&mut self, change: impl Fn(&mut Scope<'_>)) {
        for name in &self.stacks {
            change(&mut self.app.stack(name));
        }
    }

    /// Returns the name of the stage.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds a stack, or returns the existing one with this name: `Access` of the stage `Prod` is
    /// `Prod-Access`.
    #[track_caller]
    pub fn stack(&mut self, name: &str) -> Scope<'_> {
        let name = format!("{}-{name}", self.name);
        self.stacks.push(name.clone());
        let mut scope = self.app.stack(&name);
        scope.tags(self.tags.clone());
        configure(&mut scope, self.region.as_ref(), self.account.as_ref());
        scope
    }
}

/// Sets the region and the account at the lines that set them for the stage. It has no `track_caller`,
/// so that the line of the stack does not count.
fn configure(
    scope: &mut Scope<'_>,
    region: Option<&(String, SourceLocation)>,
    account: Option<&(String, SourceLocation)>,
) {
    let line_of_stack = scope.location.clone();
    if let Some((region, line)) = region {
        scope.location = line.clone();
        scope.set_region(region);
    }
    if let Some((account, line)) = account {
        scope.location = line.clone();
        scope.set_account(account);
    }
    scope.location = line_of_stack;
}
