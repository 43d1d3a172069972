//! The permissions to create, update and delete a stack.
//!
//! A table lists the actions for each resource type: what the registry of CloudFormation lists for its
//! handlers, and what the Terraform provider calls.

mod stack;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::tsv;
pub(crate) use stack::Stack;
pub(crate) use words::Place;

/// Types, resources, actions and condition.
const ACTIONS: &str = include_str!("actions.tsv");

/// The characters, without whitespace, that a managed policy can have.
///
/// From <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.
pub(crate) const MAX_MANAGED_POLICY: usize = 6144;

/// A condition with one key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Condition {
    operator: &'static str,
    pub(crate) key: &'static str,
}

/// A statement that allows actions.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) actions: BTreeSet<&'static str>,
    pub(crate) resources: BTreeSet<String>,
    /// The condition, with its values.
    pub(crate) condition: Option<(Condition, BTreeSet<String>)>,
}

struct Row {
    types: &'static str,
    resources: &'static str,
    actions: &'static str,
    condition: &'static str,
}

fn rows() -> impl Iterator<Item = Row> {
    tsv::rows(ACTIONS).map(|row| {
        let mut columns = tsv::columns(row);
        let mut next = || columns.next().unwrap_or_default();
        Row {
            types: next(),
            resources: next(),
            actions: next(),
            condition: next(),
        }
    })
}

/// Names the resource types of a stack that the table lacks, if any.
pub(crate) fn unknown_types(stack: &Stack) -> Option<String> {
    let known: BTreeSet<&str> = rows().flat_map(|it| it.types.split(' ')).collect();
    let types = stack.resources.iter().map(|it| it.of.as_str());
    let unknown: BTreeSet<&str> = types.filter(|it| !known.contains(it)).collect();
    let names: Vec<String> = unknown.iter().map(|it| format!("`{it}`")).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The permissions of a principal that takes part in a deployment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    /// For the operations of the stack.
    stack: bool,
    /// For the resources.
    resources: bool,
}

impl Share {
    /// All, without a service role.
    pub(crate) const ALL: Share = Share {
        stack: true,
        resources: true,
    };
    /// Those of the caller, with a service role.
    #[cfg(feature = "deploy")]
    pub(crate) const STACK: Share = Share {
        stack: true,
        resources: false,
    };
    /// Those of the service role, with which CloudFormation creates the resources.
    #[cfg(feature = "deploy")]
    pub(crate) const RESOURCES: Share = Share {
        stack: false,
        resources: true,
    };
}

/// Returns the statements that a principal needs for a stack. Types that the table lacks have none.
pub(crate) fn statements(stack: &Stack, place: &Place<'_>, share: Share) -> Vec<Statement> {
    let mut found: BTreeMap<(BTreeSet<String>, Option<Condition>), Statement> = BTreeMap::new();
    let mut add = |row: &Row, resources: Vec<String>, values: Vec<String>| {
        let resources: BTreeSet<String> = resources.into_iter().collect();
        let actions = row.actions.split_whitespace();
        let mut words = row.condition.split(' ');
        let condition = match (words.next(), words.next()) {
            (Some(operator), Some(key)) => Some(Condition { operator, key }),
            _ => None,
        };
        // Without resources or values, the stack does not need the actions.
        if resources.is_empty() || condition.is_some() && values.is_empty() {
            return;
        }
        let key = (resources.clone(), condition.clone());
        let statement = found.entry(key).or_insert_with(|| Statement {
            actions: BTreeSet::new(),
            resources,
            condition: condition.map(|it| (it, BTreeSet::new())),
        });
        statement.actions.extend(actions);
        if let Some((_, all)) = &mut statement.condition {
            all.extend(values);
        }
    };
    let context = words::Context { stack, place };
    for row in rows() {
        let mut of_row = |resource: Option<&stack::Resource>| {
            let resources = row.resources.split(' ');
            let resources = resources.flat_map(|it| context.expand(it, resource));
            let values = row.condition.split(' ').skip(2);
            let values = values.flat_map(|it| context.expand(it, resource));
            add(&row, resources.collect(), values.collect());
        };
        if share.stack && row.types == stack.tool.word() {
            of_row(None);
        }
        for resource in stack.resources.iter().filter(|_| share.resources) {
            if row.types.split(' ').any(|it| it == resource.of) {
                of_row(Some(resource));
            }
        }
    }
    let mut statements: Vec<Statement> = found.into_values().collect();
    statements.retain(|it| !it.actions.is_empty());
    statements
}

/// Returns the policy document of statements.
pub(crate) fn document(statements: &[Statement]) -> Value {
    let statements: Vec<Value> = statements.iter().map(Statement::to_json).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

impl Statement {
    fn to_json(&self) -> Value {
        let mut out = Map::new();
        out.insert("Effect".into(), "Allow".into());
        out.insert("Action".into(), json!(self.actions));
        out.insert("Resource".into(), json!(self.resources));
        if let Some((condition, values)) = &self.condition {
            let test = json!({ condition.operator: { condition.key: values } });
            out.insert("Condition".into(), test);
        }
        Value::Object(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_that_reads_parameter_store_needs_its_parameters() {
        let text = "Parameters:\n  Vpc: {Type: 'AWS::SSM::Parameter::Value<AWS::EC2::VPC::Id>', Default: /network/vpc}\n  \
                    Image: {Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: /golden}\n  \
                    Plain: {Type: String, Default: /plain}\nResources: {}\n";
        let values = [("Image".to_owned(), "/aws/service/x:2".to_owned())];
        let stack = Stack::of_template(text, &values).unwrap();
        let place = Place {
            partition: "aws",
            region: "eu-central-1",
            account: "111122223333",
            stack: "team",
        };
        let found = statements(&stack, &place, Share::ALL);
        let found: Vec<_> = found
            .iter()
            .filter(|it| it.actions.contains("ssm:GetParameters"))
            .flat_map(|it| &it.resources)
            .collect();
        assert_eq!(
            found,
            [
                "arn:aws:ssm:eu-central-1:111122223333:parameter/network/vpc",
                "arn:aws:ssm:eu-central-1::parameter/aws/service/x",
            ]
        );
    }

    #[test]
    fn types_without_permissions_in_the_table_have_a_name() {
        let of = |text: &str| unknown_types(&Stack::of_template(text, &[]).unwrap());
        let text = r#"{"Resources": {
            "Vpc": {"Type": "AWS::EC2::VPC"},
            "Metadata": {"Type": "AWS::CDK::Metadata"},
            "Answer": {"Type": "Custom::Answer"},
            "Other": {"Type": "Custom::Answer"},
            "Fn::ForEach::Topics": ["Name", ["a"], {"${Name}": {"Type": "AWS::SNS::Topic"}}],
            "Empty": {}
        }}"#;
        let expected = "`Custom::Answer`, `Empty`, `Fn::ForEach::Topics`";
        assert_eq!(of(text).as_deref(), Some(expected));
        assert_eq!(
            of(r#"{"Resources": {"Vpc": {"Type": "AWS::EC2::VPC"}}}"#),
            None
        );
    }

    #[test]
    fn each_modeled_type_has_rows_in_both_languages() {
        let known: BTreeSet<&str> = rows().flat_map(|it| it.types.split(' ')).collect();
        for kind in crate::resource::KINDS {
            let satellites = kind.satellite_import_ids.iter().map(|it| it.0);
            for of in [kind.cfn, kind.tf].into_iter().chain(satellites) {
                assert!(of.is_empty() || known.contains(of), "no actions for {of}");
            }
        }
    }

    #[test]
    fn a_property_adds_resources() {
        let actions = |properties: &str| {
            let text = format!(
                r#"{{"Resources": {{"P": {{"Type": "AWS::IAM::ManagedPolicy", "Properties": {properties}}}}}}}"#
            );
            let stack = Stack::of_template(&text, &[]).unwrap();
            let place = Place {
                partition: "aws",
                region: "*",
                account: "1",
                stack: "team",
            };
            let found = statements(&stack, &place, Share::ALL);
            found
                .into_iter()
                .flat_map(|it| it.actions)
                .collect::<BTreeSet<_>>()
        };
        assert!(!actions("{}").contains("iam:AttachRolePolicy"));
        let found = actions(r#"{"Roles": ["a"]}"#);
        assert!(found.contains("iam:AttachRolePolicy") && !found.contains("iam:AttachUserPolicy"));
    }

    #[test]
    fn a_plan_leaves_out_what_is_not_known_yet() {
        let text = r#"{"resource_changes": [{"type": "aws_iam_policy_attachment", "mode": "managed",
            "change": {"after": {"roles": ["a"], "users": null, "groups": []}}}],
            "prior_state": {"values": {"root_module": {"child_modules": [{"resources": [
                {"type": "aws_ami", "mode": "data", "values": {}}, {"type": "aws_vpc", "mode": "managed"}]}]}}}}"#;
        let stack = Stack::of_plan(text).unwrap();
        let place = Place {
            partition: "aws",
            region: "*",
            account: "1",
            stack: "team",
        };
        let found = statements(&stack, &place, Share::ALL);
        let found: BTreeSet<_> = found.into_iter().flat_map(|it| it.actions).collect();
        assert!(found.contains("iam:AttachRolePolicy") && found.contains("ec2:DescribeImages"));
        assert!(
            !found.contains("iam:AttachUserPolicy") && !found.contains("iam:AttachGroupPolicy")
        );
        assert!(!found.contains("ec2:CreateVpc"));
    }

    #[test]
    fn each_row_is_complete() {
        for row in rows() {
            let names = row.actions.split_whitespace();
            for action in names {
                assert!(action.contains(':'), "{action}");
            }
            assert!(!row.types.is_empty() && !row.resources.is_empty());
            let condition = row.condition.split(' ').count();
            assert!(
                row.condition.is_empty() || condition >= 3,
                "{}",
                row.condition
            );
        }
    }
}
