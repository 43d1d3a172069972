//! A configuration against the table of settings.

use super::settings::{PARAMETER, Setting, Type};
use super::yaml::{Item, Node};
use crate::ir::{Cidr, Diagnostic, Diagnostics, nearest};
use crate::region::{Region, regions};

fn fits(item: &Item, of: &Type) -> bool {
    match (of, &item.node) {
        (Type::Text, Node::Str(_) | Node::Int(_) | Node::Bool(_) | Node::Float(_)) => true,
        (Type::Cidr | Type::Region | Type::Word(_), Node::Str(_)) => true,
        (Type::Bool, Node::Bool(_)) | (Type::Int, Node::Int(_)) => true,
        (Type::OrParameter(inner), _) => {
            fits(item, inner)
                || matches!(&item.node, Node::Map(_)) && item.get("parameter").is_some()
        }
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
        Type::Int => "a whole number".to_owned(),
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
        Type::OrParameter(inner) => format!("{} or `{{parameter: Name}}`", expected(inner)),
        Type::Either(one, other) => format!("{} or {}", expected(one), expected(other)),
        Type::List(_) => "a list".to_owned(),
        Type::Object(settings) if settings.len() == 1 => "`{parameter: Name}`".to_owned(),
        Type::Object(_) | Type::MapOf(_) => "a map".to_owned(),
    }
}

/// Checks an item against the table.
pub(super) fn check(item: &Item, of: &Type, path: &str, out: &mut Diagnostics) {
    let mut wrong = |message: String, help: String| {
        out.push(
            Diagnostic::error("setting", message)
                .at(item.place.clone())
                .help(help),
        );
    };
    let shown = if path.is_empty() {
        "the configuration"
    } else {
        path
    };
    if !fits(item, of) {
        let message = format!("`{shown}` takes {}, not {}", expected(of), item.node.what());
        wrong(
            message,
            "`docs/configuration.md` has all settings".to_owned(),
        );
        return;
    }
    match (of, &item.node) {
        (Type::Cidr, Node::Str(text)) => {
            if let Err(error) = text.parse::<Cidr>() {
                wrong(
                    format!("`{shown}`: {error}"),
                    "write a range such as `10.0.0.0/16`".to_owned(),
                );
            }
        }
        (Type::Region, Node::Str(text)) if Region::find(text).is_none() => {
            let names = regions().iter().map(|region| region.name);
            wrong(
                format!("there is no region `{}`", text.escape_debug()),
                nearest(text, names),
            );
        }
        (Type::Word(words), Node::Str(text)) if !words.contains(&text.as_str()) => {
            let message = format!(
                "`{shown}` takes {}, not `{}`",
                expected(of),
                text.escape_debug()
            );
            wrong(message, nearest(text, words.iter().copied()));
        }
        (Type::OrParameter(_), Node::Map(_)) => check_object(item, PARAMETER, path, out),
        (Type::OrParameter(inner), _) => check(item, inner, path, out),
        (Type::Either(one, other), _) => {
            check(item, if fits(item, one) { one } else { other }, path, out);
        }
        (Type::List(inner), Node::List(items)) => {
            for (n, item) in items.iter().enumerate() {
                check(item, inner, &format!("{path}[{n}]"), out);
            }
        }
        (Type::Object(settings), Node::Map(_)) => check_object(item, settings, path, out),
        (Type::MapOf(inner), Node::Map(entries)) => {
            for (key, _, item) in entries {
                check(item, inner, &format!("{path}.{key}"), out);
            }
        }
        _ => {}
    }
}

fn check_object(item: &Item, settings: &[Setting], path: &str, out: &mut Diagnostics) {
    let Node::Map(entries) = &item.node else {
        return;
    };
    for (key, place, value) in entries {
        let full = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        match settings.iter().find(|setting| setting.key == key) {
            Some(_) if matches!(value.node, Node::Null) => {}
            Some(setting) => check(value, &setting.of, &full, out),
            None => out.push(
                Diagnostic::error(
                    "unknown-setting",
                    format!("there is no setting `{}`", full.escape_debug()),
                )
                .at(place.clone())
                .help(nearest(key, settings.iter().map(|setting| setting.key))),
            ),
        }
    }
    let image = settings.iter().any(|setting| setting.key == "ami");
    for setting in settings
        .iter()
        .filter(|setting| setting.default == "required")
    {
        if item.get(setting.key).is_none() {
            let shown = if path.is_empty() {
                setting.key.to_owned()
            } else {
                format!("{path}.{}", setting.key)
            };
            out.push(
                Diagnostic::error("setting-required", format!("`{shown}` is required"))
                    .at(item.place.clone())
                    .help(setting.doc),
            );
        }
    }
    if image && item.get("ami").is_some() == item.get("parameter").is_some() {
        out.push(
            Diagnostic::error(
                "setting-required",
                format!("`{path}` takes either `ami` or `parameter`"),
            )
            .at(item.place.clone())
            .help("name an image by id, or the parameter that holds its id"),
        );
    }
}
