//! Rust source of a resource type that the model does not have, from the schemas of both languages.
//! It has a setter for each property.

use std::fmt::Write as _;

use serde_json::Value;

use crate::ir::{Dialect, nearest, terraform_name};
use crate::resource::property_errors::required_properties;
use crate::resource::schema::{self, Schema};

/// A type in one or both languages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TypeNames<'a> {
    pub(crate) cfn: Option<&'a str>,
    pub(crate) tf: Option<&'a str>,
}

/// A property or an argument.
#[derive(Clone, Debug, PartialEq)]
struct Property {
    name: String,
    doc: String,
    /// The type if it is a scalar: then the value of both languages is the same.
    scalar: Option<&'static str>,
    is_required: bool,
    is_block: bool,
}

/// What the schema of a language says about a type.
#[derive(Debug, Default)]
struct Described {
    settable: Vec<Property>,
    /// What AWS sets: attributes that other resources refer to.
    attributes: Vec<String>,
    has_tags: bool,
    /// Whether only the schema of the user knows the type, so that a raw resource does not know its tags.
    is_foreign: bool,
}

/// Returns the module with the struct of a type. A schema replaces the table of its language.
///
/// # Errors
///
/// If a schema is unreadable, or it or the table does not have the type.
pub(crate) fn generate(
    names: TypeNames<'_>,
    cfn_schema: Option<&str>,
    tf_schema: Option<&str>,
) -> Result<String, Rejection> {
    let read = |text: &str, what: &str| -> Result<Value, String> {
        serde_json::from_str(text).map_err(|error| format!("{what} is not JSON: {error}"))
    };
    let cfn = match (names.cfn, cfn_schema) {
        (Some(of), Some(text)) => of_cfn(of, &read(text, "the CloudFormation schema")?)?,
        (Some(of), None) => of_table(of, Dialect::Cfn)?,
        (None, _) => Described::default(),
    };
    let tf = match (names.tf, tf_schema) {
        (Some(of), Some(text)) => of_tf(of, &read(text, "the provider schema")?)?,
        (Some(of), None) => of_table(of, Dialect::Tf)?,
        (None, _) => Described::default(),
    };
    Ok(module(names, &cfn, &tf))
}

/// Why there is no source: the message, and a hint.
#[derive(Debug)]
pub(crate) struct Rejection {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl From<String> for Rejection {
    fn from(message: String) -> Rejection {
        Rejection {
            message,
            help: None,
        }
    }
}

/// Reads the table of a language.
fn of_table(of: &str, dialect: Dialect) -> Result<Described, Rejection> {
    let flag = dialect.pick("--cfn-schema", "--tf-schema");
    let Some(schema) = Schema::of(of, dialect) else {
        let is_of_aws = schema::is_of_aws(of, dialect);
        return Err(Rejection {
            message: match is_of_aws {
                true => format!("unknown type `{of}` in {}", schema::source(dialect)),
                false => format!(
                    "`{of}` is not a type of {}",
                    dialect.pick("AWS", "the provider `aws`")
                ),
            },
            help: Some(match is_of_aws {
                true => format!(
                    "{} For a newer type, pass `{flag}`",
                    schema::suggested_type(of, dialect)
                ),
                false => format!("pass its schema with `{flag}`"),
            }),
        });
    };
    let required = match dialect {
        Dialect::Cfn => required_properties(of),
        Dialect::Tf => Vec::new(),
    };
    let names = schema.names().iter().filter(|it| it.name != "*");
    let mut out = Described::default();
    for it in names {
        if it.holds_tags {
            out.has_tags = true;
        } else if it.is_set_by_aws || dialect == Dialect::Tf && it.name == "id" {
            out.attributes.push(it.name.to_owned());
        } else if it.name != "tags_all" {
            out.settable.push(Property {
                name: it.name.to_owned(),
                doc: String::new(),
                scalar: match it.form.is_text() {
                    true => Some("text"),
                    false => it.form.scalar(),
                },
                is_required: it.is_required || required.contains(&it.name),
                is_block: it.form.is_only_block(),
            });
        }
    }
    if dialect == Dialect::Cfn {
        let own = |name: &&str| *name != "*" && schema.names().get(name).is_none();
        let attributes = schema.attributes().into_iter().filter(own);
        out.attributes = attributes.map(str::to_owned).collect();
    }
    Ok(out)
}

/// Returns the first sentence of a description.
fn sentence(text: Option<&Value>) -> String {
    let text = text.and_then(Value::as_str).unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let end = line.find(". ").map_or(line.len(), |at| at + 1);
    line[..end].trim().to_owned()
}

/// Reads a schema of the CloudFormation registry, or what `aws cloudformation describe-type` prints.
fn of_cfn(of: &str, schema: &Value) -> Result<Described, String> {
    let inner = schema["Schema"].as_str().map(serde_json::from_str::<Value>);
    let inner = inner
        .transpose()
        .map_err(|error| format!("`Schema` is not JSON: {error}"))?;
    let schema = inner.as_ref().unwrap_or(schema);
    match schema["typeName"].as_str() {
        Some(name) if name == of => {}
        Some(name) => return Err(format!("the schema describes `{name}`, not `{of}`")),
        None => return Err("the schema has no `typeName`".to_owned()),
    }
    let has = |list: &str, name: &str| {
        let mut names = schema[list].as_array().into_iter().flatten();
        names.any(|it| it.as_str() == Some(name))
    };
    let mut out = Described {
        is_foreign: Schema::of(of, Dialect::Cfn).is_none(),
        ..Described::default()
    };
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if has("readOnlyProperties", &format!("/properties/{name}")) {
            out.attributes.push(name.clone());
        } else if name == "Tags" {
            out.has_tags = true;
        } else {
            out.settable.push(Property {
                name: name.clone(),
                doc: sentence(property.get("description")),
                scalar: match property["type"].as_str() {
                    Some("string") => Some("text"),
                    Some("boolean") => Some("boolean"),
                    Some("integer" | "number") => Some("number"),
                    _ => None,
                },
                is_required: has("required", name),
                is_block: false,
            });
        }
    }
    Ok(out)
}

/// Reads what `terraform providers schema -json` prints.
fn of_tf(of: &str, schema: &Value) -> Result<Described, String> {
    let providers = schema["provider_schemas"].as_object().into_iter().flatten();
    let mut types = providers.filter_map(|(_, it)| it["resource_schemas"].as_object());
    let block = types
        .clone()
        .find_map(|it| it.get(of))
        .map(|it| &it["block"]);
    let Some(block) = block else {
        let known = types.by_ref().flat_map(|it| it.keys().map(String::as_str));
        return Err(format!(
            "the provider has no `{of}`; {}",
            nearest(of, known)
        ));
    };
    let mut out = Described {
        is_foreign: Schema::of(of, Dialect::Tf).is_none(),
        ..Described::default()
    };
    for (name, attribute) in block["attributes"].as_object().into_iter().flatten() {
        let is = |flag: &str| attribute[flag] == true;
        match name.as_str() {
            "tags" => out.has_tags = true,
            "tags_all" => {}
            _ if is("optional") && name != "id" || is("required") => {
                out.settable.push(Property {
                    name: name.clone(),
                    doc: sentence(attribute.get("description")),
                    scalar: match attribute["type"].as_str() {
                        Some("string") => Some("text"),
                        Some("bool") => Some("boolean"),
                        Some("number") => Some("number"),
                        _ => None,
                    },
                    is_required: is("required"),
                    is_block: false,
                });
            }
            _ => out.attributes.push(name.clone()),
        }
    }
    for (name, inner) in block["block_types"].as_object().into_iter().flatten() {
        out.settable.push(Property {
            name: name.clone(),
            doc: String::new(),
            scalar: None,
            is_required: inner["min_items"].as_u64().is_some_and(|it| it > 0),
            is_block: true,
        });
    }
    Ok(out)
}

/// A setter of the struct.
struct Setter<'a> {
    rust: String,
    cfn: Option<&'a Property>,
    tf: Option<&'a Property>,
}

impl Setter<'_> {
    fn is_required(&self) -> bool {
        let all = [self.cfn, self.tf];
        all.into_iter().flatten().any(|it| it.is_required) && !self.is_block()
    }

    fn is_block(&self) -> bool {
        self.tf.is_some_and(|it| it.is_block)
    }

    fn doc(&self) -> String {
        let doc = self.cfn.or(self.tf).map_or("", |it| it.doc.as_str());
        let name = |it: Option<&Property>| it.map(|it| format!("`{}`", it.name));
        let names = [name(self.cfn), name(self.tf)];
        let names: Vec<String> = names.into_iter().flatten().collect();
        match doc {
            "" => format!("{}.", names.join(" and ")),
            doc => format!(
                "{}: {}",
                names.join(" and "),
                doc.trim_end_matches('.').to_owned() + "."
            ),
        }
    }

    fn calls(&self, value: &str) -> String {
        let mut out = String::new();
        let both = self.cfn.is_some() && self.tf.is_some();
        if let Some(property) = self.cfn {
            let value = if both {
                format!("{value}.clone()")
            } else {
                value.to_owned()
            };
            let _ = write!(out, ".property(\"{}\", {value})", property.name);
        }
        if let Some(argument) = self.tf {
            let function = if argument.is_block {
                "block"
            } else {
                "argument"
            };
            let _ = write!(out, ".{function}(\"{}\", {value})", argument.name);
        }
        out
    }
}

/// Returns a name that is not a keyword.
fn ident(name: &str) -> String {
    const KEYWORDS: [&str; 47] = [
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do",
        "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in",
        "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
        "return", "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe",
        "unsized", "use", "virtual", "where", "while",
    ];
    match name {
        "self" | "super" | "crate" | "new" | "tags" => format!("{name}_"),
        name if KEYWORDS.contains(&name) => format!("r#{name}"),
        name => name.to_owned(),
    }
}

/// Returns a name of CloudFormation as in Terraform without the first words of its type, the longest first.
fn without_type(name: &str, type_name: &str) -> Vec<String> {
    let of = terraform_name(type_name.rsplit("::").next().unwrap_or_default());
    let name = terraform_name(name);
    let pairs = of.split('_').zip(name.split('_'));
    let same = pairs.take_while(|(of, own)| of == own).count();
    let words: Vec<&str> = name.split('_').collect();
    let starts = 1..=same.min(words.len().saturating_sub(1));
    starts.map(|it| words[it..].join("_")).collect()
}

/// Pairs the properties that have the same name and the same scalar type in both languages. CloudFormation often
/// repeats the type in a name: `QueueName` is `name` in Terraform.
fn setters<'a>(cfn: &'a Described, tf: &'a Described, names: TypeNames<'_>) -> Vec<Setter<'a>> {
    let named = |property: &Property, name: &str| {
        let same = |it: &&Property| it.name == name && it.scalar == property.scalar;
        property.scalar.and_then(|_| tf.settable.iter().find(same))
    };
    let own = |property: &Property| named(property, &terraform_name(&property.name));
    let exact: Vec<&Property> = cfn.settable.iter().filter_map(own).collect();
    let twin = |property: &Property| {
        own(property).or_else(|| {
            let short = without_type(&property.name, names.cfn.unwrap_or_default());
            let mut found = short.iter().filter_map(|it| named(property, it));
            found.find(|it| !exact.contains(it))
        })
    };
    let one_language = names.cfn.is_none() || names.tf.is_none();
    let prefixed = |prefix: &str, name: String| match one_language {
        true => ident(&name),
        false => format!("{prefix}_{name}"),
    };
    let mut out: Vec<Setter<'a>> = Vec::new();
    for property in &cfn.settable {
        let name = terraform_name(&property.name);
        let found = twin(property);
        out.push(Setter {
            rust: match found {
                Some(_) => ident(&name),
                None => prefixed("cfn", name),
            },
            cfn: Some(property),
            tf: found,
        });
    }
    for argument in &tf.settable {
        let is_paired = |it: &Setter<'_>| it.tf == Some(argument);
        if !out.iter().any(is_paired) {
            out.push(Setter {
                rust: prefixed("tf", argument.name.clone()),
                cfn: None,
                tf: Some(argument),
            });
        }
    }
    out
}

/// Returns the constants of the attributes: the name, the documentation, and the name in each language. Those that
/// only one of two languages has are for `Expr::PerLanguage`.
fn constants(
    names: TypeNames<'_>,
    cfn: &Described,
    tf: &Described,
) -> Vec<(String, String, [String; 2])> {
    let one_language = names.cfn.is_none() || names.tf.is_none();
    let mut out: Vec<(String, String, [String; 2])> = Vec::new();
    let only = |dialect: Dialect, attribute: &str| {
        let name = terraform_name(&attribute.replace('.', "")).to_uppercase();
        let (name, doc) = match one_language {
            true => (name, format!("The attribute `{attribute}`.")),
            false => (
                format!("{}_{name}", dialect.pick("CFN", "TF")),
                format!("The attribute `{attribute}`, only in {}.", dialect.name()),
            ),
        };
        let mut of = [attribute.to_owned(), String::new()];
        if dialect == Dialect::Tf {
            of.reverse();
        }
        (name, doc, of)
    };
    for attribute in &cfn.attributes {
        let mut candidates = without_type(attribute, names.cfn.unwrap_or_default());
        candidates.insert(0, terraform_name(attribute));
        let twin = candidates.into_iter().find(|it| tf.attributes.contains(it));
        out.push(match twin {
            Some(tf_name) => (
                tf_name.to_uppercase(),
                format!("The attribute `{attribute}`, and `{tf_name}` in Terraform."),
                [attribute.clone(), tf_name],
            ),
            None => only(Dialect::Cfn, attribute),
        });
    }
    for attribute in &tf.attributes {
        if !out.iter().any(|(_, _, [_, tf])| tf == attribute) {
            out.push(only(Dialect::Tf, attribute));
        }
    }
    out
}

fn module(names: TypeNames<'_>, cfn: &Described, tf: &Described) -> String {
    let types: Vec<&str> = [names.cfn, names.tf].into_iter().flatten().collect();
    let title = types
        .iter()
        .map(|it| format!("`{it}`"))
        .collect::<Vec<_>>()
        .join(" and ");
    let name = match (names.cfn, names.tf) {
        (Some(cfn), _) => cfn.rsplit("::").next().unwrap_or_default().to_owned(),
        (None, tf) => {
            let tf = tf.unwrap_or_default().replace("data.aws_", "data_");
            crate::ir::logical_id(tf.trim_start_matches("aws_"))
        }
    };
    let setters = setters(cfn, tf, names);
    let (required, optional): (Vec<_>, Vec<_>) = setters.iter().partition(|it| it.is_required());
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line(format!("//! {title}, as `ssm-synth generate` writes it."));
    line("\nuse ssm_synth::prelude::*;\n".to_owned());
    line(format!("/// {title}."));
    for of in &types {
        line(format!("#[doc(alias = \"{of}\")]"));
    }
    line("#[derive(Clone, Debug)]\n#[must_use]".to_owned());
    line(format!("pub struct {name}(RawResource);\n"));
    line(format!("impl {name} {{"));
    for (name, doc, [cfn, tf]) in constants(names, cfn, tf) {
        line(format!("    /// {doc}"));
        line(format!(
            "    pub const {name}: Attr = Attr::by_get_att(\"{cfn}\", \"{tf}\");\n"
        ));
    }
    let arguments: Vec<String> = required
        .iter()
        .map(|it| format!("{}: impl Into<RawValue<'static>>", it.rust))
        .collect();
    line("    /// Creates one with the required properties.".to_owned());
    if required.is_empty() {
        line("    #[allow(clippy::new_without_default)]".to_owned());
    }
    // A wrong value is reported at the line of the user.
    line("    #[track_caller]".to_owned());
    line(format!(
        "    pub fn new({}) -> Self {{",
        arguments.join(", ")
    ));
    for it in &required {
        if it.cfn.is_some() && it.tf.is_some() {
            line(format!(
                "        let {0}: RawValue<'static> = {0}.into();",
                it.rust
            ));
        }
    }
    let mut body = "RawResource::new()".to_owned();
    for (function, of) in [("cfn", names.cfn), ("tf", names.tf)] {
        if let Some(of) = of {
            let _ = write!(body, ".{function}(\"{of}\")");
        }
    }
    if [cfn, tf].iter().any(|it| it.has_tags && it.is_foreign) {
        body.push_str(".tags(resource::Tags::default())");
    }
    for it in &required {
        body.push_str(&it.calls(&it.rust));
    }
    line(format!("        {name}({body})\n    }}"));
    for it in &optional {
        line(format!("\n    /// {}", it.doc()));
        line("    #[track_caller]".to_owned());
        if it.is_block() {
            line(format!(
                "    pub fn {}(self, block: impl Into<RawBlock>) -> Self {{",
                it.rust
            ));
            line(format!(
                "        {name}(self.0{})\n    }}",
                it.calls("block")
            ));
        } else {
            line(format!(
                "    pub fn {}(self, value: impl Into<RawValue<'static>>) -> Self {{",
                it.rust
            ));
            if it.cfn.is_some() && it.tf.is_some() {
                line("        let value = value.into();".to_owned());
            }
            line(format!(
                "        {name}(self.0{})\n    }}",
                it.calls("value")
            ));
        }
    }
    if cfn.has_tags || tf.has_tags {
        line("\n    /// Adds tags.".to_owned());
        line("    pub fn tags(self, tags: impl Into<resource::Tags>) -> Self {".to_owned());
        line(format!("        {name}(self.0.tags(tags))\n    }}"));
    }
    line("}\n".to_owned());
    line(format!("impl Construct for {name} {{"));
    line("    type Handle = Handle<RawResource>;\n".to_owned());
    line("    fn build(self, scope: &mut Scope<'_>) -> Handle<RawResource> {".to_owned());
    line("        scope.add_inline(self.0)\n    }\n}".to_owned());
    out
}
