//! How each resource is imported: by `import` blocks of Terraform, or a CloudFormation change set
//! of type `IMPORT`.
//!
//! <https://developer.hashicorp.com/terraform/language/import>
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import.html>

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::Ids;
use crate::backend::tf;
use crate::ir::{Dialect, NodeId};
use crate::resource::{Graph, KINDS};

/// Returns the format of the import ID of a Terraform type; empty if Terraform cannot import it.
fn import_id(of: &str) -> Option<&'static str> {
    KINDS.iter().find_map(|kind| {
        if kind.tf == of {
            return Some(kind.import_id);
        }
        let mut satellites = kind.satellite_import_ids.iter();
        satellites.find(|(tf, _)| *tf == of).map(|(_, id)| *id)
    })
}

/// Import blocks, and the resources without one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Imported {
    /// Addresses and IDs. An ID can contain expressions in `${}`.
    pub(crate) blocks: Vec<(String, String)>,
    /// Addresses, and the reason why no ID is known.
    pub(crate) missing: Vec<(String, String)>,
}

/// Returns the import IDs of all resources in the module of a graph.
pub(crate) fn imports(graph: &Graph, ids: &Ids) -> Imported {
    let mut out = Imported::default();
    let all = tf::resources(graph);
    let mut own: HashMap<String, NodeId> = HashMap::new();
    for it in &all {
        own.entry(format!("{}.{}", it.kind, it.name))
            .or_insert(it.node);
    }
    // An expression that refers to a resource stands for its ID, whichever attribute it names.
    let known = |value: &Value| -> Option<String> {
        let text = match value {
            Value::String(text) => text,
            other => return Some(other.to_string()),
        };
        let inner = text.strip_prefix("${").and_then(|it| it.strip_suffix('}'));
        let Some(inner) = inner
            .filter(|it| !it.contains("${") && !it.starts_with("data.") && !it.starts_with("var."))
        else {
            return Some(text.clone());
        };
        let address: Vec<&str> = inner.split('.').take(2).collect();
        let node = own.get(&address.join("."))?;
        let node = graph.node(*node)?;
        ids.physical(&node.cfn_id).map(literal)
    };
    for it in &all {
        let address = format!("{}.{}", it.kind, it.name);
        let Some(node) = graph.node(it.node) else {
            continue;
        };
        let is_own = node.resource.type_name(Dialect::Tf) == Some(it.kind.as_str())
            && node.tf_name == it.name;
        let physical = ids.physical(&node.cfn_id).filter(|_| is_own).map(literal);
        let physical = physical.as_deref();
        // A conditional resource has at most one instance.
        let address = match node.condition {
            Some(_) => format!("{address}[0]"),
            None => address,
        };
        let arguments: HashMap<&str, String> = it
            .arguments
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.as_str(), known(value)?)))
            .collect();
        let id = match it.kind.as_str() {
            "aws_vpc_security_group_ingress_rule" | "aws_vpc_security_group_egress_rule" => {
                let egress = it.kind.contains("egress");
                match physical.filter(|id| id.starts_with("sgr-")) {
                    Some(id) => Ok(id.to_owned()),
                    None => ids
                        .rule(egress, &arguments)
                        .map(str::to_owned)
                        .ok_or_else(|| {
                            "`aws ec2 describe-security-group-rules` lists no such rule".to_owned()
                        }),
                }
            }
            // `Ref` returns another identifier of these types.
            "aws_cloudtrail" | "aws_eip" => Err(format!(
                "Terraform imports it by its {}, which `Ref` does not return",
                if it.kind == "aws_eip" {
                    "allocation ID"
                } else {
                    "ARN"
                }
            )),
            kind => match import_id(kind) {
                None => Err("the format of its import ID is unknown".to_owned()),
                Some("") => Err("Terraform cannot import it".to_owned()),
                Some(form) => filled(form, &arguments, physical),
            },
        };
        match id {
            Ok(id) => out.blocks.push((address, id)),
            Err(reason) => out.missing.push((address, reason)),
        }
    }
    out
}

/// Escapes a literal in an import ID, where `${` starts an expression.
fn literal(text: &str) -> String {
    text.replace("${", "$${")
}

/// Replaces the argument names of a format with values.
fn filled(
    form: &str,
    arguments: &HashMap<&str, String>,
    physical: Option<&str>,
) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = form;
    let single = form.starts_with('{') && form.find('}') == Some(form.len() - 1);
    while let Some(start) = rest.find('{') {
        out.push_str(&rest[..start]);
        let Some(end) = rest[start..].find('}').map(|end| start + end) else {
            break;
        };
        let mut names = rest[start + 1..end].split('|');
        let value = names.clone().find_map(|name| arguments.get(name));
        let value = match (value, names.next()) {
            (Some(value), _) => value.clone(),
            // A rule without a bus is on the default bus.
            (None, Some("event_bus_name")) => "default".to_owned(),
            // `Ref` returns the ID or the name.
            (None, Some(name)) if single || matches!(name, "id" | "name") => match physical {
                Some(physical) => physical.to_owned(),
                None => return Err("`--import-ids` does not contain its ID".to_owned()),
            },
            (None, _) => {
                return Err(format!(
                    "its import ID is `{form}`, and `--import-ids` does not contain all parts"
                ));
            }
        };
        out.push_str(&value);
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// Returns the resources of an import change set, with identifiers from the Terraform state, and
/// the resources that cannot be imported.
pub(crate) fn resources_to_import(
    graph: &Graph,
    values: &HashMap<NodeId, Value>,
) -> (Value, Vec<(String, String)>) {
    let (mut out, mut missing) = (Vec::new(), Vec::new());
    let nodes = graph.stacks().flat_map(|stack| graph.nodes_of(stack));
    for (id, node) in nodes {
        let Some(kind) = node.resource.kind().filter(|it| !it.cfn.is_empty()) else {
            continue;
        };
        if node.resource.cfn_inside(id, graph).is_some() {
            continue;
        }
        let nothing = Value::Null;
        let state = values.get(&id).unwrap_or(&nothing);
        if kind.identifiers.is_empty() {
            missing.push((
                node.cfn_id.clone(),
                format!("CloudFormation cannot import `{}`", kind.cfn),
            ));
            continue;
        }
        let identifiers: Vec<&str> = kind.identifiers.split(',').collect();
        let mut identifier = Map::new();
        for name in &identifiers {
            let field = kind
                .fields
                .iter()
                .find(|it| it.cfn == *name && !it.tf.is_empty());
            let attribute = match *name {
                "Arn" | "TopicArn" | "PolicyArn" => "arn",
                name => match field {
                    Some(field) => field.tf,
                    None if name.ends_with("Name") => "name",
                    None if kind.cfn == "AWS::KMS::Key" => "key_id",
                    None => "id",
                },
            };
            if let Some(Value::String(text)) = state.get(attribute).filter(|it| *it != "") {
                identifier.insert((*name).to_owned(), text.as_str().into());
            }
        }
        if identifier.len() < identifiers.len() {
            let reason = format!(
                "the state does not contain its {}",
                identifiers.join(" and ")
            );
            missing.push((node.cfn_id.clone(), reason));
            continue;
        }
        out.push(json!({
            "ResourceType": kind.cfn,
            "LogicalResourceId": node.cfn_id,
            "ResourceIdentifier": identifier,
        }));
    }
    (out.into(), missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a new type, add `import` to the head of its table.
    #[test]
    fn only_these_types_cannot_be_imported() {
        let cfn = KINDS.iter().map(|it| (it.cfn, it.identifiers));
        let tf = KINDS.iter().map(|it| (it.tf, it.import_id));
        let without: Vec<&str> = cfn
            .chain(tf)
            .filter(|(name, import)| {
                import.is_empty() && !name.is_empty() && !name.starts_with("data.")
            })
            .map(|(name, _)| name)
            .collect();
        assert_eq!(
            without,
            [
                "AWS::EC2::NetworkAclEntry",
                "AWS::Route53::RecordSet",
                "AWS::IAM::Policy",
                "aws_main_route_table_association",
                // By the Region, which no property has.
                "aws_vpc_block_public_access_options",
                "aws_iam_policy_attachment"
            ]
        );
    }
}
