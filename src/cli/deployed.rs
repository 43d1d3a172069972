//! `diff` with what is deployed.

use serde_json::{Value, json};

use super::cloud::{block_on, problem, refused, said};
use super::diff::{Args, Format, extended};
use super::meaning::{Version, meaning};
use super::source::Source;
use super::talk::cut;
use super::{Failure, output, planned};
use crate::deploy::aws::Cloud;
use crate::deploy::follow::{Stop, Talk};
use crate::deploy::outcome::{Ask, Deployed, Outcome, Said};
use crate::deploy::parameters::{deployed_values, effective, filled};
use crate::deploy::rollout::{self, Options};
use crate::deploy::values::{ChangeSet, Request, Template};

/// Keeps what CloudFormation says it would do.
#[derive(Default)]
struct Keeper {
    set: Option<ChangeSet>,
}

impl Talk for Keeper {
    fn say(&mut self, text: &str) {
        output::note(&format!("{text}\n"));
    }
    fn begin(&mut self, _: Option<usize>) {}
    fn event(&mut self, _: &crate::deploy::values::Event) {}
    fn end(&mut self) {}
}

impl Ask for Keeper {
    fn plan(
        &mut self,
        set: &ChangeSet,
        _: Option<&Deployed>,
        _: &[(String, String)],
    ) -> Result<(), String> {
        self.set = Some(set.clone());
        Ok(())
    }

    async fn confirm(&mut self, _: &str, _: &Stop) -> Said {
        Said::No
    }
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let source = args.source.read()?;
    let name = source.stack.as_str();
    let access = args.access.access(source.region)?;
    block_on(async {
        let stop = Stop::listen(cut);
        let cloud = Cloud::connect(&access, &stop)
            .await
            .map_err(|error| refused(&error))?;
        let found = cloud.stack(name).await.map_err(|error| refused(&error))?;
        let Some(stack) = found.filter(|it| {
            !matches!(
                it.status.as_str(),
                "REVIEW_IN_PROGRESS" | "ROLLBACK_COMPLETE"
            )
        }) else {
            said(
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
            .map_err(|error| refused(&error))?;
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
        let new = Version::template(&source.text, values, &cloud.region).known_by_app();
        let meaning = meaning(&old, &new);
        let would = service.as_ref().and_then(Option::as_ref);
        let half_done = stack.status.ends_with("_FAILED");
        let same = meaning.differences.is_empty() && would.is_none() && !half_done;
        match args.output {
            Format::Json => {
                let value = extended(
                    &meaning,
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
                output::artefact(&format!("{value:#}\n"))?;
            }
            Format::Markdown => output::artefact(&meaning.markdown(name))?,
            Format::Github => output::artefact(&meaning.github(None, &args.fail_on))?,
            Format::Text if same => {
                output::styled(&format!("stack `{name}` is as the template says\n"))?;
            }
            Format::Text => {
                let mut text = meaning.whole();
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
        args.end(&meaning, same)
    })
}

/// A stack as it is deployed.
pub(super) fn side(args: &Args, stack: &str) -> Result<Version, Failure> {
    let access = args.access.access(None)?;
    block_on(async {
        let stop = Stop::listen(cut);
        let cloud = Cloud::connect(&access, &stop)
            .await
            .map_err(|error| refused(&error))?;
        let found = cloud.stack(stack).await.map_err(|error| refused(&error))?;
        let Some(found) = found else {
            let message = format!("stack `{stack}` is not deployed, in {}", cloud.region);
            said(&message, Some("check the name, `--region` and `--profile`"));
            return Err(Failure::Input);
        };
        let template = cloud
            .template(&found.id)
            .await
            .map_err(|error| refused(&error))?;
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
        protect: None,
        limit: None,
        pause: args.access.poll,
    };
    let mut keeper = Keeper::default();
    match rollout::deploy(cloud, &request, &options, stop, &mut keeper).await {
        Ok(Outcome::Unchanged(_)) => Ok(None),
        Ok(_) => Ok(keeper.set),
        Err(found) => {
            let failure = problem(&found);
            Err(if stop.is_asked() {
                Failure::Stopped
            } else {
                failure
            })
        }
    }
}
