//! The resources of a stack as a language prints them.

use serde_json::Value;

use crate::backend::{cfn, tf};
use crate::ir::{Dialect, NodeId, StackId};
use crate::resource::{Node, RawValue};
use crate::validate::Validated;

/// A stack without errors.
#[derive(Debug)]
pub(super) struct PrintedStack<'a> {
    validated: Validated<'a>,
    here: StackId,
}

/// What an assertion judges of a resource. In Terraform, arguments and meta-arguments are in one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// The properties or arguments.
    Properties,
    /// In CloudFormation, also the attributes beside the properties.
    Whole,
}

/// A resource in the output.
pub(super) struct Printed {
    /// The path, or the address in Terraform of a part that has no path.
    pub(super) path: String,
    pub(super) value: Value,
}

impl<'a> PrintedStack<'a> {
    pub(super) fn new(validated: Validated<'a>, here: StackId) -> PrintedStack<'a> {
        PrintedStack { validated, here }
    }

    /// Returns what a language prints of a node.
    pub(super) fn resource(
        &self,
        (id, node): (NodeId, &Node),
        dialect: Dialect,
        view: View,
    ) -> Value {
        match (dialect, view) {
            (Dialect::Cfn, View::Properties) => {
                let (printed, _) = node.printed(id, self.validated.graph(), dialect);
                return cfn::value_in(&self.validated, self.here, RawValue::Object(printed));
            }
            (Dialect::Cfn, View::Whole) => {
                return cfn::resource_in(&self.validated, self.here, id);
            }
            (Dialect::Tf, _) => {}
        }
        // The parts of a node follow it.
        let mut all = tf::printed(&self.validated, self.here).into_iter();
        let own = all.find(|it| it.node == id);
        own.map_or(Value::Null, |it| it.arguments)
    }

    /// Returns a value as a language prints it.
    pub(super) fn value(&self, dialect: Dialect, of: RawValue<'static>) -> Value {
        match dialect {
            Dialect::Cfn => cfn::value_in(&self.validated, self.here, of),
            Dialect::Tf => tf::value_in(&self.validated, self.here, of),
        }
    }

    /// Returns the resources of a type in the output.
    pub(super) fn of_type(&self, type_name: &str, dialect: Dialect, view: View) -> Vec<Printed> {
        let graph = self.validated.graph();
        if dialect == Dialect::Tf {
            let all = tf::printed(&self.validated, self.here).into_iter();
            let own = all.filter(|it| it.kind == type_name);
            return own
                .map(|it| {
                    let node = graph.node(it.node).filter(|node| node.tf_name == it.name);
                    Printed {
                        path: node.map_or_else(
                            || format!("{type_name}.{}", it.name),
                            |node| node.path.clone(),
                        ),
                        value: it.arguments,
                    }
                })
                .collect();
        }
        let Some(stack) = graph.stacks.get(self.here.index()) else {
            return Vec::new();
        };
        let own = graph.nodes_of(stack).filter(|(id, node)| {
            node.resource.type_name(dialect) == Some(type_name)
                && node.resource.cfn_inside(*id, graph).is_none()
        });
        own.map(|(id, node)| Printed {
            path: node.path.clone(),
            value: self.resource((id, node), dialect, view),
        })
        .collect()
    }

    /// Returns the types in the output of a language.
    pub(super) fn types(&self, dialect: Dialect) -> Vec<String> {
        let graph = self.validated.graph();
        if dialect == Dialect::Tf {
            let all = tf::printed(&self.validated, self.here).into_iter();
            return all.map(|it| it.kind).collect();
        }
        let nodes = graph.nodes().map(|(_, node)| node);
        let types = nodes.filter_map(|node| node.resource.type_name(dialect));
        types.map(str::to_owned).collect()
    }
}
