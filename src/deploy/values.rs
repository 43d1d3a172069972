//! Plain values for CloudFormation requests and responses.

/// A CloudFormation stack.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stack {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) outputs: Vec<(String, String, String)>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) termination_protection: bool,
    /// The role that CloudFormation assumes, from an earlier operation.
    pub(crate) role_arn: Option<String>,
    pub(crate) since: Option<String>,
}

impl Stack {
    /// Returns whether an operation is in progress.
    pub(crate) fn is_busy(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS") && self.status != "REVIEW_IN_PROGRESS"
    }

    /// Returns whether the last operation succeeded.
    pub(crate) fn is_good(&self) -> bool {
        matches!(
            self.status.as_str(),
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE"
        )
    }
}

/// An event of a stack.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) at: String,
    pub(crate) logical_id: String,
    pub(crate) physical_id: String,
    pub(crate) kind: String,
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) token: String,
    /// Whether the event is about the stack itself.
    pub(crate) is_stack_event: bool,
}

impl Event {
    /// Returns the resource for display.
    pub(crate) fn member(&self) -> String {
        format!("{} ({}, {})", self.logical_id, self.kind, self.physical_id)
    }
}

/// A planned change of a resource.
#[derive(Clone, Debug)]
pub(crate) struct PlannedChange {
    /// `Add`, `Modify`, `Remove`, `Import` or `Dynamic`.
    pub(crate) action: String,
    pub(crate) logical_id: String,
    pub(crate) physical_id: String,
    pub(crate) kind: String,
    /// `True`, `False`, `Conditional` or empty.
    pub(crate) replacement: String,
    /// The changed properties, the causes of a replacement first.
    pub(crate) causes: Vec<String>,
}

/// A CloudFormation change set.
#[derive(Clone, Debug)]
pub(crate) struct ChangeSet {
    pub(crate) id: String,
    pub(crate) stack_id: String,
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) execution: String,
    pub(crate) planned: Vec<PlannedChange>,
}

/// A request to create a change set.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) stack: String,
    pub(crate) template: Template,
    pub(crate) parameters: Vec<Slot>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) capabilities: Vec<String>,
    pub(crate) role_arn: Option<String>,
}

/// A parameter of the template.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) name: String,
    /// The value that the user specified.
    pub(crate) value: Option<String>,
    /// The default in the template.
    pub(crate) default: Option<String>,
    /// Whether to hide the value.
    pub(crate) no_echo: bool,
}

/// The source of a parameter value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ParameterValue {
    /// A new value.
    Value(String),
    /// The deployed value.
    Previous,
}

/// The location of the template.
#[derive(Clone, Debug)]
pub(crate) enum Template {
    Body(String),
    Url(String),
}

/// A resource of a stack.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) logical_id: String,
    pub(crate) physical_id: String,
    pub(crate) kind: String,
    pub(crate) status: String,
}

/// A resource that differs from the template.
#[derive(Clone, Debug)]
pub(crate) struct Drifted {
    pub(crate) logical_id: String,
    /// `MODIFIED`, `DELETED`, `IN_SYNC` or `NOT_CHECKED`.
    pub(crate) status: String,
    /// The differences, one sentence per property.
    pub(crate) properties: Vec<String>,
}
