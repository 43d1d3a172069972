//! `check`: will the session connect?

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::{Failure, output, synth};
use crate::front::cfn::Deployment;
use crate::front::{Input, InputKind};
use crate::ir::Graph;
use crate::reach::{self, Answer, Assume, Proof};
use crate::region::Region;
use crate::report::{self, Report};

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

/// How the answer is printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people: the way hop by hop
    Text,
    /// For programs; `ssm-synth schema --check` is its JSON Schema
    Json,
    /// For code scanning, SARIF 2.1.0
    Sarif,
    /// Annotations of a GitHub workflow
    Github,
}

/// What is taken for true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Assumption {
    /// An image that the file does not describe has the agent
    Agent,
    /// Default Host Management is on in the account and region
    Dhmc,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 every instance is reachable, or there is none; 1 one is unreachable; \
3 none is unreachable, but one is unknown; 2 the file cannot be read, usage, environment.\n\n\
Examples:\n  \
ssm-synth check stack.yaml --parameter VpcId=vpc-0a1b2c3d\n  \
terraform show -json plan.out | ssm-synth check -\n  \
ssm-synth check stack.json --output json | jq '.instances[].verdict'"
)]
pub(super) struct Args {
    /// A CloudFormation template, a Terraform plan in JSON or a configuration; `-` reads standard
    /// input [default: the configuration in the working directory]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    given: Given,
    /// Take something for true that no file can show
    #[arg(long, value_enum)]
    assume: Vec<Assumption>,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = Format::Text)]
    output: Format,
    /// End with 0 instead of 3 where an instance is unknown
    #[arg(long)]
    unknown_ok: bool,
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

/// What is told of a file's deployment beside it.
#[derive(Debug, clap::Args)]
pub(super) struct Given {
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

impl From<Kind> for InputKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Cfn => InputKind::Cfn,
            Kind::Plan => InputKind::Plan,
            Kind::Config => InputKind::Config,
        }
    }
}

impl Given {
    pub(super) fn deployment(&self) -> Result<Deployment, Failure> {
        let mut parameters = Vec::new();
        if let Some(path) = &self.parameters_file {
            let text = synth::read(path)?;
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
}

impl Args {
    fn assume(&self) -> Assume {
        Assume {
            agent: self.assume.contains(&Assumption::Agent),
            dhmc: self.assume.contains(&Assumption::Dhmc),
        }
    }
}

/// Reads a file; what is no text cannot be judged, which is told already, and is no answer.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    synth::read(path).map_err(|failure| match failure {
        Failure::Input => Failure::Unreadable,
        other => other,
    })
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let deployment = args.given.deployment()?;
    let default = PathBuf::from("ssm-synth.yaml");
    let (name, text) = match &args.file {
        Some(path) => (path.display().to_string(), read(path)?),
        None if default.exists() => (default.display().to_string(), synth::read(&default)?),
        None => ("ssm-synth.yaml".to_owned(), String::new()),
    };
    let kind = match args.given.kind {
        Some(kind) => Some(kind.into()),
        None if text.trim().is_empty() && args.file.is_none() => Some(InputKind::Config),
        None => None,
    };
    let input = Input::read(&name, &text, kind, &deployment)
        .map_err(|problems| synth::unreadable(&problems, &name, &text))?;
    let assume = args.assume();
    let proofs: Vec<Proof> = input
        .graphs
        .iter()
        .map(|graph| reach::prove(graph, &assume))
        .collect();
    let proof = reach::agree(proofs);
    let empty = Graph::default();
    let report = Report {
        file: &name,
        graph: input.graphs.first().unwrap_or(&empty),
        proof: &proof,
        json: text.trim_start().starts_with('{'),
    };
    let printed = match args.output {
        Format::Text => report::text(&report),
        Format::Json => report::json(&report),
        Format::Sarif => report::sarif(&report),
        Format::Github => report::github(&report),
    };
    match args.output {
        Format::Text => output::styled(&printed)?,
        _ => output::artefact(&printed)?,
    }
    let any = |answer| proof.instances.iter().any(|it| it.answer == answer);
    if any(Answer::Unreachable) {
        Err(Failure::Input)
    } else if any(Answer::Unknown) && !args.unknown_ok {
        Err(Failure::Undecided)
    } else {
        Ok(())
    }
}

/// Prints the page of a code.
pub(super) fn explain(code: &str) -> Result<(), Failure> {
    match report::explain(code) {
        Some(page) => output::artefact(&page),
        None => {
            let codes: Vec<&str> = reach::Hop::ALL.iter().map(|hop| hop.as_str()).collect();
            Err(environment(format!(
                "`{code}` is no code; known are {}",
                codes.join(", ")
            )))
        }
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
