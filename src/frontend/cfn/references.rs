//! References to parameters, pseudo parameters and resources.

use super::super::tree::{Entry, Kind, Tree};
use super::{Deployment, REGION, Reader, opaque};
use crate::ir::{Expr, ParamId, ParameterType, Pseudo};
use crate::resource::RawValue;

pub(super) enum ParameterValue {
    Text(String),
    List(Vec<String>),
    /// The name of a parameter in Parameter Store, and whether its value is a list.
    Stored {
        name: String,
        is_list: bool,
    },
    /// A parameter of the converted document.
    #[cfg_attr(not(feature = "cli"), allow(dead_code))]
    Retained(ParamId, ParameterType),
    /// Whether the parameter is a list.
    Unset {
        is_list: bool,
    },
}

/// Returns the texts in a value, in order.
pub(super) fn words(tree: &Tree) -> String {
    let joined = |trees: &mut dyn Iterator<Item = &Tree>| {
        let words: Vec<String> = trees.map(words).collect();
        words.join(" ")
    };
    match &tree.kind {
        Kind::Null => String::new(),
        Kind::Text(text) => text.clone(),
        Kind::List(items) => joined(&mut items.iter()),
        Kind::Map(entries) => joined(&mut entries.iter().map(|it| &it.value)),
    }
}

impl Reader<'_> {
    pub(super) fn parameter_value(&self, entry: &Entry, deployment: &Deployment) -> ParameterValue {
        // A linked template has a prefix.
        let name = entry.key.rsplit('/').next().unwrap_or(&entry.key);
        let of = entry
            .value
            .get("Type")
            .and_then(Tree::text)
            .unwrap_or("String");
        let stored = crate::ir::stored_type(of).is_some();
        let is_list = super::parameter_types::is_list(of);
        let specified = deployment
            .parameters
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone());
        let default = || match entry.value.get("Default").map(|it| &it.kind) {
            Some(Kind::Text(text)) => Some(text.clone()),
            Some(Kind::List(items)) => {
                let items: Vec<&str> = items.iter().filter_map(Tree::text).collect();
                Some(items.join(","))
            }
            Some(Kind::Null) => Some(String::new()),
            _ => None,
        };
        match specified.or_else(default) {
            None => ParameterValue::Unset { is_list },
            Some(text) if stored => ParameterValue::Stored {
                name: text,
                is_list,
            },
            Some(text) if is_list => {
                if text.is_empty() {
                    ParameterValue::List(Vec::new())
                } else {
                    ParameterValue::List(text.split(',').map(|it| it.trim().to_owned()).collect())
                }
            }
            Some(text) => ParameterValue::Text(text),
        }
    }

    pub(super) fn pseudo(&self, name: &str) -> Option<Option<RawValue<'static>>> {
        let symbolic = |pseudo| {
            Some(RawValue::Expr(std::borrow::Cow::Owned(Expr::Pseudo(
                pseudo,
            ))))
        };
        let text = |text: &str| Some(RawValue::Str(text.to_owned().into()));
        Some(match name {
            "AWS::NoValue" => None,
            REGION => match self.region {
                Some(region) => text(region.name),
                None => symbolic(Pseudo::Region),
            },
            "AWS::Partition" => match self.region {
                Some(region) => text(region.partition),
                None => symbolic(Pseudo::Partition),
            },
            "AWS::URLSuffix" => match self.region {
                Some(region) => text(region.dns_suffix),
                None => symbolic(Pseudo::UrlSuffix),
            },
            "AWS::AccountId" => match self.account {
                Some(account) => text(account),
                None => symbolic(Pseudo::AccountId),
            },
            "AWS::StackName" | "AWS::StackId" | "AWS::NotificationARNs" => {
                Some(opaque(name.to_owned()))
            }
            _ => return None,
        })
    }

    pub(super) fn reference(&self, name: &str) -> Option<RawValue<'static>> {
        // A conversion declares a parameter for the name of the stack.
        if !self.parameters.contains_key(name)
            && let Some(pseudo) = self.pseudo(name)
        {
            return pseudo;
        }
        if let Some(specified) = self.parameters.get(name) {
            return Some(match specified {
                ParameterValue::Text(text) => RawValue::Str(text.clone().into()),
                ParameterValue::List(items) => RawValue::List(
                    items
                        .iter()
                        .map(|item| RawValue::Str(item.clone().into()))
                        .collect(),
                ),
                ParameterValue::Stored { name, is_list } => {
                    let stored = Expr::SsmParameter(name.clone().into());
                    RawValue::from(match is_list {
                        true => Expr::Call("Fn::Split".into(), vec![Expr::text(","), stored]),
                        false => stored,
                    })
                }
                ParameterValue::Retained(id, of) if of.is_list() => {
                    RawValue::List(vec![RawValue::from(Expr::Items(*id))])
                }
                ParameterValue::Retained(id, _) => RawValue::from(Expr::Param(*id)),
                ParameterValue::Unset { is_list } => RawValue::from(Expr::SourceParam {
                    name: name.to_owned().into(),
                    is_list: *is_list,
                }),
            });
        }
        Some(match self.id(name) {
            Some(id) => match self.lift.kind(id) {
                Some(kind) if kind.link.cfn == crate::ir::CfnAttr::Ref => {
                    RawValue::from(id.at(kind.link))
                }
                _ => self.attribute(name, "Ref", 0),
            },
            None => opaque(format!("Ref {name}")),
        })
    }

    pub(super) fn get_att(&self, argument: &Tree, depth: usize) -> Option<RawValue<'static>> {
        if let Some(text) = argument.text() {
            let (id, attribute) = text.split_once('.')?;
            return Some(self.attribute(id, attribute, depth));
        }
        let [id, attribute] = argument.list()? else {
            return None;
        };
        match self.expr(attribute, depth) {
            Expr::Text(attribute) => Some(self.attribute(id.text()?, &attribute, depth)),
            _ => None,
        }
    }

    pub(super) fn attribute(&self, id: &str, attribute: &str, depth: usize) -> RawValue<'static> {
        let Some(&(resource, node)) = self.resources.get(id) else {
            return opaque(format!("Fn::GetAtt {id}.{attribute}"));
        };
        let own = self.lift.attribute(node, attribute);
        if self.strict.is_none() {
            // Attributes such as `VpcId` return the property of this name.
            let property = resource.get("Properties").and_then(|it| it.get(attribute));
            return match (&own, property) {
                (Expr::Other(..), Some(property)) => self
                    .eval(property, depth + 1)
                    .unwrap_or_else(|| RawValue::from(own)),
                _ => RawValue::from(own),
            };
        }
        let kind = self.lift.kind(node);
        RawValue::from(match (kind.map(|it| it.name), attribute) {
            // CloudFormation's attribute has a suffix that Terraform's does not have.
            (Some("LogGroup"), "Arn") => Expr::PerLanguage {
                cfn: Box::new(own.clone()),
                tf: Box::new(Expr::concat([own, Expr::text(":*")])),
            },
            #[cfg(feature = "cli")]
            (Some(kind), name) if matches!(own, Expr::Other(..)) => {
                super::attributes::attribute(kind, name).map_or(own, |attr| node.at(attr))
            }
            _ => own,
        })
    }
}
