//! Resources of types without a table.

use super::{Dialect, Hooks, Map, RawValue, Resource, Typed};
use crate::ir::{Attr, Diagnostic, Diagnostics, Node};

#[derive(Clone, Debug, PartialEq)]
struct Definition {
    type_name: String,
    body: Map<'static>,
}

/// A resource of a type without a table, in one or both languages.
///
/// ```
/// use ssm_synth::{App, resource::RawResource};
/// let mut app = App::new();
/// let mut stack = app.stack("Access");
/// stack.add("Topic", RawResource::new()
///     .cfn("AWS::SNS::Topic").property("DisplayName", "sessions")
///     .tf("aws_sns_topic").argument("display_name", "sessions"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct RawResource {
    cfn: Option<Definition>,
    tf: Option<Definition>,
}

impl RawResource {
    /// Creates a resource without a type.
    pub fn new() -> RawResource {
        RawResource::default()
    }

    /// Sets the type in CloudFormation, such as `AWS::SNS::Topic`.
    pub fn cfn(mut self, type_name: impl Into<String>) -> RawResource {
        self.cfn = Some(Definition {
            type_name: type_name.into(),
            body: Map::default(),
        });
        self
    }

    /// Sets the type in Terraform, such as `aws_sns_topic`.
    pub fn tf(mut self, type_name: impl Into<String>) -> RawResource {
        self.tf = Some(Definition {
            type_name: type_name.into(),
            body: Map::default(),
        });
        self
    }

    /// Sets a property in CloudFormation. Text is literal, and a handle becomes a reference.
    pub fn property(
        mut self,
        name: impl Into<String>,
        value: impl Into<RawValue<'static>>,
    ) -> RawResource {
        if let Some(spelling) = &mut self.cfn {
            spelling.body.insert(name.into(), value.into());
        }
        self
    }

    /// Sets an argument in Terraform. Text is literal, and a handle becomes a reference.
    pub fn argument(
        mut self,
        name: impl Into<String>,
        value: impl Into<RawValue<'static>>,
    ) -> RawResource {
        if let Some(spelling) = &mut self.tf {
            spelling.body.insert(name.into(), value.into());
        }
        self
    }

    /// Adds a nested block in Terraform.
    pub fn block(
        self,
        name: impl Into<String>,
        arguments: impl IntoIterator<Item = (&'static str, RawValue<'static>)>,
    ) -> RawResource {
        let body = arguments
            .into_iter()
            .map(|(key, term)| (key.into(), term))
            .collect();
        self.argument(name, RawValue::Block(body))
    }

    fn definition(&self, dialect: Dialect) -> Option<&Definition> {
        match dialect {
            Dialect::Cfn => self.cfn.as_ref(),
            Dialect::Tf => self.tf.as_ref(),
        }
    }

    pub(crate) fn type_name(&self, dialect: Dialect) -> Option<&str> {
        self.definition(dialect)
            .map(|spelling| spelling.type_name.as_str())
    }

    pub(crate) fn put_fields<'a>(&'a self, dialect: Dialect, map: &mut Map<'a>) {
        if let Some(spelling) = self.definition(dialect) {
            for (key, term) in spelling.body.iter() {
                map.insert(key, term.clone());
            }
        }
    }
}

impl Hooks for RawResource {
    fn check(&self, node: &Node, out: &mut Diagnostics) {
        if self.cfn.is_none() && self.tf.is_none() {
            out.push(
                Diagnostic::error("raw-resource-type", "raw resource has no type")
                    .path(node.path.clone())
                    .at(node.location.clone())
                    .help("call `.cfn(\"AWS::…\")`, `.tf(\"aws_…\")` or both"),
            );
        }
    }
}

impl From<RawResource> for Resource {
    fn from(raw: RawResource) -> Self {
        Resource::Raw(Box::new(raw))
    }
}

impl super::sealed::Sealed for RawResource {}

impl Typed for RawResource {
    const LINK: Attr = Attr::by_ref("id");
    const KIND: super::Kind = super::Kind {
        name: "Raw",
        doc: "A resource of a type without a table.",
        cfn: "",
        tf: "",
        link: Attr::by_ref("id"),
        fields: &[],
        attrs: &[],
        take: |_, _| Err(super::codec::Mismatch::new("raw resources have no table")),
        lift: |_, _, _| Resource::from(RawResource::new()),
        unfold: |_, _, _, _| Vec::new(),
        #[cfg(test)]
        sample: |_| Resource::from(RawResource::new()),
    };

    fn of(resource: &Resource) -> Option<&Self> {
        match resource {
            Resource::Raw(raw) => Some(raw),
            _ => None,
        }
    }

    fn of_mut(resource: &mut Resource) -> Option<&mut Self> {
        match resource {
            Resource::Raw(raw) => Some(raw),
            _ => None,
        }
    }
}
