//! `diff` with what is deployed.

use serde_json::{Value, json};

use super::aws::{block_on, print_error, report_aws_error, report_deploy_error};
use super::diff::{Args, Format, extended};
use super::progress::report_forced_stop;
use super::source::Source;
use super::{Failure, output, planned};
use crate::deploy::aws::Cloud;
use crate::deploy::outcome::{Confirm, Confirmation, Deployed, Outcome};
use crate::deploy::parameters::{deployed_values, effective, filled};
use crate::deploy::rollout::{self, Options};
use crate::deploy::stop::Stop;
use crate::deploy::values::{ChangeSet, Request, Template};
use crate::deploy::wait::ProgressSink;
use crate::diff::{ChangeReport, Version};

/// Keeps what CloudFormation says it would do.
#[derive(Default)]
struct ChangeSetCapture {
    set: Option<ChangeSet>,
}

impl ProgressSink for ChangeSetCapture {
    fn note(&mut self, text: &str) {
        output::note(&format!("{text}\n"));
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

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let source = args.source.read()?;
    let name = source.stack.as_str();
    let access = args.access.access(source.region)?;
    block_on(async {
        let stop = Stop::listen(report_forced_stop);
        let cloud = Cloud::connect(&access, &stop)
            .await
            .map_err(|error| report_aws_error(&error))?;
        let found = cloud
            .stack(name)
            .await
            .map_err(|error| report_aws_error(&error))?;
        let Some(stack) = found.filter(|it| {
            !matches!(
                it.status.as_str(),
                "REVIEW_IN_PROGRESS" | "ROLLBACK_COMPLETE"
            )
        }) else {
            print_error(
                &format!("stack `{name}` is not deployed, in {}", cloud.region),
                Some(
                    "check `--stack`, `--region` and `--profile`; `deploy --dry-run` shows a creation",
                ),
            );
            return Err(Failure::Input);
        };
        let deployed = cloud
            .template(&stack.id)
            .await
            .map_err(|error| report_aws_error(&error))?;
        let deployed = Deployed {
            template: deployed.unwrap_or_default(),
            stack,
        };
        let old = Version::template(
            &deployed.template,
            deployed_values(&deployed),
            &cloud.region,
        );
        let stack = &deployed.stack;
        let service = match args.change_set {
            true => Some(ask(args, &cloud, &source, &stop).await?),
            false => None,
        };
        let slots = &source.slots;
        // What has no value is compared as what it refers to.
        let filled = filled(slots, &deployed).unwrap_or_default();
        let values = effective(slots, &filled, Some(stack));
        let new = super::app::with_verdicts(Version::template(&source.text, values, &cloud.region));
        let report = ChangeReport::compare(&old, &new);
        let would = service.as_ref().and_then(Option::as_ref);
        let half_done = stack.status.ends_with("_FAILED");
        let same = report.differences.is_empty() && would.is_none() && !half_done;
        match args.output {
            Format::Json => {
                let value = extended(
                    &report,
                    json!({
                        "stack": name,
                        "status": stack.status,
                        "same": same,
                        "change_set": match &service {
                            None => Value::Null,
                            Some(set) => set.as_ref().map_or_else(|| json!([]), planned::planned_json),
                        },
                    }),
                );
                output::artifact(&format!("{value:#}\n"))?;
            }
            Format::Markdown => output::artifact(&report.to_markdown(name))?,
            Format::Github => output::artifact(&report.to_github(None, &args.fail_on))?,
            Format::Text if same => {
                output::styled(&format!("stack `{name}` is as the template says\n"))?;
            }
            Format::Text => {
                let mut text = report.to_text();
                if half_done {
                    text.push_str(&format!(
                        "stack `{name}` is {}: what is deployed is not all that its template says\n",
                        stack.status
                    ));
                }
                if service.is_some() {
                    text.push_str("CloudFormation would\n");
                    match would {
                        Some(set) => text.push_str(&planned::planned(set)),
                        None => text.push_str("  change nothing\n"),
                    }
                }
                output::styled(&text)?;
            }
        }
        args.end(&report, same)
    })
}

/// A stack as it is deployed.
pub(super) fn side(args: &Args, stack: &str) -> Result<Version, Failure> {
    let access = args.access.access(None)?;
    block_on(async {
        let stop = Stop::listen(report_forced_stop);
        let cloud = Cloud::connect(&access, &stop)
            .await
            .map_err(|error| report_aws_error(&error))?;
        let found = cloud
            .stack(stack)
            .await
            .map_err(|error| report_aws_error(&error))?;
        let Some(found) = found else {
            let message = format!("stack `{stack}` is not deployed, in {}", cloud.region);
            print_error(&message, Some("check the name, `--region` and `--profile`"));
            return Err(Failure::Input);
        };
        let template = cloud
            .template(&found.id)
            .await
            .map_err(|error| report_aws_error(&error))?;
        let deployed = Deployed {
            template: template.unwrap_or_default(),
            stack: found,
        };
        Ok(Version::template(
            &deployed.template,
            deployed_values(&deployed),
            &cloud.region,
        ))
    })
}

/// Has CloudFormation say what it would do; nothing if nothing.
async fn ask(
    args: &Args,
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
        dry_run: true,
        no_rollback: false,
        termination_protection: None,
        timeout: None,
        poll_interval: args.access.poll,
    };
    let mut keeper = ChangeSetCapture::default();
    match rollout::deploy(cloud, &request, &options, stop, &mut keeper).await {
        Ok(Outcome::Unchanged(_)) => Ok(None),
        Ok(_) => Ok(keeper.set),
        Err(found) => {
            let failure = report_deploy_error(&found);
            Err(if stop.is_requested() {
                Failure::Interrupted
            } else {
                failure
            })
        }
    }
}
