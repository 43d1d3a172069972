//! Comparisons with deployed stacks.

use serde_json::{Value, json};

use super::super::aws::{block_on, print_error, report_aws_error, report_deploy_error};
use super::super::context::Context;
use super::super::failure::Failure;
use super::super::progress::report_forced_stop;
use super::super::settings::StackName;
use super::super::source::Source;
use super::super::{output, planned};
use super::{Addition, Args, Comparison, comparison, sides};
use crate::deploy::aws::{Access, Cloud};
use crate::deploy::options::Options;
use crate::deploy::outcome::{Confirm, Confirmation, Deployed, Outcome};
use crate::deploy::parameters::{deployed_values, effective, filled};
use crate::deploy::rollout;
use crate::deploy::stop::Stop;
use crate::deploy::values::{ChangeSet, Request, Stack, Template};
use crate::deploy::wait::ProgressSink;
use crate::diff::{ChangeReport, Version};
use crate::frontend::InputFormat;
use crate::region::Region;

/// Keeps the change set that CloudFormation creates.
#[derive(Default)]
struct ChangeSetCapture {
    set: Option<ChangeSet>,
}

impl ProgressSink for ChangeSetCapture {
    fn note(&mut self, text: &str) {
        output::note(text);
    }
    fn start(&mut self, _: Option<usize>) {}
    fn event(&mut self, _: &crate::deploy::values::Event) {}
    fn finish(&mut self) {}
}

impl Confirm for ChangeSetCapture {
    fn plan(
        &mut self,
        set: &ChangeSet,
        _: Option<&Deployed>,
        _: &[(String, String)],
    ) -> Result<(), String> {
        self.set = Some(set.clone());
        Ok(())
    }

    async fn confirm(&mut self, _: &str, _: &Stop) -> Confirmation {
        Confirmation::No
    }
}

/// The new version: a template whose parameters keep their deployed values, or a version with values.
enum New {
    Template(Box<Source>),
    Version(Box<Version>),
}

/// Compares a deployed stack with a new version. Without a name, the stack is the one of the
/// configuration; without a new version, that version is the configuration.
pub(super) fn compare(
    args: &Args,
    context: &Context,
    stack: Option<&str>,
    new: Option<&str>,
) -> Result<Comparison, Failure> {
    // The lines of a configuration are not those of its template.
    let is_template = |it: &&str| {
        let text = std::fs::read_to_string(it);
        text.is_ok_and(|it| InputFormat::of(&it) == InputFormat::Cfn)
    };
    let file = new.filter(is_template).map(str::to_owned);
    let (new, name, region) = read(args, context, stack, new)?;
    let access = args.aws.access(region)?;
    block_on(async {
        let stop = Stop::listen(report_forced_stop);
        let cloud = connect(&access, &stop).await?;
        let deployed = find(&cloud, &name).await?;
        let old = Version::template(
            &deployed.template,
            deployed_values(&deployed),
            &cloud.region,
        );
        let (new, service) = match new {
            New::Version(_) if args.change_set => {
                return Err(Failure::usage("`--change-set` requires a template as NEW"));
            }
            New::Version(version) => (*version, None),
            New::Template(source) => {
                let service = match args.change_set {
                    true => Some(create_change_set(args, context, &cloud, &source, &stop).await?),
                    false => None,
                };
                // A parameter without a value compares as a reference.
                let filled = filled(&source.slots, &deployed).unwrap_or_default();
                let values = effective(&source.slots, &filled, Some(&deployed.stack));
                let new = Version::template(&source.text, values, &cloud.region);
                let new = context.with_verdicts(new);
                (new, service)
            }
        };
        let mut out = comparison(ChangeReport::compare(&old, &new), name.clone());
        out.file = file;
        out.addition = addition(&deployed.stack, service.as_ref());
        Ok(out)
    })
}

/// Reads the new version, with the name and the Region of the stack.
fn read(
    args: &Args,
    context: &Context,
    stack: Option<&str>,
    new: Option<&str>,
) -> Result<(New, String, Option<&'static Region>), Failure> {
    let parameters = args.parameters.pairs()?;
    let named = stack.map(str::to_owned).or(args.stack.clone());
    let side = args.stack_name(named.as_ref());
    let Some(new) = new else {
        let side = StackName {
            default_region: args.aws.environment_region(),
            ..side
        };
        let made = args.settings.template(context, side)?;
        let region = made.region;
        let source = Source::new(
            made.stack.clone(),
            made.text,
            made.stack,
            region,
            &parameters,
        )?;
        let name = source.stack.clone();
        return Ok((New::Template(Box::new(source)), name, region));
    };
    let name = named.clone().unwrap_or_default();
    if let Some(other) = sides::stack_name(new) {
        let version = version(args, other, None)?;
        return Ok((New::Version(Box::new(version)), name, None));
    }
    let side = sides::template(new, sides::text(new)?, side)?;
    let region = side.region;
    if side.format == InputFormat::Cfn && !side.text.trim().is_empty() {
        let source = Source::new(new.to_owned(), side.text, name.clone(), region, &parameters)?;
        return Ok((New::Template(Box::new(source)), name, region));
    }
    let version = side.version(new, &args.deployment()?)?;
    Ok((New::Version(Box::new(version)), name, region))
}

/// Returns what the report of a deployed stack has in addition. The change set is an inner `None` if
/// CloudFormation would change nothing.
fn addition(stack: &Stack, service: Option<&Option<ChangeSet>>) -> Addition {
    let failed = stack.status.ends_with("_FAILED");
    let planned = service.and_then(Option::as_ref);
    let mut text = String::new();
    if failed {
        text.push_str(&format!(
            "stack `{}` is `{}`; it does not match its template\n",
            stack.name, stack.status
        ));
    }
    if service.is_some() {
        text.push_str("Change set of CloudFormation\n");
        text.push_str(&planned.map_or("  no changes\n".to_owned(), planned::planned));
    }
    let json = json!({
        "stack": stack.name,
        "status": stack.status,
        "change_set": match service {
            None => Value::Null,
            Some(set) => set.as_ref().map_or_else(|| json!([]), planned::planned_json),
        },
    });
    Addition {
        json: match json {
            Value::Object(fields) => fields,
            _ => serde_json::Map::new(),
        },
        text,
        no_difference: Some(format!("stack `{}` matches the template\n", stack.name)),
        differs: failed || planned.is_some(),
    }
}

async fn connect(access: &Access, stop: &Stop) -> Result<Cloud, Failure> {
    let cloud = Cloud::connect(access, stop).await;
    cloud.map_err(|error| report_aws_error(&error))
}

/// Finds a stack that has resources.
async fn find(cloud: &Cloud, name: &str) -> Result<Deployed, Failure> {
    let found = cloud.stack(name).await;
    let found = found.map_err(|error| report_aws_error(&error))?;
    let without_resources = ["REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"];
    let is_deployed = |it: &Stack| !without_resources.contains(&it.status.as_str());
    let Some(stack) = found.filter(is_deployed) else {
        print_error(
            &format!("stack `{name}` is not deployed in `{}`", cloud.region),
            Some(
                "check `--stack`, `--region` and `--profile`; `deploy --dry-run` shows a creation",
            ),
        );
        return Err(Failure::Failed);
    };
    let template = cloud.template(&stack.id).await;
    let template = template.map_err(|error| report_aws_error(&error))?;
    Ok(Deployed {
        template: template.unwrap_or_default(),
        stack,
    })
}

/// Reads a deployed stack.
pub(super) fn version(
    args: &Args,
    name: &str,
    region: Option<&'static Region>,
) -> Result<Version, Failure> {
    let access = args.aws.access(region)?;
    block_on(async {
        let stop = Stop::listen(report_forced_stop);
        let cloud = connect(&access, &stop).await?;
        let deployed = find(&cloud, name).await?;
        Ok(Version::template(
            &deployed.template,
            deployed_values(&deployed),
            &cloud.region,
        ))
    })
}

/// Returns the change set of CloudFormation, or nothing if it has no changes.
async fn create_change_set(
    args: &Args,
    context: &Context,
    cloud: &Cloud,
    source: &Source,
    stop: &Stop,
) -> Result<Option<ChangeSet>, Failure> {
    let body = source.body(false)?;
    let request = Request {
        stack: source.stack.clone(),
        template: Template::Body(body),
        parameters: source.slots.clone(),
        tags: Vec::new(),
        capabilities: source.facts.capabilities.clone(),
        role_arn: None,
    };
    let options = Options {
        program: context.program().to_owned(),
        dry_run: true,
        no_rollback: false,
        termination_protection: None,
        timeout: None,
        poll_interval: args.aws.poll_interval,
    };
    let mut capture = ChangeSetCapture::default();
    match rollout::deploy(cloud, &request, &options, stop, &mut capture).await {
        Ok(Outcome::Unchanged(_)) => Ok(None),
        Ok(_) => Ok(capture.set),
        Err(found) => {
            let failure = report_deploy_error(&found);
            Err(match stop.is_requested() {
                true => Failure::Interrupted,
                false => failure,
            })
        }
    }
}
