//! A configuration against the table of settings.

use std::collections::{HashMap, HashSet};

use super::settings::{PARAMETER, SETTINGS, Setting, Type, type_words};
use super::yaml::{Item, Node};
use crate::ir::{
    Cidr, Diagnostic, Diagnostics, ParameterType, SourceLocation, near, nearest, quoted, shortened,
};
use crate::region::{Region, regions};

fn fits(item: &Item, of: &Type) -> bool {
    match (of, &item.node) {
        (Type::Text, Node::Str(_) | Node::Int(..) | Node::Bool(..)) => true,
        (Type::Cidr | Type::Region | Type::Word(_), Node::Str(_)) => true,
        (Type::Bool, Node::Bool(..)) | (Type::Int(..), Node::Int(..)) => true,
        (Type::Parameter(_), Node::Map(_)) => item.get("parameter").is_some(),
        (Type::Either(one, other), _) => fits(item, one) || fits(item, other),
        (Type::List(_), Node::List(_)) => true,
        // `{parameter: Name}` is never one of our maps without that key.
        (Type::Object(settings), Node::Map(_)) => {
            item.get("parameter").is_none() || settings.iter().any(|it| it.key == "parameter")
        }
        (Type::MapOf(_), Node::Map(_)) => true,
        _ => false,
    }
}

fn expected(of: &Type) -> String {
    match of {
        Type::Text => "text".to_owned(),
        Type::Bool => "`true` or `false`".to_owned(),
        Type::Int(min, max) => format!("a whole number from {min} to {max}"),
        Type::Cidr => "an IPv4 range such as `10.0.0.0/16`".to_owned(),
        Type::Region => "a region such as `eu-central-1`".to_owned(),
        Type::Word(words) => {
            format!(
                "one of {}",
                words
                    .iter()
                    .map(|it| format!("`{it}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            )
        }
        Type::Parameter(_) => "`{parameter: Name}`".to_owned(),
        Type::Either(one, other) => format!("{} or {}", expected(one), expected(other)),
        Type::List(_) => "a list".to_owned(),
        Type::Object(_) | Type::MapOf(_) => "a map".to_owned(),
    }
}

/// Checks a configuration against the table.
pub(super) fn check(root: &Item, out: &mut Diagnostics) {
    let of = |item: &Item| parameter_type(item.text("type").as_deref());
    let parameters = declared(root)
        .iter()
        .map(|(name, _, item)| (name.as_str(), of(item)));
    let mut check = Check {
        parameters: parameters.collect(),
        out,
    };
    check.item(root, &Type::Object(SETTINGS), "");
}

/// Checks that each parameter is used: CloudFormation would ask for it all the same.
pub(super) fn check_use(root: &Item, out: &mut Diagnostics) {
    let mut used = HashSet::new();
    mentioned(root, &mut used);
    for (name, location, _) in declared(root) {
        if !used.contains(name) {
            let message = format!("nothing uses parameter {}", quoted(name));
            let help = format!(
                "write `{{parameter: {}}}` where a setting takes one, or remove it",
                shortened(name)
            );
            let unused = Diagnostic::error("parameter-unused", message);
            out.push(unused.at(location.clone()).help(help));
        }
    }
}

fn declared(root: &Item) -> &[(String, SourceLocation, Item)] {
    match root.get("parameters").map(|item| &item.node) {
        Some(Node::Map(entries)) => entries,
        _ => &[],
    }
}

/// Returns a parameter's type; nothing for a word that is none.
pub(super) fn parameter_type(word: Option<&str>) -> Option<ParameterType> {
    let Some(word) = word else {
        return Some(ParameterType::String);
    };
    let mut all = ParameterType::ALL.iter().copied();
    all.find(|of| of.cfn() == word)
}

/// Gathers the parameters that are named anywhere, be it in a setting that there is not.
fn mentioned(item: &Item, names: &mut HashSet<String>) {
    names.extend(item.text("parameter"));
    match &item.node {
        Node::List(items) => items.iter().for_each(|item| mentioned(item, names)),
        Node::Map(entries) => entries
            .iter()
            .for_each(|(_, _, item)| mentioned(item, names)),
        _ => {}
    }
}

struct Check<'a> {
    /// The declared parameters; no type where the word for it is wrong.
    parameters: HashMap<&'a str, Option<ParameterType>>,
    out: &'a mut Diagnostics,
}

impl Check<'_> {
    fn wrong(
        &mut self,
        code: &'static str,
        location: &SourceLocation,
        message: String,
        help: String,
    ) {
        self.out.push(
            Diagnostic::error(code, message)
                .at(location.clone())
                .help(help),
        );
    }

    fn item(&mut self, item: &Item, of: &Type, path: &str) {
        let shown = match path {
            "" => quoted("the configuration"),
            path => quoted(path),
        };
        let takes = || {
            let expected = expected(of);
            format!("{shown} takes {expected}, not {}", item.node.what())
        };
        let reference = "`docs/reference/configuration.md` has all settings";
        let at = &item.location;
        if !fits(item, of) {
            return self.wrong("setting", at, takes(), reference.to_owned());
        }
        match (of, &item.node) {
            (Type::Cidr, Node::Str(text)) => {
                if let Err(error) = text.parse::<Cidr>() {
                    let help = "write a range such as `10.0.0.0/16`".to_owned();
                    self.wrong("setting", at, format!("{shown}: {error}"), help);
                }
            }
            (Type::Int(min, max), Node::Int(value, _)) if value < min || value > max => {
                self.wrong("setting", at, takes(), reference.to_owned());
            }
            (Type::Region, Node::Str(text)) if Region::find(text).is_none() => {
                let names = regions().iter().map(|region| region.name);
                let message = format!("there is no region {}", quoted(text));
                self.wrong("setting", at, message, nearest(text, names));
            }
            (Type::Word(words), Node::Str(text)) if !words.contains(&text.as_str()) => {
                let help = nearest(text, words.iter().copied());
                self.wrong("setting", at, takes(), help);
            }
            (Type::Parameter(types), Node::Map(_)) => {
                self.object(item, PARAMETER, path);
                self.parameter(item, types, &shown);
            }
            (Type::Either(one, other), _) => {
                self.item(item, if fits(item, one) { one } else { other }, path);
            }
            (Type::List(inner), Node::List(items)) => {
                for (n, item) in items.iter().enumerate() {
                    self.item(item, inner, &format!("{path}[{n}]"));
                }
            }
            (Type::Object(settings), Node::Map(_)) => self.object(item, settings, path),
            (Type::MapOf(inner), Node::Map(entries)) => {
                for (key, _, item) in entries {
                    self.item(item, inner, &format!("{path}.{key}"));
                }
            }
            _ => {}
        }
    }

    fn parameter(&mut self, item: &Item, types: &[ParameterType], shown: &str) {
        let Some(name) = item.text("parameter") else {
            return;
        };
        let location = &item.get("parameter").unwrap_or(item).location;
        let told = quoted(&name);
        let Some(of) = self.parameters.get(name.as_str()).copied() else {
            let message = format!("there is no parameter {told}");
            let near = near(&name, self.parameters.keys().copied());
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "declare it under `parameters`".to_owned(),
            };
            return self.wrong("parameter", location, message, help);
        };
        if let Some(of) = of
            && !types.contains(&of)
        {
            let (of, words) = (of.cfn(), type_words(types));
            let message =
                format!("{shown} takes a parameter {words}, and {told} is of type `{of}`");
            let help = "declare it with a type that fits".to_owned();
            self.wrong("parameter", location, message, help);
        }
    }

    fn object(&mut self, item: &Item, settings: &[Setting], path: &str) {
        let Node::Map(entries) = &item.node else {
            return;
        };
        let full = |key: &str| match path {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        };
        for (key, location, value) in entries {
            match settings.iter().find(|setting| setting.key == key) {
                Some(_) if matches!(value.node, Node::Null) => {}
                Some(setting) => self.item(value, &setting.of, &full(key)),
                None => {
                    let message = format!("there is no setting {}", quoted(&full(key)));
                    let help = nearest(key, settings.iter().map(|setting| setting.key));
                    self.wrong("unknown-setting", location, message, help);
                }
            }
        }
        for setting in settings.iter().filter(|it| it.default == "required") {
            if item.get(setting.key).is_none() {
                let message = format!("`{}` is required", full(setting.key));
                let help = setting.doc.to_owned();
                self.wrong("setting-required", &item.location, message, help);
            }
        }
        let image = settings.iter().any(|setting| setting.key == "ami");
        if image && item.get("ami").is_some() == item.get("parameter").is_some() {
            let message = format!("`{path}` takes either `ami` or `parameter`");
            let help = "name an image by id, or the parameter that holds its id".to_owned();
            self.wrong("setting-required", &item.location, message, help);
        }
    }
}
