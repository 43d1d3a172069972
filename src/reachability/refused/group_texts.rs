//! Names, descriptions and numbers of security groups that EC2 refuses.

use super::Refusal;
use super::fixes::is_settable;
use crate::ir::{Dialect, Expr, NodeId, Text, Value};
use crate::reachability::graph_index::GraphIndex;
use crate::reachability::setting::Setting;
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop, instance};
use crate::resource::{
    RawValue, SecurityGroup, SecurityGroupEgress, SecurityGroupIngress, VpcEndpoint,
    description_error,
};

/// The default and the highest quota of security groups for each network interface.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups>
const GROUPS: usize = 5;
const MAX_GROUPS: usize = 16;

/// Returns why EC2 does not accept a text, from the parts that the file shows.
fn error(value: &Value<Text>) -> Option<String> {
    match value {
        Value::Lit(text) | Value::Expr(Expr::Text(text)) => description_error(text),
        Value::Expr(Expr::Concat(parts)) => {
            let texts = parts.iter().filter_map(|part| match part {
                Expr::Text(text) => Some(text.as_ref()),
                _ => None,
            });
            description_error(&texts.collect::<String>())
        }
        Value::Expr(_) => None,
    }
}

/// Returns the text with other characters replaced.
fn corrected_text(text: &str) -> String {
    let accepted = |c: char| match description_error(c.encode_utf8(&mut [0; 4])) {
        None => c,
        Some(_) => '-',
    };
    let text: String = text.chars().map(accepted).take(255).collect();
    match text.is_empty() {
        true => "Security group".to_owned(),
        false => text,
    }
}

/// A name or description with characters that EC2 does not accept, or of more than 255.
pub(super) fn descriptions(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let refuse = |(id, field): (NodeId, &'static str), text: &Value<Text>, error: String| {
        let what = match field {
            "group_name" => "its name",
            _ => "its description",
        };
        let reason = format!(
            "EC2 refuses `{}` (`InvalidParameterValue`): {what} {error}",
            index.name(id)
        );
        let at = (id, field);
        let refusal = Refusal::new(Hop::InstanceSecurityGroup, at, index.exists(id), reason)?;
        let corrected = text.lit().filter(|_| is_settable(index, id));
        Some(refusal.fix(match corrected {
            Some(text) => Fix::set(id, field, RawValue::Str(corrected_text(text).into())),
            None => Fix::manual("use up to 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*"),
        }))
    };
    let mut found = Vec::new();
    for (id, node, group) in index.all::<SecurityGroup>() {
        if node.is_lookup() {
            continue;
        }
        let text = &group.description;
        // Terraform sends a default description.
        let is_empty = node.dialect() == Dialect::Cfn && text.lit().is_some_and(|it| it.is_empty());
        let empty = is_empty.then(|| "is empty".to_owned());
        let why = empty.or_else(|| error(text));
        found.extend(why.and_then(|it| refuse((id, "description"), text, it)));
        if let Some(name) = &group.group_name {
            found.extend(error(name).and_then(|it| refuse((id, "group_name"), name, it)));
        }
    }
    let ingress = index
        .all::<SecurityGroupIngress>()
        .map(|(id, _, it)| (id, it.description.as_ref()));
    let egress = index
        .all::<SecurityGroupEgress>()
        .map(|(id, _, it)| (id, it.description.as_ref()));
    for (id, text) in ingress.chain(egress) {
        let Some(text) = text else { continue };
        found.extend(error(text).and_then(|it| refuse((id, "description"), text, it)));
    }
    found
}

/// More security groups of a network interface than the quota.
pub(super) fn numbers(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let refuse = |at: (NodeId, &'static str), count: usize, hop: Hop| {
        if count <= GROUPS {
            return None;
        }
        // An account can have a higher quota.
        let (certain, refuses) = match count > MAX_GROUPS {
            true => (Ternary::Yes, "refuses"),
            false => (Ternary::Unknown, "can refuse"),
        };
        let reason = format!(
            "EC2 {refuses} `{}` (`SecurityGroupsPerInterfaceLimitExceeded`): it has {count} security \
             groups; the quota is {GROUPS}, and at most {MAX_GROUPS}",
            index.name(at.0)
        );
        let refusal = Refusal::new(hop, at, index.exists(at.0).and(certain), reason)?;
        Some(refusal.fix(Fix::manual("use fewer security groups")))
    };
    let instances = instance::all(index).into_iter().filter_map(|it| {
        let Setting::Known(node, field, groups) = it.security_groups else {
            return None;
        };
        refuse((node, field), groups.len(), Hop::InstanceSecurityGroup)
    });
    let endpoints = index.all::<VpcEndpoint>().filter_map(|(id, _, it)| {
        let at = (id, "security_groups");
        refuse(at, it.security_groups.len(), Hop::EndpointSecurityGroup)
    });
    instances.chain(endpoints).collect()
}
