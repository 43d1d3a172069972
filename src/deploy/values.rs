//! What CloudFormation tells and takes, as plain values.

/// A stack as CloudFormation describes it.
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
    pub(crate) since: Option<String>,
}

impl Stack {
    /// Whether something is being done to it.
    pub(crate) fn is_busy(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS") && self.status != "REVIEW_IN_PROGRESS"
    }

    /// Whether nothing is wrong with it.
    pub(crate) fn is_good(&self) -> bool {
        matches!(
            self.status.as_str(),
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE"
        )
    }
}

/// One line of what happened.
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
    /// Whether it is the stack's own.
    pub(crate) is_stack_event: bool,
}

impl Event {
    /// The resource that it is about, for people.
    pub(crate) fn member(&self) -> String {
        format!("{} ({}, {})", self.logical_id, self.kind, self.physical_id)
    }
}

/// What a change set will do to a resource.
#[derive(Clone, Debug)]
pub(crate) struct PlannedChange {
    /// `Add`, `Modify`, `Remove`, `Import` or `Dynamic`.
    pub(crate) action: String,
    pub(crate) logical_id: String,
    pub(crate) physical_id: String,
    pub(crate) kind: String,
    /// `True`, `False`, `Conditional` or nothing.
    pub(crate) replacement: String,
    /// What is changed, the causes of a replacement first.
    pub(crate) causes: Vec<String>,
}

/// A change set as CloudFormation describes it.
#[derive(Clone, Debug)]
pub(crate) struct ChangeSet {
    pub(crate) id: String,
    pub(crate) stack_id: String,
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) execution: String,
    pub(crate) planned: Vec<PlannedChange>,
}

/// What a change set is made from.
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
    /// The value that the user gives.
    pub(crate) value: Option<String>,
    /// The template's.
    pub(crate) default: Option<String>,
    /// Whether its value is hidden.
    pub(crate) no_echo: bool,
}

/// Where a parameter's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ParameterValue {
    /// It is this.
    Value(String),
    /// It stays what it is.
    Previous,
}

/// Where the template is.
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

/// A resource that is not as the template says.
#[derive(Clone, Debug)]
pub(crate) struct Drifted {
    pub(crate) logical_id: String,
    /// `MODIFIED`, `DELETED`, `IN_SYNC` or `NOT_CHECKED`.
    pub(crate) status: String,
    /// Each property, in a sentence.
    pub(crate) properties: Vec<String>,
}
