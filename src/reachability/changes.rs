//! What resources without a table can change.

use std::collections::{HashMap, HashSet};

use super::closed_world::{self, EVERY_HOP, Effect};
use super::functions::{self, show};
use super::script_text::commands;
use crate::ir::{NodeId, Stack};
use crate::resource::{Graph, Node, RawValue};

/// What resources without a table can change.
#[derive(Default)]
pub(super) struct Changes {
    /// Resources that another one can change.
    pub(super) modified: HashSet<NodeId>,
    /// VPCs whose names another resource can change.
    pub(super) dns: HashSet<NodeId>,
    /// Resources that are not only what the model knows, and why: words after their names.
    pub(super) doubts: HashMap<NodeId, String>,
    /// Changes to hops of all instances.
    pub(super) everywhere: Vec<Everywhere>,
    /// Resources that refer to nothing of the file, and of which the check does not know what they
    /// change: words after their names.
    pub(super) unjudged: Vec<(NodeId, String)>,
}

/// A resource that can change hops of all instances.
pub(super) struct Everywhere {
    pub(super) by: NodeId,
    /// The hops, separated by commas.
    pub(super) hops: &'static str,
    /// A sentence in lowercase, without a period.
    pub(super) reason: String,
}

impl Changes {
    /// Collects the changes in some stacks of a graph.
    pub(super) fn of(graph: &Graph, stacks: &[&Stack]) -> Changes {
        let mut changes = Changes::default();
        let nodes = stacks.iter().flat_map(|stack| graph.nodes_of(stack));
        for (id, node) in nodes.filter(|(_, node)| !node.is_absent()) {
            if node.resource.kind().is_none() && !closed_world::is_harmless(node) {
                changes.add(graph, id, node);
            }
            changes.run(graph, id, node);
        }
        changes
    }

    fn add(&mut self, graph: &Graph, id: NodeId, node: &Node) {
        let type_name = node.resource.type_name(node.dialect()).unwrap_or_default();
        let effect = closed_world::effect(type_name);
        match effect {
            Effect::None => {}
            Effect::References | Effect::Anything | Effect::Unclassified => {
                let of = node.references();
                if effect == Effect::Unclassified
                    && !type_name.is_empty()
                    && !refers_to_tables(graph, &of)
                {
                    let what = format!("is of type `{type_name}`, which the check does not know");
                    self.unjudged.push((id, what));
                }
                self.change(graph, &of, node, effect);
                if effect == Effect::Anything {
                    self.call(graph, (id, node), &of);
                }
            }
            Effect::Zone if is_other_zone(node) => {}
            Effect::Names | Effect::Zone => self.dns.extend(node.references()),
            Effect::Everywhere(hops) => self.everywhere.push(Everywhere {
                by: id,
                hops,
                reason: format!(
                    "`{}` is of type `{type_name}`, which is not modeled",
                    node.display_id()
                ),
            }),
        }
    }

    /// Adds what the commands change that Terraform runs on its own machine.
    fn run(&mut self, graph: &Graph, id: NodeId, node: &Node) {
        let all = node.origin.iter().flat_map(|it| &it.provisioners);
        for command in all.filter(|it| it.kind == "local-exec") {
            let mut text = String::new();
            let argument = command.arguments.get("command");
            let is_shown = argument.is_some_and(|it| show(it, &mut text));
            if is_shown && is_harmless(&text) {
                continue;
            }
            let mut of = node.references();
            of.extend(command.arguments.references());
            if node.resource.kind().is_some() {
                of.push(id);
            }
            self.change(graph, &of, node, Effect::Anything);
            if refers_to_tables(graph, &of) {
                continue;
            }
            match functions::harmful_call(&text) {
                Some(_) => self.everywhere.push(Everywhere {
                    by: id,
                    hops: EVERY_HOP,
                    reason: format!(
                        "`{}` runs `{}`; the file does not show what it changes",
                        node.display_id(),
                        text.trim()
                    ),
                }),
                None => self
                    .unjudged
                    .push((id, "runs a command that the check does not know".to_owned())),
            }
        }
    }

    /// Adds what the functions change that a resource calls when it is created.
    fn call(&mut self, graph: &Graph, (id, node): (NodeId, &Node), references: &[NodeId]) {
        let reach = functions::reach(graph, references);
        self.change(graph, &reach.nodes, node, Effect::Anything);
        if let Some((function, right)) = reach.everything {
            let function = graph.node(function).map_or("", Node::display_id);
            self.everywhere.push(Everywhere {
                by: id,
                hops: EVERY_HOP,
                reason: format!(
                    "`{}` calls `{function}`, whose role has `{right}`; the file does not show what \
                     it changes",
                    node.display_id()
                ),
            });
        }
    }

    fn change(&mut self, graph: &Graph, changed: &[NodeId], by: &Node, effect: Effect) {
        for &id in changed {
            let to = graph.node(id);
            if let Some(doubt) = to.and_then(|to| closed_world::doubt_of_change(to, by, effect)) {
                self.doubts.entry(id).or_insert(doubt);
            }
            self.modified.insert(id);
        }
    }
}

/// Returns whether a private zone contains no name of an AWS service.
fn is_other_zone(node: &Node) -> bool {
    let properties = node.resource.put(node.dialect());
    let name = properties.get(node.dialect().pick("Name", "name"));
    let parents = ["aws", "api.aws", "com", "com.cn", "cn"];
    name.and_then(RawValue::as_str)
        .map(|name| name.trim_end_matches('.').to_ascii_lowercase())
        .is_some_and(|it| !it.contains("amazonaws") && !parents.contains(&it.as_str()))
}

/// Returns whether one of the resources has a table.
fn refers_to_tables(graph: &Graph, of: &[NodeId]) -> bool {
    let nodes = of.iter().filter_map(|id| graph.node(*id));
    nodes.into_iter().any(|to| to.resource.kind().is_some())
}

/// The beginnings of commands that change nothing in AWS.
const HARMLESS: &[&str] = &[
    "aws ec2 describe-",
    "aws ec2 wait ",
    "aws ssm describe-",
    "aws ssm get-",
    "aws sts get-",
    "cat ",
    "cd ",
    "chmod ",
    "date",
    "docker ",
    "echo ",
    "exit ",
    "helm ",
    "kubectl ",
    "ls",
    "mkdir ",
    "npm ",
    "pip ",
    "printf ",
    "set ",
    "sleep ",
    "test ",
    "touch ",
    "true",
    "zip ",
];

/// Returns whether all commands of a text change nothing in AWS.
fn is_harmless(text: &str) -> bool {
    let runs_other = ["$(", "`", "<(", "xargs", "| sh", "| bash"];
    let mut all = text.lines().flat_map(commands).map(str::trim);
    !runs_other.iter().any(|it| text.contains(it))
        && all.all(|it| it.is_empty() || HARMLESS.iter().any(|of| it.starts_with(of)))
}

#[cfg(test)]
mod tests {
    use super::is_harmless;

    #[test]
    fn only_known_commands_are_harmless() {
        for text in [
            "echo done",
            "sleep 60 && aws ec2 wait instance-running",
            "true",
        ] {
            assert!(is_harmless(text), "{text}");
        }
        for text in [
            "./run.sh",
            "echo $(./run.sh)",
            "sleep 1; aws ec2 stop-instances",
            "ansible-playbook x",
        ] {
            assert!(!is_harmless(text), "{text}");
        }
    }
}
