//! What is deployed: a template, its stack, and the values of its parameters.

use std::path::PathBuf;

use super::Failure;
use super::aws::print_error;
use super::input::pair;
use super::settings::{MAX_INLINE, Settings, read};
use crate::deploy::template::{self, Facts};
use crate::deploy::values::Slot;
use crate::ir::nearest;
use crate::region::Region;

/// Which stack, and what of.
#[derive(Debug, clap::Args)]
pub(super) struct SourceArgs {
    /// The stack [default: the configuration's name; without a configuration and a template
    /// `access`]
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// A template, instead of what the configuration makes; `-` reads standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "cidr", "zones", "vpc", "subnets", "set"])]
    template: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
    /// A value of a template's parameter; one that is not given stays what it is
    #[arg(long = "parameter", value_name = "KEY=VALUE")]
    parameters: Vec<String>,
}

/// A template, read.
pub(super) struct Source {
    /// The file's name, or the stack's.
    pub(super) name: String,
    pub(super) text: String,
    pub(super) stack: String,
    /// The region that a configuration tells.
    pub(super) region: Option<&'static Region>,
    pub(super) facts: Facts,
    /// The template's parameters, with the values that are given.
    pub(super) slots: Vec<Slot>,
}

impl SourceArgs {
    /// Reads the template that is named, or makes it from the settings.
    pub(super) fn read(&self) -> Result<Source, Failure> {
        let (name, text, stack, region) = match &self.template {
            Some(path) => {
                let text = read(path)?;
                // The configuration beside it names the stack, and where it is.
                let told = Settings::default().try_stack_and_region();
                let (stack, region) =
                    told.map_or((None, None), |(stack, region)| (Some(stack), region));
                (path.display().to_string(), text, stack, region)
            }
            None => {
                let made = self.settings.template(self.stack.as_ref())?;
                (made.stack.clone(), made.text, Some(made.stack), made.region)
            }
        };
        let facts = template::read(&text).map_err(|error| {
            let at = error.at;
            let message = format!("{name}:{}:{}: {}", at.line, at.column, error.message);
            print_error(&message, None);
            Failure::Input
        })?;
        if facts.resources == 0 {
            print_error(&format!("{name}: no template: it has no `Resources`"), None);
            return Err(Failure::Input);
        }
        let stack = self.stack.clone().or(stack).ok_or_else(|| {
            let message = "which stack? Name it by `--stack`: no configuration here does";
            Failure::Environment(message.to_owned())
        })?;
        Ok(Source {
            slots: self.filled_slots(&name, &facts)?,
            name,
            text,
            stack,
            region,
            facts,
        })
    }

    /// The values of parameters, as they are given.
    pub(super) fn parameters(&self) -> &[String] {
        &self.parameters
    }

    /// The name and text of the template, of which nobody asks where it is deployed.
    pub(super) fn read_any(&self) -> Result<(String, String), Failure> {
        match &self.template {
            Some(path) => Ok((path.display().to_string(), read(path)?)),
            None => {
                let made = self.settings.template(self.stack.as_ref())?;
                Ok((made.stack, made.text))
            }
        }
    }

    /// The parameters with the values that are given, which must be the template's.
    fn filled_slots(&self, name: &str, facts: &Facts) -> Result<Vec<Slot>, Failure> {
        let mut slots = facts.slots.clone();
        for text in &self.parameters {
            let (key, value) = pair(text)?;
            let Some(slot) = slots.iter_mut().find(|slot| slot.name == key) else {
                let help = match facts.slots.is_empty() {
                    true => "it has none".to_owned(),
                    false => nearest(&key, facts.slots.iter().map(|slot| slot.name.as_str())),
                };
                print_error(&format!("{name} has no parameter `{key}`"), Some(&help));
                return Err(Failure::Input);
            };
            slot.value = Some(value);
        }
        Ok(slots)
    }
}

impl Source {
    /// The template as it is sent: without blanks if it is too long with them; of any length if
    /// it can go through a bucket.
    pub(super) fn body(&self, through_bucket: bool) -> Result<String, Failure> {
        if self.text.len() <= MAX_INLINE {
            return Ok(self.text.clone());
        }
        let body = template::compact(&self.text).unwrap_or_else(|| self.text.clone());
        if body.len() <= MAX_INLINE || through_bucket {
            return Ok(body);
        }
        let message = format!(
            "the template has {} bytes, and CloudFormation takes {MAX_INLINE} in a request",
            body.len()
        );
        let help = "`deploy` sends it through a bucket of the stack's region: `--s3-bucket`";
        print_error(&message, Some(help));
        Err(Failure::Input)
    }
}
