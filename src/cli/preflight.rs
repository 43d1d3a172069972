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
use crate::deployer::{self, Share};

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
    let deployment = Deployment {
        stack: deployer::Stack::of_template(&source.text, &parameters).unwrap_or_default(),
        name: &source.stack,
        region: &cloud.region,
        passed: role,
        // CloudFormation keeps the role of an earlier operation.
        role: role.map(str::to_owned).or(found.and_then(|it| it.role_arn)),
    };
    let (account, lacking) = tokio::join!(
        preflight::account(&aws_cli, requirements),
        check_permissions(&aws_cli, &deployment, caller)
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

/// What a principal deploys, and with which role.
struct Deployment<'a> {
    stack: deployer::Stack,
    name: &'a str,
    region: &'a str,
    /// The service role of this request.
    passed: Option<&'a str>,
    /// The service role, if CloudFormation has one.
    role: Option<String>,
}

/// Returns warnings about actions that no policy of the deploying principal or of the service role
/// allows. Resource types whose actions are unknown are warnings too.
async fn check_permissions(
    aws_cli: &AwsCli,
    deployment: &Deployment<'_>,
    caller: Option<&Caller>,
) -> Vec<Unmet> {
    let Some(Caller { account, arn }) = caller else {
        return Vec::new();
    };
    let (stack, role) = (&deployment.stack, deployment.role.as_deref());
    let place = deployer::Place::of(arn, account, deployment.region, deployment.name);
    let simulations =
        |share| Simulation::of_statements(&deployer::statements(stack, &place, share));
    let mut checks = Vec::new();
    if !permissions::is_root(arn) {
        let mut of_caller = simulations(permissions::share_of_caller(role));
        of_caller.extend(deployment.passed.map(Simulation::of_role));
        checks.push((arn.as_str(), of_caller));
    }
    checks.extend(role.map(|role| (role, simulations(Share::RESOURCES))));
    let mut found = Vec::new();
    for (arn, simulations) in checks {
        let lacking = async {
            let principal = permissions::principal(aws_cli, arn).await?;
            permissions::lacking(aws_cli, &principal, simulations).await
        };
        match lacking.await {
            Err(AwsCliError::Missing) => return Vec::new(),
            Ok(lacking) if lacking.is_empty() => {}
            Ok(lacking) => found.push(warning(
                format!("the policies of `{arn}` do not allow: {}", joined(&lacking)),
                "`ssm-synth deployer-policy` generates the policy",
            )),
            Err(error) => found.push(warning(
                format!("cannot determine the permissions of `{arn}`: {error}"),
                permissions::ALLOW_SIMULATION,
            )),
        }
    }
    let creator = role.unwrap_or(arn);
    if role.is_some() || !permissions::is_root(arn) {
        found.extend(deployer::unknown_types(stack).map(|types| {
            warning(
                format!("the permissions of `{creator}` were not checked for {types}"),
                permissions::CHECK_TYPES,
            )
        }));
    }
    found
}

fn warning(message: String, help: &str) -> Unmet {
    Unmet {
        is_error: false,
        message,
        help: help.to_owned(),
    }
}
