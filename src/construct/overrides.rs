//! Overrides of one resource, for what the model does not support.

use super::scope::{Scope, caller_or};
use crate::ir::{
    Diagnostic, Dialect, Handle, IDENTIFIER, NodeId, SourceLocation, is_identifier, is_logical_id,
    quoted,
};
use crate::resource::{Change, Node, Override, Part};

/// Changes to the generated output of one resource, applied last and in order.
///
/// Pointers are JSON pointers, such as `/Tags/0/Value`. Validation reports each one that does not
/// apply, and each name that the type does not have.
#[derive(Debug)]
pub struct Overrides<'s, 'a> {
    scope: &'s mut Scope<'a>,
    node: NodeId,
}

/// The meta-argument `lifecycle` of Terraform.
///
/// <https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle>
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Lifecycle(Vec<(&'static str, serde_json::Value)>);

impl Lifecycle {
    /// The defaults of Terraform.
    pub fn new() -> Lifecycle {
        Lifecycle::default()
    }

    fn with(mut self, name: &'static str, value: impl Into<serde_json::Value>) -> Lifecycle {
        let value = value.into();
        match self.0.iter_mut().find(|it| it.0 == name) {
            Some((_, known)) => match (known, value) {
                (serde_json::Value::Array(known), serde_json::Value::Array(more)) => {
                    known.extend(more);
                }
                (known, value) => *known = value,
            },
            None => self.0.push((name, value)),
        }
        self
    }

    /// Creates the replacement before the old resource is destroyed. Default: `false`.
    pub fn create_before_destroy(self, value: bool) -> Lifecycle {
        self.with("create_before_destroy", value)
    }

    /// Rejects plans that destroy the resource. Default: `false`.
    pub fn prevent_destroy(self, value: bool) -> Lifecycle {
        self.with("prevent_destroy", value)
    }

    /// Ignores changes of these arguments, in addition to those before. Default: none.
    pub fn ignore_changes<T: Into<String>>(self, names: impl IntoIterator<Item = T>) -> Lifecycle {
        let names: Vec<String> = names.into_iter().map(T::into).collect();
        self.with("ignore_changes", names)
    }

    /// Replaces the resource when one of these addresses changes, in addition to those before.
    /// Default: none.
    pub fn replace_triggered_by<T: Into<String>>(
        self,
        addresses: impl IntoIterator<Item = T>,
    ) -> Lifecycle {
        let addresses: Vec<String> = addresses.into_iter().map(T::into).collect();
        self.with("replace_triggered_by", addresses)
    }
}

impl<'a> Scope<'a> {
    /// Returns the overrides of a resource, for properties that the model does not support.
    ///
    /// ```
    /// use serde_json::json;
    /// use ssm_synth::construct::Lifecycle;
    /// use ssm_synth::{App, SessionAccess};
    ///
    /// let mut app = App::new();
    /// let mut stack = app.stack("Access");
    /// let access = stack.add_inline(SessionAccess::new());
    /// stack
    ///     .overrides(access.instances[0].instance)
    ///     .cfn("/CpuOptions", json!({ "CoreCount": 1 }))
    ///     .cfn_append("/Tags", json!({ "Key": "Owner", "Value": "team" }))
    ///     .cfn_attribute("/Metadata/Owner", "core")
    ///     .tf("/credit_specification/cpu_credits", "standard")
    ///     .tf_remove("/monitoring")
    ///     .lifecycle(Lifecycle::new().ignore_changes(["user_data"]));
    /// assert!(app.validate().is_ok());
    /// ```
    #[track_caller]
    pub fn overrides<R>(&mut self, resource: Handle<R>) -> Overrides<'_, 'a> {
        // Reports a handle of another app.
        self.node_mut(resource.node());
        Overrides {
            scope: self,
            node: resource.node(),
        }
    }
}

#[allow(clippy::return_self_not_must_use)]
impl Overrides<'_, '_> {
    #[track_caller]
    fn push(self, dialect: Dialect, part: Part, pointer: &str, change: Change) -> Self {
        let location: SourceLocation = caller_or(&self.scope.location);
        let change = Override::new(dialect, pointer, change)
            .part(part)
            .at(location);
        if let Some(node) = self.scope.node_mut(self.node) {
            node.overrides.push(change);
        }
        self
    }

    /// Sets the logical ID in CloudFormation, such as that of a template from which you migrate. All
    /// references use it. Default: derived from the path.
    ///
    /// ```
    /// use ssm_synth::{App, backend, resource::LogGroup};
    ///
    /// let mut app = App::new();
    /// let mut stack = app.stack("Access");
    /// let group = stack.add("Logs", LogGroup::new());
    /// stack.overrides(group).logical_id("LogsF2A7B1C4").tf_name("logs_of_sessions");
    /// let validated = app.validate().expect("the ID is free");
    /// let template = backend::cfn::template(&validated, "Access").expect("the stack exists");
    /// assert!(template.to_json().contains("\"LogsF2A7B1C4\""));
    /// ```
    #[doc(alias = "overrideLogicalId")]
    #[track_caller]
    pub fn logical_id(mut self, id: &str) -> Self {
        if !is_logical_id(id) {
            let message = format!("{} is not a logical ID", quoted(id));
            self.reject(message, "use letters and digits, at most 255");
        } else if let Some(node) = self.named() {
            id.clone_into(&mut node.cfn_id);
        }
        self
    }

    /// Sets the name in Terraform, the last part of its address. All references use it. Default: derived
    /// from the path.
    #[track_caller]
    pub fn tf_name(mut self, name: &str) -> Self {
        if !is_identifier(name) {
            let message = format!("{} is not a name in Terraform", quoted(name));
            self.reject(message, IDENTIFIER);
        } else if let Some(node) = self.named() {
            name.clone_into(&mut node.tf_name);
        }
        self
    }

    /// Returns the resource, with this line as that of its name.
    #[track_caller]
    fn named(&mut self) -> Option<&mut Node> {
        let location = caller_or(&self.scope.location);
        let node = self.scope.node_mut(self.node)?;
        node.name_location = Some(location);
        Some(node)
    }

    /// Reports a name that a language does not accept.
    #[track_caller]
    fn reject(&mut self, message: String, help: &'static str) {
        let location = caller_or(&self.scope.location);
        let found = Diagnostic::error("override", message)
            .at(location)
            .help(help);
        let path = self.scope.graph.node(self.node).map(|it| it.path.clone());
        self.scope.add_diagnostic(match path {
            Some(path) => found.path(path),
            None => found,
        });
    }

    /// Sets a property in CloudFormation, in JSON. `-` is the index after the last one.
    #[track_caller]
    pub fn cfn(self, pointer: &str, value: impl Into<serde_json::Value>) -> Self {
        self.push(
            Dialect::Cfn,
            Part::Properties,
            pointer,
            Change::Set(value.into()),
        )
    }

    /// Appends an item to a list in CloudFormation.
    #[track_caller]
    pub fn cfn_append(self, pointer: &str, item: impl Into<serde_json::Value>) -> Self {
        self.push(
            Dialect::Cfn,
            Part::Properties,
            pointer,
            Change::Append(item.into()),
        )
    }

    /// Removes a property or a list item in CloudFormation.
    #[track_caller]
    pub fn cfn_remove(self, pointer: &str) -> Self {
        self.push(Dialect::Cfn, Part::Properties, pointer, Change::Remove)
    }

    /// Sets an attribute beside the properties in CloudFormation: `Condition`, `CreationPolicy`,
    /// `DeletionPolicy`, `Metadata`, `UpdatePolicy` or `UpdateReplacePolicy`.
    #[track_caller]
    pub fn cfn_attribute(self, pointer: &str, value: impl Into<serde_json::Value>) -> Self {
        self.push(
            Dialect::Cfn,
            Part::Attributes,
            pointer,
            Change::Set(value.into()),
        )
    }

    /// Removes an attribute beside the properties in CloudFormation.
    #[track_caller]
    pub fn cfn_remove_attribute(self, pointer: &str) -> Self {
        self.push(Dialect::Cfn, Part::Attributes, pointer, Change::Remove)
    }

    /// Sets an argument in Terraform JSON, in which strings are templates. An object is a block where
    /// the provider has one.
    #[track_caller]
    pub fn tf(self, pointer: &str, value: impl Into<serde_json::Value>) -> Self {
        self.push(
            Dialect::Tf,
            Part::Properties,
            pointer,
            Change::Set(value.into()),
        )
    }

    /// Appends an item to a list in Terraform.
    #[track_caller]
    pub fn tf_append(self, pointer: &str, item: impl Into<serde_json::Value>) -> Self {
        self.push(
            Dialect::Tf,
            Part::Properties,
            pointer,
            Change::Append(item.into()),
        )
    }

    /// Adds a block in Terraform, after those of the same name.
    #[track_caller]
    pub fn tf_block(self, pointer: &str, arguments: impl Into<serde_json::Value>) -> Self {
        self.push(
            Dialect::Tf,
            Part::Properties,
            pointer,
            Change::Block(arguments.into()),
        )
    }

    /// Removes an argument, a block or a list item in Terraform.
    #[track_caller]
    pub fn tf_remove(self, pointer: &str) -> Self {
        self.push(Dialect::Tf, Part::Properties, pointer, Change::Remove)
    }

    /// Sets arguments of `lifecycle` in Terraform, and appends to its lists. Others keep their value.
    #[track_caller]
    pub fn lifecycle(mut self, lifecycle: Lifecycle) -> Self {
        for (name, value) in lifecycle.0 {
            let pointer = format!("/lifecycle/{name}");
            match value {
                serde_json::Value::Array(items) => {
                    for item in items {
                        self = self.tf_append(&pointer, item);
                    }
                }
                value => self = self.tf(&pointer, value),
            }
        }
        self
    }

    /// Sets the provider in Terraform by the alias of [`Scope::provider_alias`], with or without `aws.` before it.
    #[track_caller]
    pub fn provider(self, alias: &str) -> Self {
        let alias = alias.strip_prefix("aws.").unwrap_or(alias);
        self.tf("/provider", format!("aws.{alias}"))
    }
}
