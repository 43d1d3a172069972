//! A template to deploy, its stack, and the values of its parameters.

use std::path::PathBuf;

use super::aws::{AwsArgs, print_error};
use super::context::Context;
use super::failure::Failure;
use super::input::{ParameterArgs, reject_unknown};
use super::settings::{MAX_INLINE, Settings, read, stack_and_region};
use crate::deploy::template::{self, Facts};
use crate::deploy::values::Slot;
use crate::frontend::InputFormat;
use crate::ir::nearest;
use crate::region::Region;

/// The template to deploy, and its stack.
#[derive(Debug, clap::Args)]
pub(super) struct SourceArgs {
    /// Template or configuration; `-` reads stdin
    #[arg(value_name = "FILE", conflicts_with_all = ["cidr", "zones", "vpc", "subnets", "set"])]
    file: Option<PathBuf>,
    /// Stack name
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    #[command(flatten)]
    parameters: ParameterArgs,
    #[command(flatten)]
    settings: Settings,
}

/// A template, read.
#[derive(Debug)]
pub(super) struct Source {
    /// The name of the file, or of the stack.
    pub(super) name: String,
    pub(super) text: String,
    pub(super) stack: String,
    /// The Region of a configuration.
    pub(super) region: Option<&'static Region>,
    pub(super) facts: Facts,
    /// The parameters of the template, with the specified values.
    pub(super) slots: Vec<Slot>,
}

impl SourceArgs {
    /// Reads the template of the file, or generates it.
    pub(super) fn read(&self, context: &Context, aws: &AwsArgs) -> Result<Source, Failure> {
        let parameters = self.parameters.pairs()?;
        let made = match &self.file {
            Some(path) => {
                let (name, text) = (path.display().to_string(), read(path)?);
                match InputFormat::of(&text) {
                    InputFormat::Config => {
                        reject_unknown(&name, &text)?;
                        self.settings
                            .template_of((name, text), aws.stack_name(self.stack.as_ref()))?
                    }
                    InputFormat::Plan => {
                        let failure = Failure::usage(format!("`{name}` is a Terraform plan"));
                        return Err(failure.with_help(
                            "run `terraform apply`, or `ssm-synth convert` to get a template",
                        ));
                    }
                    InputFormat::Cfn => {
                        // A configuration in the directory names the stack and its Region.
                        let found = stack_and_region(context);
                        let (known, region) =
                            found.map_or((None, None), |(stack, region)| (Some(stack), region));
                        let stack = self
                            .stack
                            .clone()
                            .or(known)
                            .ok_or_else(Failure::unknown_stack)?;
                        let region = region.filter(|_| aws.region.is_none());
                        return Source::new(name, text, stack, region, &parameters);
                    }
                }
            }
            None => self
                .settings
                .template(context, aws.stack_name(self.stack.as_ref()))?,
        };
        let name = made.stack.clone();
        Source::new(name, made.text, made.stack, made.region, &parameters)
    }
}

impl Source {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// Text that is not a template; a parameter that the template does not have.
    pub(super) fn new(
        name: String,
        text: String,
        stack: String,
        region: Option<&'static Region>,
        parameters: &[(String, String)],
    ) -> Result<Source, Failure> {
        let facts = template::read(&text).map_err(|error| {
            let at = error.at;
            let message = format!("{name}:{}:{}: {}", at.line, at.column, error.message);
            print_error(&message, None);
            Failure::Unusable
        })?;
        if facts.resources == 0 {
            print_error(
                &format!("`{name}` is not a template: it has no `Resources`"),
                None,
            );
            return Err(Failure::Unusable);
        }
        Ok(Source {
            slots: slots(&name, &facts, parameters)?,
            name,
            text,
            stack,
            region,
            facts,
        })
    }

    /// Returns the template as it is sent: without whitespace if it is too large with it.
    ///
    /// # Errors
    ///
    /// A template that is too large for a request, unless it is uploaded to a bucket.
    pub(super) fn body(&self, through_bucket: bool) -> Result<String, Failure> {
        if self.text.len() <= MAX_INLINE {
            return Ok(self.text.clone());
        }
        let body = template::compact(&self.text).unwrap_or_else(|| self.text.clone());
        if body.len() <= MAX_INLINE || through_bucket {
            return Ok(body);
        }
        let message = format!(
            "the template has {} bytes; CloudFormation accepts 51,200 in a request",
            body.len()
        );
        let help = "pass `--s3-bucket` to `deploy`, with a bucket in the Region of the stack";
        print_error(&message, Some(help));
        Err(Failure::Failed)
    }
}

/// Returns the parameters of the template with the specified values.
fn slots(name: &str, facts: &Facts, values: &[(String, String)]) -> Result<Vec<Slot>, Failure> {
    let mut slots = facts.slots.clone();
    for (key, value) in values {
        let Some(slot) = slots.iter_mut().find(|slot| slot.name == *key) else {
            let failure = Failure::usage(format!("`{name}` has no parameter `{key}`"));
            return Err(match facts.slots.is_empty() {
                true => failure,
                false => failure.with_help(nearest(
                    key,
                    facts.slots.iter().map(|slot| slot.name.as_str()),
                )),
            });
        };
        slot.value = Some(value.clone());
    }
    Ok(slots)
}
