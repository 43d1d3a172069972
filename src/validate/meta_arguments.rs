//! The arguments and blocks that Terraform itself defines, such as `count` and `lifecycle`. `terraform validate`
//! refuses each value that is an error here.
//!
//! <https://developer.hashicorp.com/terraform/language/meta-arguments>

use super::traversals;
use crate::ir::Expr;
use crate::resource::schema::{LABELED_BLOCKS, SchemaError, join};
use crate::resource::{Map, RawValue, Schema};

/// The conditions of `lifecycle`, which data sources have, too.
const CONDITIONS: [&str; 2] = ["precondition", "postcondition"];

/// Returns the errors in the arguments of a resource, data source or module call.
pub(super) fn errors(type_name: &str, schema: Option<Schema>, map: &Map<'_>) -> Vec<SchemaError> {
    let mut check = Check {
        schema,
        found: Vec::new(),
    };
    match type_name.split_once('.') {
        Some(("data", _)) => {
            check.only_resources_have(map, "a data source", &["connection", "provisioner"])
        }
        None if type_name == "module" => {
            check.only_resources_have(map, "a module call", &["lifecycle"]);
            check.version(map);
        }
        _ => {}
    }
    check.number_of_instances(map);
    if let Some(names) = map.get("depends_on") {
        check.names("depends_on", names, "addresses");
    }
    if let Some(lifecycle) = map.get("lifecycle").filter(|_| type_name != "module") {
        check.lifecycle(lifecycle, type_name.starts_with("data."));
    }
    check.labels(map, "");
    check.found
}

struct Check {
    schema: Option<Schema>,
    found: Vec<SchemaError>,
}

/// Returns JSON of the user as a value with parts.
fn opened(value: &RawValue<'_>) -> RawValue<'static> {
    match value {
        RawValue::Raw(json) => RawValue::from(json.as_ref().clone()),
        other => other.clone().into_owned(),
    }
}

/// Returns the blocks of a name. None if it is not a block.
fn blocks<'v>(value: &'v RawValue<'v>) -> Option<Vec<&'v Map<'v>>> {
    let block = |it: &'v RawValue<'v>| match it {
        RawValue::Block(map) => Some(map),
        _ => None,
    };
    match value {
        RawValue::List(items) => items.iter().map(block).collect(),
        one => Some(vec![block(one)?]),
    }
}

/// Returns whether Terraform evaluates text.
fn is_evaluated(text: &str) -> bool {
    text.contains("${") || text.contains("%{")
}

/// Returns a value for messages.
fn shown(value: &RawValue<'_>) -> String {
    match value {
        RawValue::Int(number) => format!("`{number}`"),
        RawValue::Raw(json) if json.is_number() => format!("`{json}`"),
        other => other
            .as_str()
            .map_or_else(|| other.what().to_owned(), |text| format!("`{text}`")),
    }
}

impl Check {
    fn add(&mut self, path: &str, message: String, help: impl Into<String>) {
        self.found.push(SchemaError {
            path: path.to_owned(),
            is_certain: true,
            message,
            help: help.into(),
        });
    }

    /// Adds the error of a value of another form.
    fn mismatch(&mut self, path: &str, value: &RawValue<'_>, wanted: &str) {
        let message = format!("`{path}` is {}, and accepts {wanted}", shown(value));
        self.add(path, message, format!("set `{path}` to {wanted}"));
    }

    fn only_resources_have(&mut self, map: &Map<'_>, what: &str, names: &[&str]) {
        for name in names.iter().filter(|it| map.get(it).is_some()) {
            let message = format!("`{name}` is for resources, and {what} does not have it");
            self.add(name, message, format!("remove `{name}`"));
        }
    }

    /// Only the modules of a registry have versions.
    fn version(&mut self, map: &Map<'_>) {
        let Some(source) = map.get("source").and_then(RawValue::as_str) else {
            return;
        };
        let is_elsewhere = ["./", "../", "/"].iter().any(|it| source.starts_with(it))
            || source.contains("::")
            || source.contains("://");
        if is_elsewhere && map.get("version").is_some() {
            let message =
                format!("`version` is for modules of a registry, and `source` is `{source}`");
            self.add("version", message, "remove `version`");
        }
    }

    fn number_of_instances(&mut self, map: &Map<'_>) {
        if map.get("count").is_some() && map.get("for_each").is_some() {
            let message = "`count` and `for_each` exclude each other".to_owned();
            self.add("for_each", message, "remove one of them");
        }
        if let Some(count) = map.get("count").map(opened) {
            let fits = match &count {
                RawValue::Int(number) => *number >= 0,
                RawValue::Str(text) => {
                    is_evaluated(text)
                        || text
                            .parse()
                            .is_ok_and(|it: f64| it >= 0.0 && it.fract() == 0.0)
                }
                RawValue::Expr(_) => true,
                RawValue::Raw(json) => json
                    .as_f64()
                    .is_some_and(|it| it >= 0.0 && it.fract() == 0.0),
                _ => false,
            };
            if !fits {
                self.mismatch("count", &count, "an integer of at least 0");
            }
        }
        if let Some(each) = map.get("for_each").map(opened) {
            let fits = match &each {
                RawValue::Object(_) | RawValue::Expr(_) => true,
                RawValue::Str(text) => is_evaluated(text),
                _ => false,
            };
            if !fits {
                let message = format!("`for_each` is {}, and accepts a map or a set", shown(&each));
                let help = "set `for_each` to a map, or to an expression with `toset(…)`";
                self.add("for_each", message, help);
            }
        }
    }

    /// Checks a list of names without `${}`.
    fn names(&mut self, path: &str, value: &RawValue<'_>, what: &str) {
        let opened = opened(value);
        let is_list = match &opened {
            RawValue::List(items) => items.iter().all(|it| it.as_str().is_some()),
            RawValue::Str(text) => path == "lifecycle.ignore_changes" && text == "all",
            _ => false,
        };
        if !is_list {
            self.mismatch(path, &opened, &format!("a list of {what}"));
        }
    }

    fn lifecycle(&mut self, lifecycle: &RawValue<'_>, is_data: bool) {
        let Some(all) = blocks(lifecycle) else {
            let message = format!("`lifecycle` is {}, and accepts a block", lifecycle.what());
            let help = "call `.block(\"lifecycle\", …)`, or `.overrides(…).lifecycle(…)`";
            return self.add("lifecycle", message, help);
        };
        if all.len() > 1 {
            let message = format!("`lifecycle` has {} blocks, and accepts one", all.len());
            self.add("lifecycle", message, "set one block");
        }
        for (key, value) in all.into_iter().flat_map(Map::iter) {
            let path = &join("lifecycle", key);
            match key {
                _ if CONDITIONS.contains(&key) => self.condition(path, value),
                _ if is_data => {
                    let message =
                        format!("`{path}` is for resources, and a data source does not have it");
                    self.add(path, message, format!("remove `{path}`"));
                }
                "create_before_destroy" | "prevent_destroy" => {
                    let value = opened(value);
                    let fits = matches!(value, RawValue::Bool(_))
                        || matches!(value.as_str(), Some("true" | "false"));
                    if !fits {
                        self.mismatch(path, &value, "`true` or `false`");
                    }
                }
                "ignore_changes" => self.names(path, value, "arguments"),
                "replace_triggered_by" => self.names(path, value, "addresses"),
                _ => {}
            }
        }
    }

    /// Checks the blocks `precondition` and `postcondition`.
    fn condition(&mut self, path: &str, value: &RawValue<'_>) {
        let Some(all) = blocks(value) else {
            return self.mismatch(path, value, "a block");
        };
        for block in all {
            for name in ["condition", "error_message"] {
                if block.get(name).is_none() {
                    let path = &join(path, name);
                    let message = format!("argument `{path}` is required");
                    self.add(path, message, format!("set `{path}`"));
                }
            }
            if block.get("condition").is_some_and(|it| !refers(it)) {
                let path = &join(path, "condition");
                let message = format!("`{path}` refers to nothing, so that it checks nothing");
                let help = "refer to a value, such as `${var.team != \"\"}`, or remove the block";
                self.add(path, message, help);
            }
        }
    }

    /// Checks the blocks with a label: in JSON, and in a block, the label is a key.
    fn labels(&mut self, map: &Map<'_>, path: &str) {
        for (key, value) in map.iter() {
            let inside = &join(path, key);
            if !LABELED_BLOCKS.contains(&key) || key == "provisioner" && !path.is_empty() {
                let of = blocks(value).unwrap_or_default();
                of.into_iter().for_each(|it| self.labels(it, inside));
                continue;
            }
            let labeled = blocks(value).unwrap_or_default();
            let labeled: Vec<_> = labeled.into_iter().flat_map(Map::iter).collect();
            let has_labels = labeled.iter().all(|(_, it)| blocks(it).is_some());
            if labeled.is_empty() || !has_labels {
                let (what, label, body) = match key {
                    "dynamic" => ("the name of a block", "ingress", "for_each"),
                    _ => ("a type", "local-exec", "command"),
                };
                let message = format!("`{inside}` is not a block with {what}");
                let help = format!(
                    "call `.block(\"{key}\", RawBlock::new().block(\"{label}\", \
                     RawBlock::new().argument(\"{body}\", …)))`"
                );
                self.add(inside, message, help);
            } else if key == "dynamic" {
                for (name, value) in labeled {
                    let of = blocks(value).unwrap_or_default();
                    of.into_iter().for_each(|it| self.dynamic((path, name), it));
                }
            }
        }
    }

    fn dynamic(&mut self, (parent, name): (&str, &str), block: &Map<'_>) {
        let path = &join(&join(parent, "dynamic"), name);
        if let Some(schema) = self.schema.filter(|_| parent.is_empty()) {
            let known = schema.names().get(name);
            if let Some(error) = schema.check(name) {
                let message = error.message.replacen("argument", "block", 1);
                self.found.push(SchemaError {
                    path: path.clone(),
                    message,
                    ..error
                });
            } else if known.is_some_and(|it| it.form.names().is_none()) {
                let message = format!("`{name}` is an argument, and `dynamic` creates blocks");
                self.add(path, message, format!("set `{name}` as an argument"));
            }
        }
        for (key, what) in [("for_each", "argument"), ("content", "block")] {
            let fits = match block.get(key) {
                Some(value) => what == "argument" || blocks(value).is_some(),
                None => false,
            };
            if !fits {
                let path = &join(path, key);
                let message = format!("{what} `{path}` is required");
                self.add(path, message, format!("set the {what} `{path}`"));
            }
        }
        let content = block.get("content").and_then(blocks).unwrap_or_default();
        content
            .into_iter()
            .for_each(|it| self.labels(it, &join(path, "content")));
    }
}

/// Returns whether a condition refers to something.
fn refers(value: &RawValue<'_>) -> bool {
    match value {
        RawValue::Raw(json) => json
            .as_str()
            .is_some_and(|it| !traversals::of_template(it).is_empty()),
        RawValue::Expr(expr) => !matches!(expr.as_ref(), Expr::Text(_)),
        _ => false,
    }
}
