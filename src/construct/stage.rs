//! Stages: the same stacks several times, with different values.

use super::app::App;
use super::scope::Scope;
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
    region: Option<String>,
    account: Option<String>,
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
        self.region = Some(region.as_ref().to_owned());
        self.each_stack(|stack| stack.set_region(region.as_ref()));
        self
    }

    /// Sets the account of the stacks, of 12 digits. Default: that of the credentials at deployment.
    #[track_caller]
    pub fn account(mut self, account: impl Into<String>) -> Self {
        let account = account.into();
        self.each_stack(|stack| stack.set_account(account.as_str()));
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
        if let Some(region) = &self.region {
            scope.set_region(region);
        }
        if let Some(account) = &self.account {
            scope.set_account(account);
        }
        scope
    }
}
