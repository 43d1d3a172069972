//! Conditions for the existence of resources.

use super::scope::{Scope, caller_or};
use crate::ir::{
    Condition, ConditionId, Diagnostic, Expr, Handle, NodeId, Predicate, is_logical_id, quoted,
};
use crate::validate::condition_error;

fn refers_to(value: &Expr, node: NodeId) -> bool {
    let mut found = false;
    value.walk(&mut |expr| found |= matches!(expr, Expr::Attr(it, _) if *it == node));
    found
}

impl Scope<'_> {
    /// Sets the condition for the existence of a resource.
    ///
    /// ```
    /// use ssm_synth::ir::{Expr, Pseudo, Predicate, Text};
    /// use ssm_synth::{App, backend, resource::LogGroup};
    ///
    /// let mut app = App::new();
    /// let mut stack = app.stack("Access");
    /// let partitions = vec![Text::Borrowed("aws-cn")];
    /// let china = Predicate::OneOf(Expr::Pseudo(Pseudo::Partition), partitions);
    /// let elsewhere = stack.condition("Elsewhere", Predicate::Not(Box::new(china)));
    /// let logs = stack.add("Logs", LogGroup::new());
    /// stack.set_condition(logs, elsewhere);
    /// let validated = app.validate().expect("the condition is of the same stack");
    /// let template = backend::cfn::template(&validated, "Access").expect("the stack was just added");
    /// assert!(template.to_yaml().contains("Condition: Elsewhere"));
    /// ```
    #[track_caller]
    pub fn set_condition<R>(&mut self, resource: Handle<R>, condition: ConditionId) {
        let Some(stack) = self.node_mut(resource.node()).map(|node| node.stack) else {
            return;
        };
        if let Some(error) = condition_error(self.graph, stack, condition) {
            self.reject(resource.node(), error);
            return;
        }
        let Some(node) = self.graph.metadata_mut(resource.node()) else {
            return;
        };
        match node.condition.replace(condition) {
            Some(known) if known != condition => {
                let path = node.path.clone();
                let id = |of: ConditionId| self.graph.condition(of).map_or("", |it| it.id.as_str());
                let (known, new) = (id(known), id(condition));
                let message = format!("`{path}` has two conditions: `{known}` and `{new}`");
                let location = caller_or(&self.location);
                let found = Diagnostic::error("duplicate-value", message).path(path);
                let help = "declare one condition with `Predicate::All`";
                self.add_diagnostic(found.at(location).help(help));
            }
            _ => {
                let outputs = &mut self.graph.stacks[self.stack.index()].outputs;
                for output in outputs.iter_mut().filter(|it| it.condition.is_none()) {
                    if refers_to(&output.value, resource.node()) {
                        output.condition = Some(condition);
                    }
                }
            }
        }
    }

    /// Declares a condition, or returns the existing one with this ID.
    ///
    /// ```
    /// use ssm_synth::App;
    /// use ssm_synth::ir::{Predicate, Text};
    ///
    /// let mut app = App::new();
    /// let mut stack = app.stack("Access");
    /// let predicate = Predicate::OneOf(stack.region(), vec![Text::Borrowed("eu-central-1")]);
    /// let one = stack.condition("Here", predicate.clone());
    /// assert_eq!(stack.condition("Here", predicate), one);
    /// ```
    #[track_caller]
    pub fn condition(&mut self, id: &str, predicate: Predicate) -> ConditionId {
        let known = self.graph.stacks[self.stack.index()]
            .conditions
            .iter()
            .copied();
        let same = |of: &ConditionId| self.graph.conditions[of.index()].id == id;
        if let Some(known) = known.into_iter().find(same) {
            if self.graph.conditions[known.index()].predicate != predicate {
                let message = format!("condition `{id}` already exists with another predicate");
                let location = caller_or(&self.location);
                self.add_diagnostic(
                    Diagnostic::error("duplicate-name", message)
                        .at(location)
                        .help("rename one of the two conditions"),
                );
            }
            return known;
        }
        if !is_logical_id(id) {
            let location = caller_or(&self.location);
            let message = format!("{} is not a condition ID", quoted(id));
            let found = Diagnostic::error("construct-id", message).at(location);
            self.add_diagnostic(found.help("use letters and digits, at most 255"));
        }
        let condition = ConditionId::next(self.graph.conditions.len()).of(self.graph.app);
        self.graph.conditions.push(Condition {
            id: id.to_owned(),
            predicate,
        });
        self.graph.stacks[self.stack.index()]
            .conditions
            .push(condition);
        condition
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::App;
    use crate::ir::{Pseudo, Text};
    use crate::resource::LogGroup;

    #[test]
    fn an_output_exists_under_the_condition_that_follows_it() {
        let mut app = App::new();
        let mut stack = app.stack("Access");
        let logs = stack.add("Logs", LogGroup::new());
        stack.output("Logs", logs, "Log group");
        let region = Predicate::OneOf(stack.region(), vec![Text::Borrowed("eu-central-1")]);
        let here = stack.condition("Here", region);
        stack.set_condition(logs, here);
        let stack = app.graph().stack("Access").unwrap();
        assert_eq!(stack.outputs[0].condition, Some(here));
    }

    #[test]
    fn two_conditions_of_one_resource_are_an_error() {
        let mut app = App::new();
        let mut stack = app.stack("Access");
        let logs = stack.add("Logs", LogGroup::new());
        let region =
            |name| Predicate::OneOf(Expr::Pseudo(Pseudo::Region), vec![Text::Borrowed(name)]);
        let one = stack.condition("One", region("eu-central-1"));
        let other = stack.condition("Other", region("us-east-1"));
        stack.set_condition(logs, one);
        stack.set_condition(logs, one);
        stack.set_condition(logs, other);
        let text = app.validate().unwrap_err().to_string();
        assert!(text.contains("two conditions: `One` and `Other`"), "{text}");
    }
}
