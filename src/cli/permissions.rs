//! Simulations of IAM policies, for `doctor` and `deploy`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::deploy::aws_cli::{AwsCli, AwsCliError};
use crate::deploy::jobs;
use crate::deployer::{Share, Statement};

/// The hint for a simulation that is not allowed.
pub(super) const ALLOW_SIMULATION: &str = "allow `iam:SimulatePrincipalPolicy` and `iam:GetRole`";

/// The hint for resource types whose actions are unknown.
pub(super) const CHECK_TYPES: &str =
    "check that the principal can create, update and delete these resources";

/// The results of a call, an action on a resource each, that fit in a few pages.
const MAX_RESULTS: usize = 300;

/// Every resource.
const EVERY: &str = "*";

/// The number of actions that a message lists.
const LISTED: usize = 8;

/// One call: actions on resources, with the values of condition keys.
#[derive(Debug, Default)]
pub(super) struct Simulation {
    /// The actions, with the resources that matter. The call simulates each action on each resource.
    needed: BTreeMap<String, BTreeSet<String>>,
    context: BTreeMap<&'static str, String>,
}

impl Simulation {
    /// Simulates actions on every resource.
    pub(super) fn of_actions(actions: &[&str]) -> Simulation {
        let mut simulation = Simulation::default();
        simulation.add(actions, &[EVERY]);
        simulation
    }

    /// Simulates passing a role to CloudFormation.
    pub(super) fn of_role(arn: &str) -> Simulation {
        let mut simulation = Simulation::default();
        simulation.add(&["iam:PassRole"], &[arn]);
        let service = "cloudformation.amazonaws.com".to_owned();
        simulation.context.insert("iam:PassedToService", service);
        simulation
    }

    /// Simulates what statements allow, in few calls.
    pub(super) fn of_statements(statements: &[Statement]) -> Vec<Simulation> {
        let mut found: Vec<Simulation> = Vec::new();
        for statement in statements {
            let one = Simulation::of_statement(statement);
            match found.iter_mut().find(|it| it.has_room_for(&one)) {
                Some(simulation) => {
                    simulation.needed.extend(one.needed);
                    simulation.context.extend(one.context);
                }
                None => found.push(one),
            }
        }
        found
    }

    fn of_statement(statement: &Statement) -> Simulation {
        let mut simulation = Simulation::default();
        let resources: Vec<&str> = statement.resources.iter().map(String::as_str).collect();
        let actions: Vec<&str> = statement.actions.iter().copied().collect();
        simulation.add(&actions, &resources);
        let condition = statement.condition.as_ref();
        let value = condition.and_then(|(it, values)| Some((it.key, values.first()?.clone())));
        simulation.context.extend(value);
        simulation
    }

    /// Whether both fit in one call: no action and no condition key has two meanings.
    fn has_room_for(&self, other: &Simulation) -> bool {
        let actions = self.needed.len() + other.needed.len();
        let mut resources = self.resources();
        resources.extend(other.resources());
        actions * resources.len() <= MAX_RESULTS
            && !other.needed.keys().any(|it| self.needed.contains_key(it))
            && !other.context.iter().any(|(key, value)| {
                let known = self.context.get(key);
                known.is_some_and(|it| it != value)
            })
    }

    fn resources(&self) -> BTreeSet<&str> {
        let resources = self.needed.values().flatten();
        resources.map(String::as_str).collect()
    }

    fn add(&mut self, actions: &[&str], resources: &[&str]) {
        for action in actions {
            let of_action = self.needed.entry((*action).to_owned()).or_default();
            of_action.extend(resources.iter().map(|it| (*it).to_owned()));
        }
    }

    /// Returns the actions that the policies of a principal do not allow on each of their resources.
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
        call.extend(self.needed.keys().map(String::as_str));
        call.push("--resource-arns");
        call.extend(self.resources());
        let entries = self.context.iter().map(|(key, value)| {
            format!("ContextKeyName={key},ContextKeyValues={value},ContextKeyType=string")
        });
        let entries: Vec<String> = entries.collect();
        if !entries.is_empty() {
            call.push("--context-entries");
            call.extend(entries.iter().map(String::as_str));
        }
        let results = aws_cli.list("EvaluationResults", &call).await?;
        let lacking = results.iter().filter(|it| self.lacks(it));
        let names = lacking.filter_map(|it| it["EvalActionName"].as_str());
        Ok(names.map(str::to_owned).collect())
    }

    /// Whether a result denies an action on a resource that it needs.
    fn lacks(&self, result: &Json) -> bool {
        let action = result["EvalActionName"].as_str().unwrap_or_default();
        let needs = |resource: &Json| {
            let resources = self.needed.get(action);
            let resource = resource.as_str().unwrap_or_default();
            resources.is_none_or(|it| it.contains(resource))
        };
        match result["ResourceSpecificResults"].as_array() {
            // The decision of the result is that of all resources.
            Some(specific) if !specific.is_empty() => specific.iter().any(|it| {
                it["EvalResourceDecision"] != "allowed" && needs(&it["EvalResourceName"])
            }),
            _ => result["EvalDecision"] != "allowed" && needs(&result["EvalResourceName"]),
        }
    }
}

/// Returns the actions that a principal lacks in any of the simulations.
pub(super) async fn lacking(
    aws_cli: &AwsCli,
    principal: &str,
    simulations: Vec<Simulation>,
) -> Result<BTreeSet<String>, AwsCliError> {
    let tasks = simulations.into_iter().map(|simulation| {
        let (aws_cli, principal) = (aws_cli.clone(), principal.to_owned());
        async move { simulation.lacking(&aws_cli, &principal).await }
    });
    let found = jobs::in_order(tasks).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Whether a caller has every permission, which no simulation shows.
pub(super) fn is_root(arn: &str) -> bool {
    arn.ends_with(":root")
}

/// Returns the principal with the policies of a caller: the role of a role session.
pub(super) async fn principal(aws_cli: &AwsCli, arn: &str) -> Result<String, AwsCliError> {
    let Some((account, name)) = role_of(arn) else {
        return Ok(arn.to_owned());
    };
    // The ARN of a role session does not contain the path of the role.
    let call = ["iam", "get-role", "--role-name", name];
    match aws_cli.call(&call).await {
        Ok(found) => Ok(found["Role"]["Arn"].as_str().unwrap_or_default().to_owned()),
        // Most roles have none.
        Err(AwsCliError::Refused { code, .. }) if code.contains("AccessDenied") => {
            Ok(format!("{account}:role/{name}"))
        }
        Err(error) => Err(error),
    }
}

/// Returns the start of a role's ARN and the name of the role of a role session.
fn role_of(arn: &str) -> Option<(String, &str)> {
    let (account, rest) = arn.split_once(":assumed-role/")?;
    let name = rest.split('/').next()?;
    Some((account.replacen(":sts:", ":iam:", 1), name))
}

/// Returns the permissions of the caller, who leaves the resources to a service role.
pub(super) fn share_of_caller(role: Option<&str>) -> Share {
    match role {
        Some(_) => Share::STACK,
        None => Share::ALL,
    }
}

/// Returns the first of the actions.
pub(super) fn joined(actions: &BTreeSet<String>) -> String {
    let listed: Vec<&str> = actions.iter().take(LISTED).map(String::as_str).collect();
    match actions.len().saturating_sub(LISTED) {
        0 => listed.join(", "),
        more => format!("{} and {more} more", listed.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_role_session_has_the_policies_of_its_role() {
        let session = "arn:aws-cn:sts::123456789012:assumed-role/Admin/me";
        let account = "arn:aws-cn:iam::123456789012".to_owned();
        assert_eq!(role_of(session), Some((account, "Admin")));
        assert_eq!(role_of("arn:aws:iam::123456789012:user/a"), None);
    }

    #[test]
    fn statements_share_a_simulation() {
        use crate::deployer::{Place, Stack, statements};

        let text = r#"{"Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/P"]}},
            "Profile": {"Type": "AWS::IAM::InstanceProfile", "Properties": {}}
        }}"#;
        let stack = Stack::of_template(text, &[]).unwrap();
        let place = Place::of("arn:aws:iam::1:user/a", "1", "eu-central-1", "team");
        let statements = statements(&stack, &place, Share::ALL);
        let simulations = Simulation::of_statements(&statements);
        assert!(simulations.len() < statements.len());
        let iam = simulations
            .iter()
            .find(|it| it.needed.contains_key("iam:CreateRole"))
            .unwrap();
        let keys: Vec<&str> = iam.context.keys().copied().collect();
        assert_eq!(keys, ["iam:PassedToService", "iam:PolicyARN"]);
        // Each action has its own resources.
        let result = |action: &str, resource: &str| json!({"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": "implicitDeny"});
        let (role, profile) = (
            "arn:aws:iam::1:role/team-*",
            "arn:aws:iam::1:instance-profile/team-*",
        );
        assert!(iam.lacks(&result("iam:CreateRole", role)));
        assert!(!iam.lacks(&result("iam:CreateRole", profile)));
        assert!(iam.lacks(&result("iam:CreateInstanceProfile", profile)));
        let specific = |decision: &str| {
            json!({"EvalActionName": "iam:CreateRole", "EvalDecision": "implicitDeny", "ResourceSpecificResults": [
                {"EvalResourceName": role, "EvalResourceDecision": decision},
                {"EvalResourceName": profile, "EvalResourceDecision": "implicitDeny"},
            ]})
        };
        assert!(!iam.lacks(&specific("allowed")));
        assert!(iam.lacks(&specific("explicitDeny")));
    }

    #[test]
    fn a_message_lists_some_actions() {
        let actions: BTreeSet<String> = (10..20).map(|it| format!("iam:{it}")).collect();
        let text = joined(&actions);
        assert!(
            text.starts_with("iam:10, iam:11, ") && text.ends_with("iam:17 and 2 more"),
            "{text}"
        );
    }
}
