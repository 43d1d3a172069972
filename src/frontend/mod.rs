//! Readers of input files: they create the same graph as constructs in Rust.

pub mod cfn;
pub mod config;
mod lift;
pub(crate) mod plan;
mod recognize;
mod schema;
pub(crate) mod tree;
mod yaml;

use crate::ir::{Diagnostic, Diagnostics, SourceLocation, Span};
use crate::region::Region;
use crate::resource::Graph;
use cfn::Deployment;

pub use recognize::decode;
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
    /// Nested stacks, and whether their templates are read: sentences in lowercase, without a period.
    pub notes: Vec<String>,
}

/// A file, with the Region of its deployment if it has one of its own.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The name, which locations contain.
    pub name: String,
    /// The content.
    pub text: String,
    /// The Region. Default: that of the deployment.
    pub region: Option<&'static Region>,
}

/// Reads the template of a nested stack: by the name of the parent's file, and a path relative to it.
/// Returns its name and text, or none if it is not a local file.
pub type ReadNested<'a> = &'a (dyn Fn(&str, &str) -> Option<(String, String)> + Sync);

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
    /// let report = CheckReport { file, graph, reachability, json: false, program, notes: &[] };
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

    /// Reads CloudFormation templates that are deployed together: an import has the value of the
    /// export, a nested stack is part of its parent. Stacks of several Regions are separate.
    ///
    /// # Errors
    ///
    /// The errors with their locations.
    pub fn read_templates(
        files: &[SourceFile],
        deployment: &Deployment,
        read_nested: ReadNested<'_>,
    ) -> Result<Input, Diagnostics> {
        with_stack_space(|| read_linked(files, deployment, read_nested)).unwrap_or_else(|| {
            let name = files.first().map_or("", |file| file.name.as_str());
            Err(rejection(name, "", (1, 1), "cannot be read".to_owned()))
        })
    }
}

/// Returns the names of the parameters of a template.
pub fn parameter_names(text: &str) -> Vec<String> {
    let names = || {
        let root = tree::read(text).ok()?;
        let parameters = root.get("Parameters")?.map()?;
        Some(parameters.iter().map(|it| it.key.clone()).collect())
    };
    with_stack_space(names).flatten().unwrap_or_default()
}

impl InputFormat {
    /// Infers the format of a file. The fallback is a configuration.
    pub fn of(text: &str) -> InputFormat {
        with_stack_space(|| recognize::format(text)).unwrap_or(InputFormat::Config)
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
                at: tree::At {
                    line: 1,
                    column: 1,
                    file: 0,
                },
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
    let text = recognize::plan(text).unwrap_or(text);
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

    let root = with_stack_space(|| tree::read(text).map(|root| root.to_json()));
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
    let text = recognize::plan(text).unwrap_or(text);
    with_stack_space(|| {
        let root = plan::parse(text).map_err(|(at, message)| rejection(name, text, at, message))?;
        plan::read_strict(&root).map_err(|message| rejection(name, text, (1, 1), message))
    })
    .unwrap_or_else(|| Err(rejection(name, text, (1, 1), "cannot be read".to_owned())))
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

/// Rejects text of a known format that the program does not read.
fn rejected_by_kind(name: &str, text: &str) -> Option<Diagnostics> {
    let (what, help) = recognize::misplaced(text)?;
    let mut out = Diagnostics::default();
    out.push(Diagnostic::error("unreadable", format!("`{name}` {what}")).help(help));
    Some(out)
}

fn read_here(
    name: &str,
    text: &str,
    kind: Option<InputFormat>,
    deployment: &Deployment,
) -> Result<Input, Diagnostics> {
    let plan = recognize::plan(text);
    if kind == Some(InputFormat::Plan) || (kind.is_none() && plan.is_some()) {
        let text = plan.unwrap_or(text);
        let root = plan::parse(text).map_err(|(at, message)| rejection(name, text, at, message))?;
        let graph = plan::read(&root, deployment)
            .map_err(|message| rejection(name, text, (1, 1), message))?;
        return Ok(Input {
            format: InputFormat::Plan,
            graphs: vec![graph],
            notes: Vec::new(),
        });
    }
    let config = || {
        let configured = config::Config::read(name, text)?.build()?;
        configured.validate()?;
        Ok(Input {
            format: InputFormat::Config,
            graphs: vec![configured.app.graph().clone()],
            notes: Vec::new(),
        })
    };
    if kind == Some(InputFormat::Config) {
        return config();
    }
    let unreadable = |error: tree::SyntaxError| {
        rejection(name, text, (error.at.line, error.at.column), error.message)
    };
    if kind.is_none()
        && let Some(rejected) = rejected_by_kind(name, text)
    {
        return Err(rejected);
    }
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
    let file = name.to_owned();
    let templates = vec![cfn::Template { file, root }];
    let (graphs, notes) =
        cfn::read(templates, deployment, &|_, _| None, &Graph::default()).map_err(unreadable)?;
    Ok(Input {
        format: InputFormat::Cfn,
        graphs,
        notes,
    })
}

/// Limits the graphs of stacks in several Regions.
const MAX_GRAPHS: usize = 64;

fn read_linked(
    files: &[SourceFile],
    deployment: &Deployment,
    read_nested: ReadNested<'_>,
) -> Result<Input, Diagnostics> {
    let mut regions: Vec<Option<&'static Region>> = Vec::new();
    for file in files {
        let region = file.region.or(deployment.region);
        if !regions.contains(&region) {
            regions.push(region);
        }
    }
    let (mut graphs, mut notes) = (vec![Graph::default()], Vec::new());
    for region in regions {
        let deployment = Deployment {
            region,
            ..deployment.clone()
        };
        let own = |it: &&SourceFile| it.region.or(deployment.region) == region;
        let own: Vec<&SourceFile> = files.iter().filter(own).collect();
        let mut templates = Vec::new();
        for file in &own {
            let unreadable = |error: tree::SyntaxError| {
                let at = (error.at.line, error.at.column);
                rejection(&file.name, &file.text, at, error.message)
            };
            templates.push(cfn::Template {
                file: file.name.clone(),
                root: tree::read(&file.text).map_err(unreadable)?,
            });
        }
        let (mut next, mut of_region) = (Vec::new(), Vec::new());
        for base in &graphs {
            let (read, notes) = cfn::read(templates.clone(), &deployment, read_nested, base)
                .map_err(|error| {
                    let file = own.get(usize::from(error.at.file)).or(own.first());
                    let (name, text) = file.map_or(("", ""), |it| (&it.name, &it.text));
                    rejection(name, text, (error.at.line, error.at.column), error.message)
                })?;
            next.extend(read);
            of_region = notes;
        }
        notes.extend(of_region);
        // The combinations that are left out could have other results.
        if next.len() > MAX_GRAPHS {
            next.truncate(MAX_GRAPHS);
            next.iter_mut().for_each(|graph| graph.macros = true);
        }
        graphs = next;
    }
    Ok(Input {
        format: InputFormat::Cfn,
        graphs,
        notes,
    })
}
