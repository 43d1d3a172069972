//! The resources of a stack, as its file lists them.

use std::collections::HashMap;

use crate::frontend::tree::{self, SyntaxError, Tree};
use crate::ir::stored_type;

/// The tool that deploys a stack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tool {
    #[default]
    CloudFormation,
    Terraform,
}

impl Tool {
    /// Returns the word for the actions that every stack needs.
    pub(super) fn word(self) -> &'static str {
        match self {
            Tool::CloudFormation => "cfn",
            Tool::Terraform => "tf",
        }
    }
}

/// A resource, with its properties as the file writes them.
#[derive(Debug)]
pub(crate) struct Resource {
    /// The type; `data.TYPE` for a data source.
    pub(super) of: String,
    pub(super) properties: Tree,
}

/// The resources of a stack.
#[derive(Debug, Default)]
pub(crate) struct Stack {
    pub(super) tool: Tool,
    pub(super) resources: Vec<Resource>,
    /// The values of template parameters, as far as they are known.
    pub(super) parameters: HashMap<String, String>,
    /// The names in Parameter Store of the template parameters that CloudFormation reads there; `*` if
    /// unknown.
    pub(super) stored: Vec<String>,
    /// Whether the file shows which names the tool generates.
    pub(super) shows_generated_names: bool,
}

impl Stack {
    /// Reads a template, with values that override the defaults of its parameters.
    ///
    /// # Errors
    ///
    /// Returns the location of a syntax error.
    pub(crate) fn of_template(
        text: &str,
        values: &[(String, String)],
    ) -> Result<Stack, SyntaxError> {
        let root = tree::read(text)?;
        let declared = root.get("Parameters").and_then(Tree::map);
        let defaults = declared.unwrap_or_default().iter().filter_map(|it| {
            let default = it.value.get("Default").and_then(Tree::text)?;
            // The value of the other types is stored elsewhere.
            let kind = it.value.get("Type").and_then(Tree::text)?;
            matches!(kind, "String" | "Number").then(|| (it.key.clone(), default.to_owned()))
        });
        let mut parameters: HashMap<String, String> = defaults.collect();
        parameters.extend(values.iter().cloned());
        let stored = declared.unwrap_or_default().iter();
        let stored = stored.filter(|it| {
            let kind = it.value.get("Type").and_then(Tree::text);
            kind.is_some_and(|kind| stored_type(kind).is_some())
        });
        let stored = stored.map(|it| {
            let default = || {
                it.value
                    .get("Default")
                    .and_then(Tree::text)
                    .map(str::to_owned)
            };
            let name = parameters.get(&it.key).cloned().or_else(default);
            name.unwrap_or_else(|| "*".to_owned())
        });
        let stored = stored.collect();
        let entries = root.get("Resources").and_then(Tree::map);
        let entries = entries.unwrap_or_default().iter();
        let resources = entries.map(|it| Resource {
            of: match it.value.get("Type").and_then(Tree::text) {
                Some(of) => of.to_owned(),
                // A loop of `Fn::ForEach`, whose resources have types that CloudFormation determines.
                None => it.key.clone(),
            },
            properties: properties(&it.value, "Properties"),
        });
        Ok(Stack {
            tool: Tool::CloudFormation,
            resources: resources.collect(),
            parameters,
            stored,
            shows_generated_names: true,
        })
    }

    /// Reads a Terraform configuration in JSON.
    ///
    /// # Errors
    ///
    /// Returns the location of a syntax error.
    pub(crate) fn of_module(text: &str) -> Result<Stack, SyntaxError> {
        let root = tree::read(text)?;
        let mut resources = Vec::new();
        for (part, prefix) in [("resource", ""), ("data", "data.")] {
            let types = root.get(part).and_then(Tree::map);
            for of in types.unwrap_or_default() {
                for named in of.value.map().unwrap_or_default() {
                    resources.push(Resource {
                        of: format!("{prefix}{}", of.key),
                        properties: named.value.clone(),
                    });
                }
            }
        }
        Ok(Stack {
            tool: Tool::Terraform,
            resources,
            parameters: HashMap::new(),
            stored: Vec::new(),
            shows_generated_names: true,
        })
    }

    /// Reads a Terraform plan, with the resources that it deletes.
    ///
    /// # Errors
    ///
    /// Returns the location of a syntax error.
    pub(crate) fn of_plan(text: &str) -> Result<Stack, SyntaxError> {
        let root = tree::read(text)?;
        let changes = root.get("resource_changes").and_then(Tree::list);
        let resources = changes.unwrap_or_default().iter().map(|it| {
            let change = it.get("change");
            let values = |key| {
                change
                    .and_then(|it| it.get(key))
                    .filter(|it| it.map().is_some())
            };
            let data = text_of(it, "mode") == "data";
            Resource {
                of: format!("{}{}", if data { "data." } else { "" }, text_of(it, "type")),
                properties: values("after").or(values("before")).unwrap_or(it).clone(),
            }
        });
        let mut resources: Vec<Resource> = resources.collect();
        // Terraform reads most data sources while it plans; they have no changes.
        let state = root.get("prior_state").and_then(|it| it.get("values"));
        if let Some(module) = state.and_then(|it| it.get("root_module")) {
            data_sources(module, &mut resources);
        }
        Ok(Stack {
            tool: Tool::Terraform,
            resources,
            parameters: HashMap::new(),
            stored: Vec::new(),
            // An unknown name is one that Terraform generates, or that another resource has.
            shows_generated_names: false,
        })
    }
}

/// Collects the data sources of a module and of those below it.
fn data_sources(module: &Tree, out: &mut Vec<Resource>) {
    let below = |key| module.get(key).and_then(Tree::list).unwrap_or_default();
    for it in below("resources") {
        if text_of(it, "mode") == "data" {
            out.push(Resource {
                of: format!("data.{}", text_of(it, "type")),
                properties: properties(it, "values"),
            });
        }
    }
    for module in below("child_modules") {
        data_sources(module, out);
    }
}

fn text_of(of: &Tree, key: &str) -> String {
    let text = of.get(key).and_then(Tree::text);
    text.unwrap_or_default().to_owned()
}

fn properties(of: &Tree, key: &str) -> Tree {
    // A resource without properties: its own keys are not those of a property.
    of.get(key)
        .cloned()
        .unwrap_or_else(|| tree::list(Vec::new(), of))
}
