//! The attributes that references to a resource name, and those in CloudFormation beside its properties.

use super::{Graph, Kind, Map, Node, RawValue, RemovalPolicy};
use crate::ir::{Attr, CfnAttr, Dialect, Expr, NodeId, Scanner};

impl Kind {
    /// Returns the attribute of a resource with this name in a language.
    pub(crate) fn attribute(&self, dialect: Dialect, id: NodeId, name: &str) -> Expr {
        let spelled = |attr: &Attr| match (dialect, attr.cfn) {
            (Dialect::Tf, _) => attr.tf == name,
            (Dialect::Cfn, CfnAttr::Ref) => name == "Ref",
            (Dialect::Cfn, CfnAttr::GetAtt(own)) => own == name,
        };
        // In Terraform, `id` identifies a resource of any type.
        let is_identifier = match dialect {
            Dialect::Tf => name == "id",
            // `Ref` also returns the ID of a security group or prefix list, and most types have an
            // attribute with the value of `Ref`.
            Dialect::Cfn => {
                name == self.identifiers
                    || name == "Ref" && matches!(self.name, "SecurityGroup" | "PrefixList")
            }
        };
        if is_identifier || spelled(&self.link) {
            return id.at(self.link);
        }
        match self.attrs.iter().find(|attr| spelled(attr)) {
            Some(attr) => id.at(*attr),
            None => Expr::Other(id, name.to_owned().into()),
        }
    }
}

impl Node {
    /// Returns the generated attributes, except `DependsOn`.
    pub(crate) fn cfn_attributes<'a>(&'a self, graph: &'a Graph) -> Map<'a> {
        let mut out = Map::default();
        if let Some(condition) = self.condition.and_then(|id| graph.condition(id)) {
            out.insert("Condition", RawValue::str(condition.id.as_str()));
        }
        if let Some(removal) = self.removal_policy {
            let (end, replaced) = match removal {
                RemovalPolicy::Delete => ("Delete", "Delete"),
                RemovalPolicy::Retain => ("RetainExceptOnCreate", "Retain"),
                RemovalPolicy::Snapshot => ("Snapshot", "Snapshot"),
            };
            out.insert("DeletionPolicy", RawValue::str(end));
            out.insert("UpdateReplacePolicy", RawValue::str(replaced));
        }
        let metadata = self.suppressions(graph);
        if !metadata.is_empty() {
            out.insert("Metadata", RawValue::Object(metadata));
        }
        out
    }

    /// Returns the suppressions for its type, in the metadata format of the policy scanners.
    fn suppressions<'a>(&self, graph: &'a Graph) -> Map<'a> {
        let of = self.resource.type_name(Dialect::Cfn);
        let stack = graph.stacks.get(self.stack.index());
        let all = || stack.into_iter().flat_map(|stack| &stack.suppressions);
        let by = |scanner| all().filter(move |it| it.scanner == scanner && Some(it.cfn) == of);
        let map = |entries: Vec<(&'static str, RawValue<'a>)>| {
            let entries = entries.into_iter().map(|(key, it)| (key.into(), it));
            RawValue::Object(entries.collect())
        };
        let skip: Vec<_> = by(Scanner::Checkov)
            .map(|it| {
                let (id, comment) = (RawValue::str(it.check), RawValue::str(it.reason));
                map(vec![("id", id), ("comment", comment)])
            })
            .collect();
        let rules: Vec<_> = by(Scanner::Guard)
            .map(|it| RawValue::str(it.check))
            .collect();
        let reasons = by(Scanner::Guard).map(|it| (it.check.into(), RawValue::str(it.reason)));
        let mut metadata = Map::default();
        if !skip.is_empty() {
            metadata.insert("checkov", map(vec![("skip", RawValue::List(skip))]));
        }
        if !rules.is_empty() {
            let reasons = RawValue::Object(reasons.collect());
            let guard = vec![
                ("SuppressedRules", RawValue::List(rules)),
                ("Reasons", reasons),
            ];
            metadata.insert("guard", map(guard));
        }
        metadata
    }
}
