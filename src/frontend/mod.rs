//! Readers of input files: they create the same graph as constructs in Rust.

pub mod cfn;
pub mod config;
mod lift;
pub(crate) mod plan;
mod schema;
pub(crate) mod tree;
mod yaml;

use crate::ir::{Diagnostic, Diagnostics, SourceLocation, Span};
use crate::resource::Graph;
use cfn::Deployment;

pub use schema::{reference, schema};

/// The format of an input file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InputFormat {
    /// A CloudFormation template in JSON or YAML.
    Cfn,
    /// A Terraform plan from `terraform show -json`.
    Plan,
    /// A configuration of `ssm-synth`.
    Config,
}

/// An input file for the reachability check.
#[derive(Debug)]
#[non_exhaustive]
pub struct Input {
    /// The format.
    pub format: InputFormat,
    /// The resources: one graph for each combination of undetermined conditions.
    pub graphs: Vec<Graph>,
}

impl Input {
    /// Reads a file. Infers the format from the content unless it is specified.
    ///
    /// ```
    /// use ssm_synth::frontend::{Input, cfn::Deployment};
    /// use ssm_synth::reachability::{self, Assumptions, Hop};
    /// use ssm_synth::report::{self, CheckReport};
    ///
    /// let text = "
    /// Resources:
    ///   Web:
    ///     Type: AWS::EC2::Instance
    ///     Properties: {SubnetId: subnet-0a1b2c3d4e5f60718}
    /// ";
    /// let input = Input::read("stack.yaml", text, None, &Deployment::default())?;
    /// let assume = Assumptions { agent: true, ..Assumptions::default() };
    /// let each = input.graphs.iter().map(|graph| reachability::check(graph, &assume));
    /// // An unknown condition results in several graphs: the verdict holds in all of them.
    /// let proof = reachability::merge(each.collect());
    /// assert_eq!(proof.instances[0].failing_hop(), Some(Hop::InstanceProfile));
    ///
    /// let (graph, reachability) = (&input.graphs[0], &proof);
    /// let (file, program) = ("stack.yaml", "ssm-synth");
    /// let report = CheckReport { file, graph, reachability, json: false, program };
    /// assert!(report::text(&report).contains("`Web` has no instance profile"));
    /// # Ok::<(), ssm_synth::ir::Diagnostics>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The errors with their locations.
    pub fn read(
        name: &str,
        text: &str,
        kind: Option<InputFormat>,
        deployment: &Deployment,
    ) -> Result<Input, Diagnostics> {
        with_stack_space(|| read_here(name, text, kind, deployment))
            .unwrap_or_else(|| Err(rejection(name, text, (1, 1), "cannot be read".to_owned())))
    }
}

impl InputFormat {
    /// Infers the format of a file. The fallback is a configuration.
    pub fn of(text: &str) -> InputFormat {
        with_stack_space(|| {
            if looks_like_plan(text) {
                return InputFormat::Plan;
            }
            match tree::read(text) {
                Ok(root) if cfn::is_template(&root) => InputFormat::Cfn,
                _ => InputFormat::Config,
            }
        })
        .unwrap_or(InputFormat::Config)
    }
}

/// Runs recursive code in a thread with a large stack, since the caller's stack can be small.
fn with_stack_space<T: Send>(run: impl FnOnce() -> T + Send) -> Option<T> {
    let stack = std::thread::Builder::new().stack_size(256 * 1024 * 1024);
    std::thread::scope(|scope| stack.spawn_scoped(scope, run).ok()?.join().ok())
}

/// Reads a template to convert it.
///
/// # Errors
///
/// The errors with their locations.
#[cfg(feature = "cli")]
pub(crate) fn strict_template(name: &str, text: &str) -> Result<(Graph, Diagnostics), Diagnostics> {
    let unreadable = |error: tree::SyntaxError| {
        rejection(name, text, (error.at.line, error.at.column), error.message)
    };
    with_stack_space(|| tree::read(text).and_then(|root| cfn::read_strict(name, text, &root)))
        .unwrap_or_else(|| {
            Err(tree::SyntaxError {
                at: tree::At { line: 1, column: 1 },
                message: "cannot be read".to_owned(),
            })
        })
        .map_err(unreadable)
}

/// Reads only the configured values of a plan, without values from the provider.
///
/// # Errors
///
/// The errors with their locations.
#[cfg(feature = "diff")]
pub(crate) fn configured_plan(
    name: &str,
    text: &str,
    deployment: &Deployment,
) -> Result<Graph, Diagnostics> {
    let text = text.trim_start_matches('\u{feff}');
    with_stack_space(|| {
        let root = plan::parse(text).map_err(|(at, message)| rejection(name, text, at, message))?;
        plan::configured(&root, deployment)
            .map_err(|message| rejection(name, text, (1, 1), message))
    })
    .unwrap_or_else(|| Err(rejection(name, text, (1, 1), "cannot be read".to_owned())))
}

/// Returns the template as JSON, with all resources retained when they leave the stack.
///
/// # Errors
///
/// The errors with their locations.
#[cfg(feature = "cli")]
pub(crate) fn retained(name: &str, text: &str) -> Result<String, Diagnostics> {
    use serde_json::{Map, Value};
    use tree::{Kind, Tree};

    fn value(tree: &Tree) -> Value {
        match &tree.kind {
            Kind::Null => Value::Null,
            // The template means a number or a Boolean if the text is valid JSON of that type.
            Kind::Text(text) if tree.plain => match serde_json::from_str(text) {
                Ok(it @ (Value::Bool(_) | Value::Number(_))) => it,
                _ => Value::String(text.clone()),
            },
            Kind::Text(text) => Value::String(text.clone()),
            Kind::List(items) => items.iter().map(value).collect(),
            Kind::Map(entries) => {
                let entries = entries.iter().map(|it| (it.key.clone(), value(&it.value)));
                Value::Object(entries.collect())
            }
        }
    }
    let root = with_stack_space(|| tree::read(text).map(|root| value(&root)));
    let mut root = match root {
        Some(Ok(root)) => root,
        Some(Err(error)) => {
            return Err(rejection(
                name,
                text,
                (error.at.line, error.at.column),
                error.message,
            ));
        }
        None => return Err(rejection(name, text, (1, 1), "cannot be read".to_owned())),
    };
    let resources = root.get_mut("Resources").and_then(Value::as_object_mut);
    for resource in resources.into_iter().flat_map(Map::values_mut) {
        if let Value::Object(resource) = resource
            && resource.contains_key("Type")
        {
            for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
                resource.insert(policy.to_owned(), "Retain".into());
            }
        }
    }
    Ok(format!("{root:#}\n"))
}

/// Reads a plan to convert it, with the state of each existing resource.
///
/// # Errors
///
/// The errors with their locations.
#[cfg(feature = "cli")]
pub(crate) fn strict_plan(name: &str, text: &str) -> Result<plan::StrictPlan, Diagnostics> {
    let text = text.trim_start_matches('\u{feff}');
    with_stack_space(|| {
        let root = plan::parse(text).map_err(|(at, message)| rejection(name, text, at, message))?;
        plan::read_strict(&root).map_err(|message| rejection(name, text, (1, 1), message))
    })
    .unwrap_or_else(|| Err(rejection(name, text, (1, 1), "cannot be read".to_owned())))
}

fn looks_like_plan(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    text.starts_with('{') && text.contains("\"planned_values\"")
        || text.starts_with("{\"format_version\"")
}

fn rejection(name: &str, text: &str, (line, column): (u32, u32), message: String) -> Diagnostics {
    let mut out = Diagnostics::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.split_inclusive('\n').take(line as usize);
    let before: usize = lines.clone().map(str::len).sum();
    let last = lines.last().unwrap_or_default();
    let inside: usize = last
        .chars()
        .take(column.saturating_sub(1) as usize)
        .map(char::len_utf8)
        .sum();
    let start = before - last.len() + inside;
    out.push(
        Diagnostic::error("unreadable", message).at(SourceLocation::File(Span {
            file: name.into(),
            line,
            column,
            start,
            end: start,
        })),
    );
    out
}

fn read_here(
    name: &str,
    text: &str,
    kind: Option<InputFormat>,
    deployment: &Deployment,
) -> Result<Input, Diagnostics> {
    if kind == Some(InputFormat::Plan) || (kind.is_none() && looks_like_plan(text)) {
        let text = text.trim_start_matches('\u{feff}');
        let root = plan::parse(text).map_err(|(at, message)| rejection(name, text, at, message))?;
        let graph = plan::read(&root, deployment)
            .map_err(|message| rejection(name, text, (1, 1), message))?;
        return Ok(Input {
            format: InputFormat::Plan,
            graphs: vec![graph],
        });
    }
    let config = || {
        let configured = config::Config::read(name, text)?.build()?;
        configured.validate()?;
        Ok(Input {
            format: InputFormat::Config,
            graphs: vec![configured.app.graph().clone()],
        })
    };
    if kind == Some(InputFormat::Config) {
        return config();
    }
    let unreadable = |error: tree::SyntaxError| {
        rejection(name, text, (error.at.line, error.at.column), error.message)
    };
    let root = tree::read(text).map_err(unreadable)?;
    if kind.is_none() && !cfn::is_template(&root) {
        if root.map().is_some_and(|entries| !entries.is_empty()) {
            return config();
        }
        let message =
            "unknown input format; expected a CloudFormation template, a Terraform plan or \
             a configuration"
                .to_owned();
        return Err(rejection(
            name,
            text,
            (root.at.line, root.at.column),
            message,
        ));
    }
    Ok(Input {
        format: InputFormat::Cfn,
        graphs: cfn::read(name, root, deployment).map_err(unreadable)?,
    })
}
