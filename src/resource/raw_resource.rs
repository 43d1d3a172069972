//! Resources of types without a table.

use std::panic::Location;

use super::raw_value::duplicate_key;
use super::schema::{self, Schema};
use super::taggable::{Tag, TagProperty};
use super::{Hooks, Map, Node, RawBlock, RawValue, Resource, Tags, Typed};
use crate::ir::{
    Attr, Diagnostic, Diagnostics, Dialect, IDENTIFIER, SourceLocation, Text, is_identifier, quoted,
};

#[derive(Clone, Debug, Default, PartialEq)]
struct Definition {
    /// The resource type. Default: none, the resource does not exist in the language.
    type_name: Option<String>,
    body: Map<'static>,
    lines: Lines,
}

/// The lines that set properties, by name. Resources with the same properties are equal.
#[derive(Clone, Debug, Default)]
struct Lines(Vec<(String, &'static Location<'static>)>);

impl PartialEq for Lines {
    fn eq(&self, _: &Lines) -> bool {
        true
    }
}

impl Definition {
    /// Records the line that sets a property.
    #[track_caller]
    fn set_line(&mut self, name: &str) {
        self.lines.0.push((name.to_owned(), Location::caller()));
    }
}

/// A resource of a type without a table, in one or both languages.
///
/// Validation reports types, properties, arguments and blocks that AWS and its Terraform provider do not
/// have, and values of another form. It does not know the types of other providers.
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
    cfn: Definition,
    tf: Definition,
    /// The tags of the resource, its scopes and the app.
    tags: Tags,
    /// The keys of its own tags. Default: none, it has tags where the schema of its type does.
    own_tags: Option<Vec<Text>>,
    /// Names that are both an argument and a block, with the second call.
    mixed: Vec<(String, SourceLocation)>,
}

impl RawResource {
    /// Creates a resource without a type.
    pub fn new() -> RawResource {
        RawResource::default()
    }

    /// Sets the type in CloudFormation, such as `AWS::SNS::Topic`.
    pub fn cfn(mut self, type_name: impl Into<String>) -> RawResource {
        self.cfn.type_name = Some(type_name.into());
        self
    }

    /// Sets the type in Terraform, such as `aws_sns_topic`. `data.aws_ami` is a data source, and
    /// `module` a module call.
    pub fn tf(mut self, type_name: impl Into<String>) -> RawResource {
        self.tf.type_name = Some(type_name.into());
        self
    }

    /// Sets a property in CloudFormation. Text is literal, and a handle becomes a reference. The last
    /// value of a name remains.
    #[track_caller]
    pub fn property(
        mut self,
        name: impl Into<String>,
        value: impl Into<RawValue<'static>>,
    ) -> RawResource {
        let name = name.into();
        self.cfn.set_line(&name);
        self.cfn.body.set(name, value.into());
        self
    }

    /// Sets an argument in Terraform. Text is literal, and a handle becomes a reference. The last value
    /// of a name remains.
    #[track_caller]
    pub fn argument(
        mut self,
        name: impl Into<String>,
        value: impl Into<RawValue<'static>>,
    ) -> RawResource {
        let name = name.into();
        self.tf.set_line(&name);
        if self.tf.body.set_argument(&name, value.into()).is_err() {
            self.mix(name);
        }
        self
    }

    /// Records a name that is both an argument and a block, so that validation reports it.
    #[track_caller]
    fn mix(&mut self, name: String) {
        let here = SourceLocation::Caller(Location::caller());
        self.mixed.push((name, here));
    }

    /// Adds a nested block in Terraform, after those of the same name: a [`RawBlock`], or pairs of names and values.
    #[track_caller]
    pub fn block(mut self, name: impl Into<String>, block: impl Into<RawBlock>) -> RawResource {
        let name = name.into();
        self.tf.set_line(&name);
        if self.tf.body.add_block(&name, block.into()).is_err() {
            self.mix(name);
        }
        self
    }

    /// Adds tags, in the form of the type: a list of pairs in CloudFormation or a map, and a map in
    /// Terraform. They join those that [`property`](RawResource::property) and
    /// [`argument`](RawResource::argument) set.
    ///
    /// The resource then also has the tags of its scopes and the app. Without a call, it has them in
    /// each language in which the schema of its type has tags.
    pub fn tags(mut self, tags: impl Into<Tags>) -> RawResource {
        let tags = tags.into();
        let own = self.own_tags.get_or_insert_default();
        for (key, _) in &tags {
            if !own.contains(key) {
                own.push(key.clone());
            }
        }
        self.tags.merge(&tags);
        self
    }

    /// Returns a property in CloudFormation.
    pub fn property_value(&self, name: &str) -> Option<&RawValue<'static>> {
        self.cfn.body.get(name)
    }

    /// Returns an argument or a block in Terraform.
    pub fn argument_value(&self, name: &str) -> Option<&RawValue<'static>> {
        self.tf.body.get(name)
    }

    /// Creates a resource of one language.
    pub(crate) fn in_language(
        dialect: Dialect,
        type_name: String,
        body: Map<'static>,
    ) -> RawResource {
        let own = Definition {
            type_name: Some(type_name),
            body,
            lines: Lines::default(),
        };
        let (cfn, tf) = match dialect {
            Dialect::Cfn => (own, Definition::default()),
            Dialect::Tf => (Definition::default(), own),
        };
        RawResource {
            cfn,
            tf,
            ..RawResource::default()
        }
    }

    /// Returns the line that sets a property or an argument last.
    pub(crate) fn line_of(&self, dialect: Dialect, name: &str) -> Option<SourceLocation> {
        let mut lines = self.definition(dialect).lines.0.iter().rev();
        let (_, line) = lines.find(|(own, _)| own == name)?;
        Some(SourceLocation::Caller(line))
    }

    /// Returns the properties or arguments.
    pub(crate) fn values(&self, dialect: Dialect) -> &Map<'static> {
        &self.definition(dialect).body
    }

    pub(super) fn values_mut(&mut self, dialect: Dialect) -> &mut Map<'static> {
        match dialect {
            Dialect::Cfn => &mut self.cfn.body,
            Dialect::Tf => &mut self.tf.body,
        }
    }

    /// Returns the resource without a property in CloudFormation.
    pub(crate) fn without(&self, name: &str) -> RawResource {
        let mut out = self.clone();
        out.cfn.body.remove(name);
        out
    }

    fn definition(&self, dialect: Dialect) -> &Definition {
        dialect.pick(&self.cfn, &self.tf)
    }

    /// Returns the type in a language, if it has one.
    pub fn type_name(&self, dialect: Dialect) -> Option<&str> {
        self.definition(dialect).type_name.as_deref()
    }

    pub(crate) fn put_fields<'a>(&'a self, dialect: Dialect, map: &mut Map<'a>) {
        for (key, value) in self.definition(dialect).body.iter() {
            map.insert(key, value.clone());
        }
        if let Some(property) = self.tag_property(dialect) {
            // Validation reports tags that the property does not accept.
            property.add(map, self.tags_in(dialect));
        }
    }

    /// Returns the property for its tags in a language, or `None` if it has no tags there.
    fn tag_property(&self, dialect: Dialect) -> Option<TagProperty> {
        let of = self.type_name(dialect)?;
        let known = TagProperty::of(of, dialect);
        known.or_else(|| self.own_tags.is_some().then(|| TagProperty::usual(dialect)))
    }

    /// Returns the tags in a language. A data source and a module have no tags of a scope. Tags select
    /// what a data source reads, and a module can use them for anything.
    fn tags_in(&self, dialect: Dialect) -> impl Iterator<Item = Tag<'_>> {
        let is_resource = self
            .type_name(dialect)
            .is_some_and(|it| it != "module" && !it.starts_with("data."));
        let is_own = |key: &Text| self.own_tags.iter().flatten().any(|it| it == key);
        self.tags
            .iter()
            .filter(move |(key, _)| is_resource || is_own(key))
    }

    fn has_tags(&self) -> bool {
        let mut languages = [Dialect::Cfn, Dialect::Tf].into_iter();
        languages.any(|it| self.tag_property(it).is_some())
    }
}

impl Hooks for RawResource {
    fn tags(&self) -> Option<&Tags> {
        self.has_tags().then_some(&self.tags)
    }

    fn tags_mut(&mut self) -> Option<&mut Tags> {
        self.has_tags().then_some(&mut self.tags)
    }

    fn check(&self, node: &Node, out: &mut Diagnostics) {
        let lacks_type = |language: &Definition| language.type_name.is_none();
        let is_lost =
            |language: &Definition| lacks_type(language) && language.body.iter().next().is_some();
        let (message, help) = if lacks_type(&self.cfn) && lacks_type(&self.tf) {
            (
                "raw resource has no type",
                "call `.cfn(\"AWS::…\")`, `.tf(\"aws_…\")` or both",
            )
        } else if is_lost(&self.cfn) {
            (
                "raw resource has properties, but no CloudFormation type",
                "call `.cfn(\"AWS::…\")`",
            )
        } else if is_lost(&self.tf) {
            (
                "raw resource has arguments, but no Terraform type",
                "call `.tf(\"aws_…\")`",
            )
        } else {
            for dialect in [Dialect::Cfn, Dialect::Tf] {
                out.extend(self.check_type(node, dialect));
            }
            self.check_identifiers(node, out);
            self.check_places(node, out);
            return;
        };
        out.push(node.error("raw-resource-type", message).help(help));
    }
}

impl RawResource {
    /// Reports a type that does not exist. The types of other providers than `aws` are unknown.
    fn check_type(&self, node: &Node, dialect: Dialect) -> Option<Diagnostic> {
        let name = self.type_name(dialect)?;
        if name == "module" && dialect == Dialect::Tf {
            let message = "module call has no `source`";
            let found = node.error("raw-resource-property", message);
            let found = found.help("set `source` to the address of the module");
            return (self.tf.body.get("source").is_none()).then(|| found.only(dialect));
        }
        let is_macro = name.starts_with("AWS::Serverless::");
        let is_of_aws = schema::is_of_aws(name, dialect) && !is_macro;
        if !is_of_aws || Schema::of(name, dialect).is_some() {
            return None;
        }
        const CODE: &str = "raw-resource-type";
        let help = schema::suggested_type(name, dialect);
        let message = format!("unknown type `{name}`");
        let found = match (schema::typo_of_type(name, dialect), dialect) {
            // The template has this error, too.
            (Some(_), Dialect::Cfn) => return None,
            (Some(_), Dialect::Tf) => node.error(CODE, message).help(help).suppressible(),
            (None, _) => {
                let source = schema::source(dialect);
                let message = format!("{message}: {source} does not have it, but AWS adds types");
                node.error(CODE, message).help(help).unless_new()
            }
        };
        Some(found.only(dialect))
    }

    /// Reports names that are not identifiers, which a configuration cannot contain.
    fn check_identifiers(&self, node: &Node, out: &mut Diagnostics) {
        for name in self.tf.body.names_in_blocks() {
            if !is_identifier(name) {
                let message = format!("{} is not an argument", quoted(name));
                let found = node.error("raw-resource-property", message);
                out.push(found.only(Dialect::Tf).help(IDENTIFIER));
            }
        }
    }

    /// Reports values that two calls set in one place, and that cannot be merged.
    fn check_places(&self, node: &Node, out: &mut Diagnostics) {
        for (name, location) in &self.mixed {
            let message = format!("`{name}` is both an argument and a block");
            let found = node.error("duplicate-value", message);
            let found = found.at(location.clone()).only(Dialect::Tf);
            out.push(found.help("call either `.argument` or `.block` for this name"));
        }
        for dialect in [Dialect::Cfn, Dialect::Tf] {
            let body = &self.definition(dialect).body;
            if let Some(path) = duplicate_key(body) {
                let message = format!("duplicate key `{path}`");
                let found = node.error("duplicate-value", message);
                out.push(found.only(dialect).help("remove one of the two values"));
            }
            let Some(property) = self.tag_property(dialect) else {
                continue;
            };
            let is_own = |key: &str| self.own_tags.iter().flatten().any(|it| *it == key);
            // The default `Name` is not worth an error.
            let tags = self.tags_in(dialect);
            let tags = tags.filter(|(key, _)| is_own(key) || *key != "Name");
            if let Some((message, help)) = property.conflict(body, tags, is_own) {
                out.push(
                    node.error("duplicate-value", message)
                        .only(dialect)
                        .help(help),
                );
            }
        }
    }
}

impl From<RawResource> for Resource {
    fn from(raw: RawResource) -> Self {
        Resource::Raw(Box::new(raw))
    }
}

impl super::sealed::Sealed for RawResource {}

#[diagnostic::do_not_recommend]
impl Typed for RawResource {
    const LINK: Attr = Attr::by_ref("id");
    const KIND: super::Kind = super::Kind {
        name: "Raw",
        doc: "A resource of a type without a table.",
        cfn: "",
        tf: "",
        link: Attr::by_ref("id"),
        fields: &[],
        inert: &[],
        attrs: &[],
        identifiers: "",
        import_id: "",
        satellite_import_ids: &[],
        replaced_if: &[],
        take: |_, _| Err(super::codec::Mismatch::new("raw resources have no table")),
        lift: |_, _, _| Resource::from(RawResource::new()),
        unfold: |_, _, _, _| Vec::new(),
        invalid: |_, _| Vec::new(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::App;

    fn property(raw: &RawResource, name: &str) -> Option<String> {
        let mut map = Map::default();
        raw.put_fields(Dialect::Cfn, &mut map);
        map.get(name).map(|value| format!("{value:?}"))
    }

    #[test]
    fn the_order_of_type_and_properties_does_not_matter() {
        let before = RawResource::new()
            .property("DisplayName", "sessions")
            .cfn("AWS::SNS::Topic");
        let after = RawResource::new()
            .cfn("AWS::SNS::Topic")
            .property("DisplayName", "sessions");
        assert_eq!(before, after);
        assert!(property(&before, "DisplayName").is_some());
    }

    #[test]
    fn a_second_type_keeps_the_properties() {
        let raw = RawResource::new()
            .cfn("AWS::SNS::Topics")
            .property("DisplayName", "sessions")
            .cfn("AWS::SNS::Topic");
        assert_eq!(raw.type_name(Dialect::Cfn), Some("AWS::SNS::Topic"));
        assert!(property(&raw, "DisplayName").is_some());
    }

    #[test]
    fn properties_without_a_type_are_an_error() {
        let mut app = App::new();
        let raw = RawResource::new()
            .tf("aws_sns_topic")
            .property("DisplayName", "sessions");
        app.stack("Access").add("Topic", raw);
        let message = app.validate().unwrap_err().to_string();
        assert!(message.contains("no CloudFormation type"), "{message}");
    }
}
