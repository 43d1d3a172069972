//! The file that a question is about: what it is, what it is told, and what is taken for true.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::check::{pair, parameters_file};
use super::synth::Settings;
use super::{Failure, synth};
use crate::front::cfn::Deployment;
use crate::front::{Input, InputKind};
use crate::ir::Graph;
use crate::reach::{self, Assume, Proof};
use crate::region::Region;

/// What the file is.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// A CloudFormation template, JSON or YAML
    Cfn,
    /// A Terraform plan, as `terraform show -json` prints it
    Plan,
    /// A configuration of ssm-synth
    Config,
}

/// What is taken for true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Assumption {
    /// An image that the file does not describe has the agent
    Agent,
    /// Default Host Management is on in the account and region
    Dhmc,
}

/// The file, and what belongs to it.
#[derive(Debug, clap::Args)]
pub(super) struct Given {
    /// A CloudFormation template, a Terraform plan in JSON or a configuration; `-` reads standard
    /// input [default: the configuration in the working directory]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// What the file is [default: by its content]
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// A value of a template's parameter
    #[arg(long = "parameter", value_name = "KEY=VALUE")]
    parameters: Vec<String>,
    /// A file with values of parameters: the AWS CLI's JSON, or a line `Key=Value` for each
    #[arg(long, value_name = "FILE")]
    parameters_file: Option<PathBuf>,
    /// The region of the deployment [default: as the file tells]
    #[arg(long)]
    region: Option<String>,
    /// The account of the deployment, twelve digits
    #[arg(long)]
    account: Option<String>,
    /// Take something for true that no file can show
    #[arg(long, value_enum)]
    assume: Vec<Assumption>,
}

/// A file that was read.
pub(super) struct Read {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) input: Input,
}

/// A stack, from a file or from settings, with what is proven of it.
pub(super) struct Subject {
    /// The file's name, or the stack's.
    pub(super) file: String,
    /// What it is called: the stack's name, or the file's without its folder and end.
    pub(super) title: String,
    pub(super) kind: InputKind,
    pub(super) graph: Graph,
    pub(super) proof: Proof,
    /// Whether the file is JSON.
    pub(super) json: bool,
}

fn environment(message: impl Into<String>) -> Failure {
    Failure::Environment(message.into())
}

impl Given {
    fn deployment(&self) -> Result<Deployment, Failure> {
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

    pub(super) fn assume(&self) -> Assume {
        Assume {
            agent: self.assume.contains(&Assumption::Agent),
            dhmc: self.assume.contains(&Assumption::Dhmc),
        }
    }

    /// Reads the file.
    pub(super) fn read(&self) -> Result<Read, Failure> {
        let deployment = self.deployment()?;
        let default = PathBuf::from("ssm-synth.yaml");
        // What is no text cannot be judged: that is told already, and no answer of the check.
        let read = |path: &PathBuf| {
            synth::read(path).map_err(|failure| match failure {
                Failure::Input => Failure::Unreadable,
                other => other,
            })
        };
        let (name, text) = match &self.file {
            Some(path) => (path.display().to_string(), read(path)?),
            None if default.exists() => (default.display().to_string(), synth::read(&default)?),
            None => ("ssm-synth.yaml".to_owned(), String::new()),
        };
        let kind = match self.kind {
            Some(Kind::Cfn) => Some(InputKind::Cfn),
            Some(Kind::Plan) => Some(InputKind::Plan),
            Some(Kind::Config) => Some(InputKind::Config),
            None if text.trim().is_empty() && self.file.is_none() => Some(InputKind::Config),
            None => None,
        };
        let input = Input::read(&name, &text, kind, &deployment)
            .map_err(|problems| synth::unreadable(&problems, &name, &text))?;
        Ok(Read { name, text, input })
    }

    /// Proves what was read, under each answer to what it leaves open.
    pub(super) fn prove(&self, input: &Input) -> Proof {
        let assume = self.assume();
        let proofs = input.graphs.iter().map(|it| reach::prove(it, &assume));
        reach::agree(proofs.collect())
    }

    /// The flag that names the configuration again, if it was named as the file that is asked about.
    pub(super) fn config_again(&self) -> Vec<String> {
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
    pub(super) fn subject(
        &self,
        settings: &Settings,
        name: Option<&String>,
    ) -> Result<Subject, Failure> {
        let read = match &self.file {
            None => None,
            Some(_) => Some(self.read()?),
        };
        if let Some(read) = read
            .as_ref()
            .filter(|it| it.input.kind != InputKind::Config)
        {
            if let Some(flag) = settings.given() {
                return Err(environment(format!(
                    "`{flag}` is for a configuration, and `{}` is none",
                    read.name
                )));
            }
            let proof = self.prove(&read.input);
            return Ok(Subject {
                title: name.cloned().unwrap_or_else(|| titled(&read.name)),
                file: read.name.clone(),
                kind: read.input.kind,
                graph: read.input.graphs.first().cloned().unwrap_or_default(),
                proof,
                json: read.text.trim_start().starts_with('{'),
            });
        }
        let configured = settings.configured(
            read.as_ref().map(|it| (it.name.as_str(), it.text.as_str())),
            name,
            self.region.as_ref(),
        )?;
        let graph = configured.app.graph().clone();
        let proof = reach::prove(&graph, &self.assume());
        Ok(Subject {
            file: configured.stack.clone(),
            title: configured.stack,
            kind: InputKind::Config,
            graph,
            proof,
            json: false,
        })
    }
}

/// A name for what a file holds.
fn titled(file: &str) -> String {
    let stem = Path::new(file).file_stem().and_then(|it| it.to_str());
    match stem {
        Some("-") | None => "stack".to_owned(),
        Some(stem) => stem.to_owned(),
    }
}
