//! The input of a command: a file with the values of its deployment, or a configuration.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::assembly;
use super::configuration;
use super::context::Context;
use super::diagnostics::{unreadable, unreadable_together};
use super::failure::Failure;
use super::region;
use super::settings::{Settings, StackName, read};
use crate::frontend::cfn::Deployment;
use crate::frontend::{self, Input, InputFormat, SourceFile};
use crate::ir::nearest;
use crate::reachability::{self, Assumptions, Reachability};
use crate::region::Region;
use crate::resource::Graph;

/// The format of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum InputKind {
    /// CloudFormation template in JSON or YAML
    Cfn,
    /// Terraform plan from `terraform show -json`
    TfPlan,
    /// Configuration of ssm-synth
    Config,
}

impl From<InputKind> for InputFormat {
    fn from(kind: InputKind) -> Self {
        match kind {
            InputKind::Cfn => InputFormat::Cfn,
            InputKind::TfPlan => InputFormat::Plan,
            InputKind::Config => InputFormat::Config,
        }
    }
}

/// A fact that the check assumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Assumption {
    /// SSM Agent in images that the file does not describe
    Agent,
    /// User data that the file does not show leaves SSM Agent running
    UserData,
    /// Default Host Management in the account and Region
    Dhmc,
    /// Permission for the agent in boundaries outside the file
    Boundary,
}

/// Values of template parameters.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct ParameterArgs {
    /// Value of a template parameter
    #[arg(long = "parameter", value_name = "KEY=VALUE")]
    parameters: Vec<String>,
    /// File with parameter values: JSON of the AWS CLI, or KEY=VALUE lines
    #[arg(long, value_name = "FILE")]
    parameter_file: Option<PathBuf>,
}

impl ParameterArgs {
    /// Returns the values; those of options override those of the file.
    pub(super) fn pairs(&self) -> Result<Vec<(String, String)>, Failure> {
        let mut pairs = Vec::new();
        if let Some(path) = &self.parameter_file {
            pairs = parameters_file(&path.display().to_string(), &read(path)?)?;
        }
        for text in &self.parameters {
            pairs.push(pair(text)?);
        }
        Ok(pairs)
    }
}

/// A file, and the values of its deployment.
#[derive(Debug, clap::Args)]
pub(super) struct InputArgs {
    /// Template, Terraform plan or configuration; `-` reads stdin
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// Format of the input, instead of the one that its content implies
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(super) input_format: Option<InputKind>,
    #[command(flatten)]
    pub(super) parameters: ParameterArgs,
    /// AWS Region
    #[arg(long, value_name = "REGION")]
    pub(super) region: Option<String>,
    /// AWS account ID of 12 digits
    #[arg(long, value_name = "ID")]
    pub(super) account: Option<String>,
    #[command(flatten)]
    pub(super) settings: Settings,
}

/// Assumptions of the reachability check.
#[derive(Debug, clap::Args)]
pub(super) struct AssumptionArgs {
    /// Fact that no file shows
    #[arg(long, value_enum, value_name = "FACT")]
    assume: Vec<Assumption>,
}

/// An input, read.
pub(super) struct ReadInput {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) input: Input,
}

/// A stack from a file or a configuration, with its reachability.
pub(super) struct StackInput {
    /// The name of the file, or of the stack.
    pub(super) file: String,
    /// The name of the stack, or of the file without directory and extension.
    pub(super) title: String,
    pub(super) format: InputFormat,
    pub(super) graph: Graph,
    pub(super) reachability: Reachability,
    /// Whether the file is JSON.
    pub(super) json: bool,
}

/// Checks an AWS account ID.
///
/// # Errors
///
/// Text that is not 12 digits.
pub(super) fn account(text: Option<&String>) -> Result<Option<String>, Failure> {
    match text {
        Some(id) if id.len() != 12 || !id.bytes().all(|it| it.is_ascii_digit()) => Err(
            Failure::usage(format!("`--account {id}` does not have 12 digits")),
        ),
        text => Ok(text.cloned()),
    }
}

/// Reads `KEY=VALUE`.
pub(super) fn pair(text: &str) -> Result<(String, String), Failure> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err(Failure::usage(format!("`{text}` is not `KEY=VALUE`"))),
    }
}

/// Reads a parameter file: the format of `aws cloudformation create-stack --parameters file://…`, of
/// `deploy --parameter-overrides file://…` or of CodePipeline, or lines.
pub(super) fn parameters_file(name: &str, text: &str) -> Result<Vec<(String, String)>, Failure> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let trimmed = text.trim_start();
    if !trimmed.starts_with(['[', '{']) {
        return text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(pair)
            .collect();
    }
    let wrong = |why: String| Failure::usage(format!("`{name}`: {why}"));
    let root: serde_json::Value =
        serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    let scalar = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(value) => Some(value.to_string()),
        serde_json::Value::Array(items) => {
            let items: Option<Vec<&str>> = items.iter().map(serde_json::Value::as_str).collect();
            items.map(|items| items.join(","))
        }
        _ => None,
    };
    let mut pairs = Vec::new();
    match &root {
        serde_json::Value::Array(items) => {
            for item in items {
                if let Some(text) = item.as_str() {
                    pairs.push(pair(text)?);
                    continue;
                }
                let key = item.get("ParameterKey").and_then(|it| it.as_str());
                let value = item.get("ParameterValue").and_then(scalar);
                match (key, value) {
                    (Some(key), Some(value)) => pairs.push((key.to_owned(), value)),
                    // A previous value is unknown.
                    (Some(_), None) => {}
                    _ => {
                        return Err(wrong(
                            "an item has no `ParameterKey` and `ParameterValue`".to_owned(),
                        ));
                    }
                }
            }
        }
        serde_json::Value::Object(entries) => {
            let entries = match entries.get("Parameters") {
                Some(serde_json::Value::Object(inner)) => inner,
                _ => entries,
            };
            for (key, value) in entries {
                if let Some(value) = scalar(value) {
                    pairs.push((key.clone(), value));
                }
            }
        }
        _ => return Err(wrong("expected a list or a map".to_owned())),
    }
    Ok(pairs)
}

impl AssumptionArgs {
    pub(super) fn to_assumptions(&self) -> Assumptions {
        Assumptions {
            agent: self.assume.contains(&Assumption::Agent),
            user_data: self.assume.contains(&Assumption::UserData),
            dhmc: self.assume.contains(&Assumption::Dhmc),
            boundary: self.assume.contains(&Assumption::Boundary),
        }
    }

    /// Checks the graphs of an input: one per combination of unknown conditions.
    pub(super) fn check(&self, graphs: &[Graph]) -> Reachability {
        let assumptions = self.to_assumptions();
        let results = graphs
            .iter()
            .map(|it| reachability::check(it, &assumptions));
        reachability::merge(results.collect())
    }
}

impl InputArgs {
    /// Returns the Region of the option, which the data can lack.
    pub(super) fn region(&self) -> Result<Option<&'static Region>, Failure> {
        self.region.as_deref().map(region::region).transpose()
    }

    pub(super) fn deployment(&self) -> Result<Deployment, Failure> {
        Ok(Deployment {
            parameters: self.parameters.pairs()?,
            region: self.region()?.filter(|it| it.is_listed()),
            account: account(self.account.as_ref())?,
            files: Vec::new(),
        })
    }

    /// Reads the file, with its name, text and format, if one is specified.
    pub(super) fn read_file(&self) -> Result<Option<(String, String, InputFormat)>, Failure> {
        let Some(path) = &self.file else {
            return match self.input_format {
                None | Some(InputKind::Config) => Ok(None),
                Some(_) => Err(Failure::usage("`--input-format` requires FILE")),
            };
        };
        let text = read(path)?;
        let format = match self.input_format {
            Some(kind) => kind.into(),
            None => InputFormat::of(&text),
        };
        Ok(Some((path.display().to_string(), text, format)))
    }

    /// Reads the files, of which several are templates that are deployed together; else builds the
    /// configuration, or takes all stacks of the app.
    pub(super) fn read(&self, context: &Context, more: &[PathBuf]) -> Result<ReadInput, Failure> {
        let together: Vec<&PathBuf> = self.file.iter().chain(more).collect();
        let manifests = together.iter().filter_map(|it| assembly::manifest(it));
        if more.is_empty() && manifests.count() == 0 {
            return self.read_text(context, self.read_file()?);
        }
        let mut files = Vec::new();
        for path in together {
            if let Some(manifest) = assembly::manifest(path) {
                files.extend(assembly::templates(&manifest)?);
                continue;
            }
            let (name, text) = (path.display().to_string(), read(path)?);
            if self.input_format.is_some_and(|it| it != InputKind::Cfn)
                || InputFormat::of(&text) != InputFormat::Cfn
            {
                reject_unknown(&name, &text)?;
                let failure = Failure::usage(format!("`{name}` is not a CloudFormation template"));
                return Err(failure.with_help("only templates can be checked together"));
            }
            files.push(SourceFile {
                name,
                text,
                region: None,
            });
        }
        self.settings.reject_overrides(context, &files[0].name)?;
        self.read_templates(files)
    }

    fn read_templates(&self, files: Vec<SourceFile>) -> Result<ReadInput, Failure> {
        let deployment = self.deployment()?;
        let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
        let name = names.join(", ");
        reject_unknown_parameters(&deployment, &files, &name)?;
        let input = Input::read_templates(&files, &deployment, &assembly::nested);
        let sources: Vec<(String, String)> = files
            .into_iter()
            .map(|file| (file.name, file.text))
            .collect();
        let input = input.map_err(|diagnostics| unreadable_together(&diagnostics, &sources))?;
        let text = sources.into_iter().next().map_or(String::new(), |it| it.1);
        Ok(ReadInput { name, text, input })
    }

    /// Reads what [`InputArgs::read_file`] returned.
    fn read_text(
        &self,
        context: &Context,
        file: Option<(String, String, InputFormat)>,
    ) -> Result<ReadInput, Failure> {
        let file = match file {
            Some((name, text, format)) if format != InputFormat::Config => {
                self.settings.reject_overrides(context, &name)?;
                if format == InputFormat::Cfn {
                    let region = None;
                    return self.read_templates(vec![SourceFile { name, text, region }]);
                }
                let mut deployment = self.deployment()?;
                deployment.files = configuration::texts(&name, &text);
                if let Some((key, _)) = deployment.parameters.first() {
                    let failure = Failure::usage(format!("`{name}` has no parameter `{key}`"));
                    return Err(failure.with_help("a plan contains the values of its variables"));
                }
                let input = Input::read(&name, &text, Some(format), &deployment)
                    .map_err(|diagnostics| unreadable(&diagnostics, &name, &text))?;
                return Ok(ReadInput { name, text, input });
            }
            Some((name, text, _)) => {
                self.reject_unknown(&name, &text)?;
                Some((name, text))
            }
            None => None,
        };
        let (name, graph) = match (&file, context.app()) {
            (None, Some(app)) => {
                let first = context.first_stack();
                let flag = self.settings.config_flag();
                context.built_app(app, first, flag)?;
                (context.program().to_owned(), app.graph().clone())
            }
            _ => {
                let stack = StackName {
                    name: None,
                    region: self.region.as_ref(),
                    default_region: None,
                };
                let name = match &file {
                    Some((name, _)) => Some(name.clone()),
                    None => context.config_path()?.map(|it| it.display().to_string()),
                };
                let built = self.settings.built_config(context, file, stack)?;
                let name = name.unwrap_or_else(|| built.stack.clone());
                (name, built.app.graph().clone())
            }
        };
        Ok(ReadInput {
            name,
            text: String::new(),
            input: Input {
                format: InputFormat::Config,
                graphs: vec![graph],
                notes: Vec::new(),
            },
        })
    }

    /// Rejects text without `--input-format` that is neither a template, a plan nor a configuration.
    pub(super) fn reject_unknown(&self, name: &str, text: &str) -> Result<(), Failure> {
        match self.input_format {
            Some(_) => Ok(()),
            None => reject_unknown(name, text),
        }
    }

    /// Returns the option that specifies the configuration again.
    pub(super) fn config_args(&self, context: &Context) -> Vec<String> {
        let path = self.file.as_deref().or(context.config_flag());
        match path {
            Some(path) => vec!["--config".to_owned(), path.display().to_string()],
            None => Vec::new(),
        }
    }

    /// Returns the values of parameters as `KEY=VALUE`.
    pub(super) fn values(&self) -> Result<Vec<String>, Failure> {
        let pairs = self.parameters.pairs()?;
        Ok(pairs
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect())
    }

    /// Reads the selected stack: of the file, of the configuration, or of the app.
    pub(super) fn stack_input(
        &self,
        context: &Context,
        assumed: &AssumptionArgs,
        stack: Option<&String>,
    ) -> Result<StackInput, Failure> {
        let file = self.read_file()?;
        if file
            .as_ref()
            .is_some_and(|(.., it)| *it != InputFormat::Config)
        {
            let read = self.read_text(context, file)?;
            return Ok(StackInput {
                title: stack.cloned().unwrap_or_else(|| title_of(&read.name)),
                file: read.name,
                format: read.input.format,
                reachability: assumed.check(&read.input.graphs),
                graph: read.input.graphs.into_iter().next().unwrap_or_default(),
                json: read.text.trim_start().starts_with('{'),
            });
        }
        let stack = StackName {
            name: stack,
            region: self.region.as_ref(),
            default_region: None,
        };
        let file = file.map(|(name, text, _)| (name, text));
        if let Some((name, text)) = &file {
            self.reject_unknown(name, text)?;
        }
        let built = self.settings.built_config(context, file, stack)?;
        let graph = built.app.graph().clone();
        let reachability = reachability::check(&graph, &assumed.to_assumptions());
        Ok(StackInput {
            file: built.stack.clone(),
            title: built.stack,
            format: InputFormat::Config,
            graph,
            reachability,
            json: false,
        })
    }
}

/// Returns the error for a given parameter that no file declares.
fn reject_unknown_parameters(
    deployment: &Deployment,
    files: &[SourceFile],
    name: &str,
) -> Result<(), Failure> {
    // Reading the names takes as long as reading the files.
    if deployment.parameters.is_empty() {
        return Ok(());
    }
    let names = |file: &SourceFile| frontend::parameter_names(&file.text);
    let declared: Vec<String> = files.iter().flat_map(names).collect();
    match deployment
        .parameters
        .iter()
        .find(|(key, _)| !declared.contains(key))
    {
        None => Ok(()),
        Some((key, _)) => {
            let failure = Failure::usage(format!("`{name}` has no parameter `{key}`"));
            Err(failure.with_help(nearest(key, declared.iter().map(String::as_str))))
        }
    }
}

/// Rejects text that is neither a template, a plan nor a configuration.
pub(super) fn reject_unknown(name: &str, text: &str) -> Result<(), Failure> {
    match Input::read(name, text, None, &Deployment::default()) {
        Err(diagnostics) if diagnostics.iter().any(|it| it.code == "unreadable") => {
            Err(unreadable(&diagnostics, name, text))
        }
        _ => Ok(()),
    }
}

/// Returns a title for the content of a file.
pub(super) fn title_of(file: &str) -> String {
    let stem = Path::new(file).file_stem().and_then(|it| it.to_str());
    match stem {
        Some("-") | None => "stack".to_owned(),
        Some(stem) => stem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_parameters_are_read_in_all_forms() {
        let want = vec![
            ("A".to_owned(), "1".to_owned()),
            ("B".to_owned(), "x,y".to_owned()),
        ];
        for text in [
            "A=1\n# a comment\nB=x,y\n",
            r#"[{"ParameterKey":"A","ParameterValue":"1"},{"ParameterKey":"B","ParameterValue":"x,y"}]"#,
            r#"["A=1","B=x,y"]"#,
            r#"{"Parameters":{"A":1,"B":["x","y"]}}"#,
            r#"{"A":"1","B":"x,y"}"#,
        ] {
            assert_eq!(parameters_file("p", text).unwrap(), want, "{text}");
        }
        assert!(parameters_file("p", "A").is_err());
        assert!(parameters_file("p", "[1]").is_err());
    }
}
