//! References to resources that do not exist under every condition of what refers to them.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/resource-attribute-condition.html>

use crate::ir::{
    ConditionId, Diagnostic, Diagnostics, Dialect, Expr, NodeId, Predicate, Pseudo, Stack,
};
use crate::resource::Graph;

/// Conditions that are true, or false, where an expression is evaluated.
type Context = Vec<(ConditionId, bool)>;

/// More combinations of values than this are not tried, and nothing is reported.
const MAX_COMBINATIONS: usize = 4096;

pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    let is_conditional = |(_, node): (NodeId, &crate::resource::Node)| {
        node.condition.is_some() || node.overridden_condition().is_some()
    };
    if !graph.nodes().any(is_conditional) {
        return;
    }
    // An override in JSON can refer to a resource, too.
    let dialect = graph.language().unwrap_or(Dialect::Cfn);
    let Some(printed) = graph.printed(dialect) else {
        return;
    };
    for stack in graph.stacks() {
        let references = |value: &Expr, context: Option<ConditionId>| {
            let mut found = Vec::new();
            let mut context: Context = context.map(|it| (it, true)).into_iter().collect();
            walk(&printed, stack, value, dialect, &mut context, &mut found);
            found
        };
        for (id, node) in graph.nodes_of(stack) {
            let Some(own) = printed.node(id).filter(|it| !it.is_absent()) else {
                continue;
            };
            // A rule is a part of its security group.
            let parent = own.origin.as_ref().and_then(|it| printed.node(it.parent?));
            let condition = own.condition.or(parent.and_then(|it| it.condition));
            let mut found = Vec::new();
            let unknown = own.origin.iter().map(|it| &it.unknown_properties);
            for map in [&own.resource.put(dialect)].into_iter().chain(unknown) {
                map.expressions(&mut |it| found.extend(references(it, condition)));
            }
            found.dedup();
            for message in found {
                let found = node.error("reference", message);
                out.push(found.help(help(condition.is_some())));
            }
        }
        for output in &stack.outputs {
            let condition = match dialect {
                Dialect::Cfn => graph.cfn_condition_of(output),
                Dialect::Tf => output.condition,
            };
            let mut found = references(&output.value, condition);
            found.dedup();
            for message in found {
                let found = Diagnostic::error("reference", format!("output {message}"));
                let found = found.path(output.path.clone()).at(output.location.clone());
                out.push(found.help(help(condition.is_some())));
            }
        }
    }
}

fn help(has_condition: bool) -> &'static str {
    match has_condition {
        true => "use a condition that implies the other one, or refer to it in `Expr::If`",
        false => "set a condition with the same test, or refer to it in `Expr::If`",
    }
}

/// Adds a message for each reference to a resource that can be absent in a context.
fn walk(
    graph: &Graph,
    stack: &Stack,
    expr: &Expr,
    dialect: Dialect,
    context: &mut Context,
    found: &mut Vec<String>,
) {
    let mut branch = |condition: ConditionId, is_true: bool, inner: &Expr| {
        context.push((condition, is_true));
        walk(graph, stack, inner, dialect, context, found);
        context.pop();
    };
    match expr {
        Expr::If(condition, then, other) => {
            branch(*condition, true, then);
            branch(*condition, false, other);
        }
        Expr::Call(name, parts) if name == "Fn::If" => {
            if let [Expr::Text(id), then, other] = parts.as_slice()
                && let Some(condition) = graph.condition_in(stack, id)
            {
                branch(condition, true, then);
                branch(condition, false, other);
            }
        }
        Expr::Attr(target, _) | Expr::Other(target, _) => {
            if let Some(target) = graph.node(*target)
                && let Some(condition) = target.condition
                && can_be_absent((graph, stack), context, condition)
            {
                let id = graph.condition(condition).map_or("", |it| it.id.as_str());
                found.push(format!(
                    "refers to `{}`, which does not exist if condition `{id}` is false",
                    target.path
                ));
            }
        }
        Expr::Concat(parts) | Expr::OneOf(parts) | Expr::Call(_, parts) => {
            for part in parts {
                walk(graph, stack, part, dialect, context, found);
            }
        }
        Expr::Select(list, _) => walk(graph, stack, list, dialect, context, found),
        Expr::PerLanguage { cfn, tf } => {
            walk(graph, stack, dialect.pick(cfn, tf), dialect, context, found);
        }
        _ => {}
    }
}

/// Returns whether a condition is false for values for which the context holds.
fn can_be_absent(
    (graph, stack): (&Graph, &Stack),
    context: &Context,
    condition: ConditionId,
) -> bool {
    if context.contains(&(condition, true)) {
        return false;
    }
    let mut values = Values::default();
    let mut all = context.clone();
    all.push((condition, false));
    let mut tests = Vec::new();
    for (id, is_true) in all {
        let Some(condition) = graph.condition(id) else {
            return false;
        };
        values.add(&condition.predicate);
        tests.push((&condition.predicate, is_true));
    }
    values.complete(graph, stack);
    values.any(|it| {
        tests
            .iter()
            .all(|(test, is_true)| it.holds(test) == *is_true)
    })
}

/// The values that predicates distinguish. Of an expression, these are the texts that it can have, with none for
/// any other text. Of a comparison of two expressions, it is whether they are equal.
#[derive(Default)]
struct Values<'a> {
    texts: Vec<(&'a Expr, Vec<Option<&'a str>>)>,
    pairs: Vec<(&'a Expr, &'a Expr)>,
}

/// One combination of the values.
struct Combination<'v, 'a> {
    of: &'v Values<'a>,
    texts: Vec<Option<&'a str>>,
    pairs: Vec<bool>,
}

impl<'a> Values<'a> {
    fn add(&mut self, predicate: &'a Predicate) {
        match predicate {
            Predicate::OneOf(expr, texts) => texts.iter().for_each(|it| self.add_text(expr, it)),
            Predicate::Equal(expr, Expr::Text(text)) | Predicate::Equal(Expr::Text(text), expr) => {
                self.add_text(expr, text);
            }
            Predicate::Equal(one, other) => {
                if !self.pairs.contains(&(one, other)) {
                    self.pairs.push((one, other));
                }
            }
            Predicate::Not(inner) => self.add(inner),
            Predicate::All(tests) | Predicate::Any(tests) => {
                tests.iter().for_each(|it| self.add(it));
            }
        }
    }

    fn add_text(&mut self, expr: &'a Expr, text: &'a str) {
        let known = self.texts.iter().position(|(it, _)| *it == expr);
        let at = known.unwrap_or_else(|| {
            self.texts.push((expr, Vec::new()));
            self.texts.len() - 1
        });
        if !self.texts[at].1.contains(&Some(text)) {
            self.texts[at].1.push(Some(text));
        }
    }

    /// Adds the values without a comparison, and removes those that the expression cannot have.
    fn complete(&mut self, graph: &'a Graph, stack: &'a Stack) {
        for (expr, texts) in &mut self.texts {
            match (expr, stack.region) {
                (Expr::Pseudo(Pseudo::Region), Some(region)) => *texts = vec![Some(region.name)],
                (Expr::Pseudo(Pseudo::Partition), Some(region)) => {
                    *texts = vec![Some(region.partition)];
                }
                (Expr::Param(id), _) => {
                    let allowed = graph
                        .parameter(*id)
                        .map_or(&[][..], |it| &it.allowed_values);
                    match allowed {
                        [] => texts.push(None),
                        allowed => *texts = allowed.iter().map(|it| Some(it.as_ref())).collect(),
                    }
                }
                _ => texts.push(None),
            }
        }
    }

    /// Returns whether a combination of the values passes a test.
    fn any(&self, test: impl Fn(&Combination<'_, 'a>) -> bool) -> bool {
        let sizes = self.texts.iter().map(|(_, texts)| texts.len());
        let sizes: Vec<usize> = sizes.chain(self.pairs.iter().map(|_| 2)).collect();
        let count = sizes
            .iter()
            .try_fold(1usize, |all, it| all.checked_mul(*it));
        let Some(count) = count.filter(|it| *it <= MAX_COMBINATIONS) else {
            return false;
        };
        (0..count).any(|n| {
            let mut rest = n;
            let mut digits = sizes.iter().map(|size| {
                let digit = rest % size;
                rest /= size;
                digit
            });
            let own = self.texts.iter().zip(digits.by_ref());
            let texts = own.map(|((_, texts), at)| texts.get(at).copied().flatten());
            let texts: Vec<Option<&str>> = texts.collect();
            let pairs = digits.map(|it| it == 1).collect();
            test(&Combination {
                of: self,
                texts,
                pairs,
            })
        })
    }
}

impl Combination<'_, '_> {
    fn holds(&self, predicate: &Predicate) -> bool {
        match predicate {
            Predicate::OneOf(expr, texts) => texts.iter().any(|it| self.is(expr, it)),
            Predicate::Equal(expr, Expr::Text(text)) | Predicate::Equal(Expr::Text(text), expr) => {
                self.is(expr, text)
            }
            Predicate::Equal(one, other) => {
                let mut pairs = self.of.pairs.iter().zip(&self.pairs);
                pairs.any(|(pair, is_equal)| *pair == (one, other) && *is_equal)
            }
            Predicate::Not(inner) => !self.holds(inner),
            Predicate::All(tests) => tests.iter().all(|it| self.holds(it)),
            Predicate::Any(tests) => tests.iter().any(|it| self.holds(it)),
        }
    }

    fn is(&self, expr: &Expr, text: &str) -> bool {
        let mut values = self.of.texts.iter().zip(&self.texts);
        let value = values.find(|((it, _), _)| *it == expr);
        value.is_some_and(|(_, own)| *own == Some(text))
    }
}
