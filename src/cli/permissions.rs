//! Simulations of IAM policies, for `doctor`.

use std::collections::BTreeSet;

use tokio::task::JoinSet;

use crate::deploy::aws_cli::{AwsCli, AwsCliError};
use crate::deployer::Statement;

/// The simulations that run at the same time: each is a process.
const JOBS: usize = 4;

/// Actions on resources, under the condition of a statement.
pub(super) struct Simulation {
    actions: Vec<String>,
    /// The ARNs. Default: none, every resource.
    resources: Vec<String>,
    /// The key of the condition, and one of its values.
    context: Option<(&'static str, String)>,
}

impl Simulation {
    /// Simulates actions on every resource.
    pub(super) fn of_actions(actions: &[&str]) -> Simulation {
        Simulation {
            actions: actions.iter().map(|&it| it.to_owned()).collect(),
            resources: Vec::new(),
            context: None,
        }
    }

    /// Simulates what a statement allows.
    pub(super) fn of_statement(statement: &Statement) -> Simulation {
        let condition = statement.condition.as_ref();
        let value = condition.and_then(|(it, values)| Some((it.key, values.first()?.clone())));
        Simulation {
            actions: statement.actions.iter().map(|&it| it.to_owned()).collect(),
            resources: statement.resources.iter().cloned().collect(),
            context: value,
        }
    }

    /// Returns the actions that the policies of a principal do not allow on each of the resources.
    pub(super) async fn lacking(
        &self,
        aws_cli: &AwsCli,
        principal: &str,
    ) -> Result<BTreeSet<String>, AwsCliError> {
        let mut call = vec![
            "iam",
            "simulate-principal-policy",
            "--policy-source-arn",
            principal,
            "--action-names",
        ];
        call.extend(self.actions.iter().map(String::as_str));
        if !self.resources.is_empty() {
            call.push("--resource-arns");
            call.extend(self.resources.iter().map(String::as_str));
        }
        let entry = self.context.as_ref().map(|(key, value)| {
            format!("ContextKeyName={key},ContextKeyValues={value},ContextKeyType=string")
        });
        if let Some(entry) = &entry {
            call.extend(["--context-entries", entry]);
        }
        let results = aws_cli.list("EvaluationResults", &call).await?;
        let lacking = results.iter().filter(|it| {
            let specific = it["ResourceSpecificResults"].as_array();
            let denied = specific.is_some_and(|all| {
                all.iter()
                    .any(|one| one["EvalResourceDecision"] != "allowed")
            });
            it["EvalDecision"] != "allowed" || denied
        });
        let names = lacking.filter_map(|it| it["EvalActionName"].as_str());
        Ok(names.map(str::to_owned).collect())
    }
}

/// Returns the actions that a principal lacks in any of the simulations.
pub(super) async fn lacking(
    aws_cli: &AwsCli,
    principal: &str,
    simulations: Vec<Simulation>,
) -> Result<BTreeSet<String>, AwsCliError> {
    let mut waiting = simulations.into_iter();
    let mut running = JoinSet::new();
    let mut found = BTreeSet::new();
    loop {
        while running.len() < JOBS
            && let Some(simulation) = waiting.next()
        {
            let (aws_cli, principal) = (aws_cli.clone(), principal.to_owned());
            running.spawn(async move { simulation.lacking(&aws_cli, &principal).await });
        }
        match running.join_next().await {
            None => return Ok(found),
            Some(Ok(lacking)) => found.extend(lacking?),
            // Nothing cancels a task, so it panicked.
            Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}
