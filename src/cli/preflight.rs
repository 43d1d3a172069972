//! What `deploy` finds out about the account before it creates anything.

use super::aws::{check_template, print_error};
use super::failure::Failure;
use super::output;
use super::permissions::{self, Simulation, joined};
use super::progress::Caller;
use super::source::Source;
use crate::deploy::aws::Cloud;
use crate::deploy::aws_cli::{AwsCli, AwsCliError};
use crate::deploy::preflight::{self, Pin, Unmet};
use crate::deploy::template;
use crate::deploy::values::Slot;
use crate::deployer;

/// Reports in one list what the account lacks, before anything is created. Returns whether the template
/// changed: a subnet keeps its Availability Zone.
pub(super) async fn run(
    cloud: &Cloud,
    source: &mut Source,
    caller: Option<&Caller>,
    role: Option<&str>,
) -> Result<bool, Failure> {
    // `rollout` reports a failed call, and `source` an unreadable template.
    let Ok(found) = cloud.stack(&source.stack).await else {
        return Ok(false);
    };
    let is_new = found
        .as_ref()
        .is_none_or(|it| matches!(&*it.status, "REVIEW_IN_PROGRESS" | "ROLLBACK_COMPLETE"));
    let region = Some(cloud.region.as_str());
    let value = |it: &Slot| Some((it.name.clone(), it.value.clone()?));
    let parameters: Vec<_> = source.slots.iter().filter_map(value).collect();
    let Ok(checked) = check_template(&source.name, &source.text, &parameters, region) else {
        return Ok(false);
    };
    let members = match &found {
        Some(stack) if !is_new => cloud.members(&stack.id).await.unwrap_or_default(),
        _ => Vec::new(),
    };
    let aws_cli = AwsCli::new(&cloud.access());
    let requirements = preflight::requirements(&checked.graph, is_new, &members);
    let has_role = role.is_some() || found.is_some_and(|it| it.role_arn.is_some());
    let deployed = match has_role {
        // CloudFormation creates the resources with the permissions of the role.
        true => deployer::Stack::default(),
        false => deployer::Stack::of_template(&source.text, &parameters).unwrap_or_default(),
    };
    let (account, lacking) = tokio::join!(
        preflight::account(&aws_cli, requirements),
        check_permissions(
            &aws_cli,
            &deployed,
            caller,
            (&source.stack, &cloud.region),
            role
        )
    );
    let has_failed = account.unmet.iter().any(|it| it.is_error);
    for it in account.unmet.into_iter().chain(lacking) {
        match it.is_error {
            true => print_error(&it.message, Some(&it.help)),
            false => output::warning(&format!("{}; {}", it.message, it.help)),
        }
    }
    match has_failed {
        true => Err(Failure::Failed),
        false => Ok(pin(source, &account.pins)),
    }
}

/// Keeps the Availability Zones of subnets. CloudFormation cannot move a subnet, and selects zones from a
/// list that can change. Returns whether the template changed.
fn pin(source: &mut Source, pins: &[Pin]) -> bool {
    if pins.is_empty() {
        return false;
    }
    let Some(text) = template::with_zones(&source.text, pins) else {
        output::warning(
            "the Availability Zones of the Region changed, and CloudFormation cannot move a subnet; \
             set the zones of the subnets in the template",
        );
        return false;
    };
    for it in pins {
        let (id, zone) = (&it.logical_id, &it.zone);
        output::note(&match it.is_deployed {
            true => {
                format!("`{id}` stays in `{zone}`: the Availability Zones of the Region changed")
            }
            false => format!("`{id}` gets `{zone}`: the Availability Zones of the Region changed"),
        });
    }
    source.text = text;
    true
}

/// Returns warnings about actions that the policies of the deploying principal do not allow, and about
/// resource types whose actions are unknown.
async fn check_permissions(
    aws_cli: &AwsCli,
    stack: &deployer::Stack,
    caller: Option<&Caller>,
    (name, region): (&str, &str),
    role: Option<&str>,
) -> Vec<Unmet> {
    let Some(Caller { account, arn }) = caller.filter(|it| !permissions::is_root(&it.arn)) else {
        return Vec::new();
    };
    let place = deployer::Place::of(arn, account, region, name);
    let statements = deployer::statements(stack, &place);
    let mut simulations = Simulation::of_statements(&statements);
    simulations.extend(role.map(Simulation::of_role));
    let lacking = async {
        let principal = permissions::principal(aws_cli, arn).await?;
        permissions::lacking(aws_cli, &principal, simulations).await
    };
    let warning = |message, help: &str| Unmet {
        is_error: false,
        message,
        help: help.to_owned(),
    };
    let mut found = match lacking.await {
        Err(AwsCliError::Missing) => return Vec::new(),
        Ok(lacking) if lacking.is_empty() => Vec::new(),
        Ok(lacking) => vec![warning(
            format!("the policies of `{arn}` do not allow: {}", joined(&lacking)),
            "`ssm-synth deployer-policy` generates the policy",
        )],
        Err(error) => {
            return vec![warning(
                format!("cannot determine the permissions of `{arn}`: {error}"),
                permissions::ALLOW_SIMULATION,
            )];
        }
    };
    found.extend(deployer::unknown_types(stack).map(|types| {
        warning(
            format!("the permissions of `{arn}` were not checked for {types}"),
            permissions::CHECK_TYPES,
        )
    }));
    found
}
