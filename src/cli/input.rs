//! The file that a question is about: what it is, what it is told, and what is taken for true.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::settings::Settings;
use super::{Failure, app, settings};
use crate::frontend::cfn::Deployment;
use crate::frontend::{Input, InputFormat};
use crate::reachability::{self, Assumptions, Reachability};
use crate::region::Region;
use crate::resource::Graph;

/// What the file is.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Kind {
    /// A CloudFormation template, JSON or YAML
    Cfn,
    /// A Terraform plan, as `terraform show -json` prints it
    Plan,
    /// A configuration of ssm-synth
    Config,
}

impl From<Kind> for InputFormat {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Cfn => InputFormat::Cfn,
            Kind::Plan => InputFormat::Plan,
            Kind::Config => InputFormat::Config,
        }
    }
}

/// What is taken for true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Assumption {
    /// An image that the file does not describe has the agent
    Agent,
    /// Default Host Management is on in the account and region
    Dhmc,
}

/// A file, and what is told of its deployment beside it.
#[derive(Debug, clap::Args)]
pub(super) struct InputArgs {
    /// A CloudFormation template, a Terraform plan in JSON or a configuration; `-` reads standard
    /// input [default: the configuration in the working directory]
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// What the file is [default: by its content]
    #[arg(long, value_enum)]
    pub(super) kind: Option<Kind>,
    /// A value of a template's parameter
    #[arg(long = "parameter", value_name = "KEY=VALUE")]
    parameters: Vec<String>,
    /// A file with values of parameters: the AWS CLI's JSON, or a line `Key=Value` for each
    #[arg(long, value_name = "FILE")]
    parameters_file: Option<PathBuf>,
    /// The region of the deployment [default: as the file tells]
    #[arg(long)]
    pub(super) region: Option<String>,
    /// The account of the deployment, twelve digits
    #[arg(long)]
    account: Option<String>,
}

/// What the proof takes for true.
#[derive(Debug, clap::Args)]
pub(super) struct AssumptionArgs {
    /// Take something for true that no file can show
    #[arg(long, value_enum)]
    assume: Vec<Assumption>,
}

/// A file that was read.
pub(super) struct ReadInput {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) input: Input,
}

/// A stack, from a file or from settings, with what is proven of it.
pub(super) struct StackInput {
    /// The file's name, or the stack's.
    pub(super) file: String,
    /// What it is called: the stack's name, or the file's without its folder and end.
    pub(super) title: String,
    pub(super) format: InputFormat,
    pub(super) graph: Graph,
    pub(super) reachability: Reachability,
    /// Whether the file is JSON.
    pub(super) json: bool,
}

fn environment(message: impl Into<String>) -> Failure {
    Failure::Environment(message.into())
}

/// Reads `Key=Value`.
pub(super) fn pair(text: &str) -> Result<(String, String), Failure> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err(environment(format!(
            "`{text}` has no `=`; write `Key=Value`"
        ))),
    }
}

/// Reads a file of parameters: what `aws cloudformation create-stack --parameters file://…`,
/// `deploy --parameter-overrides file://…` and CodePipeline take, or lines.
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
    let wrong = |why: String| environment(format!("`{name}`: {why}"));
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
                    // A previous value is not known here.
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

/// Reads a file; what is no text cannot be judged, which is told already, and is no answer.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    settings::read(path).map_err(|failure| match failure {
        Failure::Input => Failure::Unreadable,
        other => other,
    })
}

impl AssumptionArgs {
    /// As the proof takes it.
    pub(super) fn to_assumptions(&self) -> Assumptions {
        Assumptions {
            agent: self.assume.contains(&Assumption::Agent),
            dhmc: self.assume.contains(&Assumption::Dhmc),
        }
    }

    /// Proves what was read, under each answer to what it leaves open.
    pub(super) fn check(&self, input: &Input) -> Reachability {
        let assumptions = self.to_assumptions();
        let results = input
            .graphs
            .iter()
            .map(|it| reachability::check(it, &assumptions));
        reachability::merge(results.collect())
    }
}

impl InputArgs {
    pub(super) fn deployment(&self) -> Result<Deployment, Failure> {
        let mut parameters = Vec::new();
        if let Some(path) = &self.parameters_file {
            let text = settings::read(path)?;
            parameters = parameters_file(&path.display().to_string(), &text)?;
        }
        for text in &self.parameters {
            parameters.push(pair(text)?);
        }
        let region =
            match &self.region {
                None => None,
                Some(name) => Some(Region::find(name).ok_or_else(|| {
                    environment(format!("`{name}` is no region that is known here"))
                })?),
            };
        Ok(Deployment {
            parameters,
            region,
            account: self.account.clone(),
        })
    }

    /// Reads the file.
    pub(super) fn read(&self) -> Result<ReadInput, Failure> {
        if let (None, Some(app)) = (&self.file, app::current()) {
            app.validate()
                .map_err(|diagnostics| settings::fail(&diagnostics, &Vec::new()))?;
            return Ok(ReadInput {
                name: app::program().to_owned(),
                text: String::new(),
                input: Input {
                    format: InputFormat::Config,
                    graphs: vec![app.graph().clone()],
                },
            });
        }
        let deployment = self.deployment()?;
        let default = PathBuf::from("ssm-synth.yaml");
        let (name, text) = match &self.file {
            Some(path) => (path.display().to_string(), read(path)?),
            None if default.exists() => (default.display().to_string(), settings::read(&default)?),
            None => ("ssm-synth.yaml".to_owned(), String::new()),
        };
        let kind = match self.kind {
            Some(kind) => Some(kind.into()),
            None if text.trim().is_empty() && self.file.is_none() => Some(InputFormat::Config),
            None => None,
        };
        let input = Input::read(&name, &text, kind, &deployment)
            .map_err(|diagnostics| settings::unreadable(&diagnostics, &name, &text))?;
        Ok(ReadInput { name, text, input })
    }

    /// The flag that names the configuration again, if it was named as the file that is asked about.
    pub(super) fn config_flags(&self) -> Vec<String> {
        match &self.file {
            Some(file) => vec!["--config".to_owned(), file.display().to_string()],
            None => Vec::new(),
        }
    }

    /// The values of parameters, as `Key=Value`.
    pub(super) fn values(&self) -> Result<Vec<String>, Failure> {
        let parameters = self.deployment()?.parameters;
        Ok(parameters
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect())
    }

    /// The stack that is meant: a file's, or what the settings make.
    pub(super) fn stack_input(
        &self,
        assumed: &AssumptionArgs,
        settings: &Settings,
        name: Option<&String>,
    ) -> Result<StackInput, Failure> {
        let read = match &self.file {
            None => None,
            Some(_) => Some(self.read()?),
        };
        if let Some(read) = read
            .as_ref()
            .filter(|it| it.input.format != InputFormat::Config)
        {
            if let Some(flag) = settings.config_flag() {
                return Err(environment(format!(
                    "`{flag}` is for a configuration, and `{}` is none",
                    read.name
                )));
            }
            let reachability = assumed.check(&read.input);
            return Ok(StackInput {
                title: name.cloned().unwrap_or_else(|| title_of(&read.name)),
                file: read.name.clone(),
                format: read.input.format,
                graph: read.input.graphs.first().cloned().unwrap_or_default(),
                reachability,
                json: read.text.trim_start().starts_with('{'),
            });
        }
        let built_config = settings.built_config(
            read.map(|it| (it.name, it.text)),
            name,
            self.region.as_ref(),
        )?;
        let graph = built_config.app.graph().clone();
        let reachability = reachability::check(&graph, &assumed.to_assumptions());
        Ok(StackInput {
            file: built_config.stack.clone(),
            title: built_config.stack,
            format: InputFormat::Config,
            graph,
            reachability,
            json: false,
        })
    }
}

/// A name for what a file holds.
fn title_of(file: &str) -> String {
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
