//! Physical IDs of a stack's resources, from output of the AWS CLI.

use std::collections::HashMap;

use serde_json::Value;

/// Physical IDs by logical ID, and security group rules.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ids {
    physical: HashMap<String, String>,
    rules: Vec<Value>,
}

fn text<'a>(of: &'a Value, key: &str) -> Option<&'a str> {
    of.get(key).and_then(Value::as_str)
}

impl Ids {
    /// Adds the output of `aws cloudformation describe-stack-resources` or `list-stack-resources`,
    /// or of `aws ec2 describe-security-group-rules`.
    ///
    /// # Errors
    ///
    /// The syntax error, or the expected commands.
    pub(crate) fn add(&mut self, answer: &str) -> Result<(), String> {
        let root: Value = serde_json::from_str(answer).map_err(|error| error.to_string())?;
        let list = |key: &str| root.get(key).and_then(Value::as_array);
        let resources = list("StackResources").or(list("StackResourceSummaries"));
        if let Some(resources) = resources {
            for it in resources {
                let ids = (
                    text(it, "LogicalResourceId"),
                    text(it, "PhysicalResourceId"),
                );
                if let (Some(logical), Some(physical)) = ids {
                    self.physical
                        .insert(logical.to_owned(), physical.to_owned());
                }
            }
        } else if let Some(rules) = list("SecurityGroupRules") {
            self.rules.extend(rules.iter().cloned());
        } else {
            return Err(
                "not the output of `aws cloudformation describe-stack-resources` or `aws ec2 \
                 describe-security-group-rules`"
                    .to_owned(),
            );
        }
        Ok(())
    }

    pub(super) fn physical(&self, logical: &str) -> Option<&str> {
        self.physical.get(logical).map(String::as_str)
    }

    /// Returns the ID of the security group rule that has these Terraform arguments.
    pub(super) fn rule(&self, egress: bool, arguments: &HashMap<&str, String>) -> Option<&str> {
        let want = |key: &str| arguments.get(key).map(String::as_str);
        // The value of a variable is unknown, so it matches any value if only one rule matches.
        let fits = |found: Option<&str>, key: &str| match want(key) {
            Some(value) if value.starts_with("${") => found.is_some(),
            value => found == value,
        };
        let number = |it: &Value, key: &str| {
            it.get(key)
                .and_then(Value::as_i64)
                .filter(|n| *n != -1)
                .map(|n| n.to_string())
        };
        let mut found = self.rules.iter().filter(|it| {
            let group = it.get("ReferencedGroupInfo");
            it.get("IsEgress").and_then(Value::as_bool) == Some(egress)
                && text(it, "GroupId") == want("security_group_id")
                && text(it, "IpProtocol") == want("ip_protocol")
                && (want("ip_protocol") == Some("-1")
                    || number(it, "FromPort").as_deref() == want("from_port")
                        && number(it, "ToPort").as_deref() == want("to_port"))
                && fits(text(it, "CidrIpv4"), "cidr_ipv4")
                && fits(text(it, "CidrIpv6"), "cidr_ipv6")
                && fits(text(it, "PrefixListId"), "prefix_list_id")
                && fits(
                    group.and_then(|it| text(it, "GroupId")),
                    "referenced_security_group_id",
                )
        });
        let (first, more) = (found.next()?, found.next());
        text(first, "SecurityGroupRuleId").filter(|_| more.is_none())
    }
}
