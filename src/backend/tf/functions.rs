//! Functions of a converted template, and the data sources and locals that they need.

use std::borrow::Cow;

use super::tree::{Block, Body, Tree};
use super::{Lower, hcl};
use crate::ir::{Expr, ParamId, Text, stored_label, terraform_name};
use crate::validate::Export;

/// Returns whether Terraform has an equivalent of a function with these arguments.
#[cfg(feature = "cli")]
pub(crate) fn has_equivalent(name: &str, arguments: &[Expr]) -> bool {
    match (name, arguments) {
        ("list", _)
        | ("Fn::Join", [Expr::Text(_), _])
        | ("Fn::Split", [Expr::Text(_), _])
        | ("Fn::Base64" | "Fn::Length", [_])
        | ("Fn::GetAZs", [])
        | ("Fn::FindInMap" | Expr::LIST_IN_MAP, [Expr::Text(_), _, _]) => true,
        ("Fn::Cidr", [_, Expr::Text(count), Expr::Text(bits)]) => [count, bits]
            .into_iter()
            .all(|it| it.parse::<u32>().is_ok()),
        _ => false,
    }
}

/// Returns how many bits of a range of a `Fn::Cidr` follow the prefix of its block.
fn new_bits(block: &Expr, code: &str, bits: &str) -> String {
    let length = match block {
        Expr::Attr(..) => "32".to_owned(),
        _ => format!("(length(regexall(\":\", {code})) > 0 ? 128 : 32)"),
    };
    format!("{length} - {bits} - tonumber(split(\"/\", {code})[1])")
}

impl<'g> Lower<'g, '_> {
    pub(super) fn call(&mut self, name: &str, arguments: &[Expr]) -> String {
        match (name, arguments) {
            ("list", items) => self.list(items),
            ("Fn::Join", [delimiter, list]) => {
                format!("join({}, {})", self.code(delimiter), self.code(list))
            }
            ("Fn::Split", [delimiter, source]) => {
                format!("split({}, {})", self.code(delimiter), self.code(source))
            }
            ("Fn::Base64", [text]) => format!("base64encode({})", self.code(text)),
            ("Fn::Length", [list]) => format!("length({})", self.code(list)),
            ("Fn::FindInMap" | Expr::LIST_IN_MAP, [Expr::Text(map), top, second]) => {
                let (top, second) = (self.code(top), self.code(second));
                self.maps.insert(map.clone().into_owned());
                format!("local.{}[{top}][{second}]", terraform_name(map))
            }
            ("Fn::Cidr", [block, Expr::Text(count), Expr::Text(bits)]) => {
                let code = self.operand(block);
                let bits = new_bits(block, &code, bits);
                format!("[for n in range({count}) : cidrsubnet({code}, {bits}, n)]")
            }
            (other, _) => other.to_owned(),
        }
    }

    /// Returns the n-th item of a list.
    pub(super) fn item(&mut self, list: &Expr, n: u32) -> String {
        match list {
            Expr::Call(name, arguments) => match (name.as_ref(), arguments.as_slice()) {
                ("Fn::Cidr", [block, _, Expr::Text(bits)]) => {
                    let code = self.operand(block);
                    let bits = new_bits(block, &code, bits);
                    format!("cidrsubnet({code}, {bits}, {n})")
                }
                _ => format!("{}[{n}]", self.code(list)),
            },
            list => format!("{}[{n}]", self.operand(list)),
        }
    }

    /// Returns code that can stand inside an expression.
    pub(super) fn operand(&mut self, expr: &Expr) -> String {
        match expr {
            Expr::If(..) => format!("({})", self.code(expr)),
            _ => self.code(expr),
        }
    }

    fn list(&mut self, items: &[Expr]) -> String {
        if let [list] = items
            && list.is_list()
        {
            return self.code(list);
        }
        let is_one = |it: &Expr| !it.is_list() && !it.can_be_absent();
        if items.iter().all(is_one) {
            let items: Vec<String> = items.iter().map(|it| self.code(it)).collect();
            return format!("[{}]", items.join(", "));
        }
        let parts: Vec<String> = items.iter().map(|it| self.part_of(it)).collect();
        format!("concat({})", parts.join(", "))
    }

    /// Returns the list for `concat` of one item, of no item, or of all items of a list.
    pub(super) fn part_of(&mut self, item: &Expr) -> String {
        match item {
            Expr::Absent => "[]".to_owned(),
            Expr::If(condition, then, other) if item.is_list() || item.can_be_absent() => {
                let (then, other) = (self.part_of(then), self.part_of(other));
                format!("{} ? {then} : {other}", self.condition(*condition))
            }
            list if list.is_list() => self.code(list),
            one => format!("[{}]", self.code(one)),
        }
    }

    /// Returns the value of a parameter: a variable, or that in Parameter Store whose name is one.
    pub(super) fn parameter(&mut self, id: ParamId) -> String {
        let Some(parameter) = self.graph.parameter(id) else {
            return String::new();
        };
        let name = terraform_name(&parameter.id);
        let variable = format!("var.{name}");
        if !parameter.from_parameter_store {
            return variable;
        }
        let passed = self.passed(parameter.default_name());
        let value = passed.unwrap_or_else(|| self.stored_value(name, Tree::Expr(variable)));
        match parameter.of.is_list() {
            true => format!("split(\",\", {value})"),
            false => value,
        }
    }

    /// Returns the value of a parameter in Parameter Store with this name.
    pub(super) fn stored_by_name(&mut self, name: &str) -> String {
        if let Some(passed) = self.passed(Some(&name.to_owned().into())) {
            return passed;
        }
        self.stored_value(stored_label(name), Tree::Str(name.to_owned().into()))
    }

    /// Returns the variable for a value in Parameter Store, if another stack writes it and the root module
    /// passes it. A data source would read it before Terraform creates it.
    pub(super) fn passed(&self, name: Option<&Text>) -> Option<String> {
        let (here, links) = self.links.filter(|_| self.passes_copies)?;
        let export = links.find_stored(here, name?)?;
        Some(format!("var.{}", export.variable(self.graph)))
    }

    /// Returns whether a module prints an export or import.
    pub(super) fn is_linked(&self, export: &Export) -> bool {
        self.passes_copies || export.stored.is_none()
    }

    /// Returns the attribute of a data source. Unlike `value`, `insecure_value` is not sensitive;
    /// CloudFormation resolves no secure strings here.
    fn stored_value(&mut self, mut label: String, name: Tree<'g>) -> String {
        while self.stored.get(&label).is_some_and(|it| *it != name) {
            label.push_str("_2");
        }
        let value = format!("data.aws_ssm_parameter.{label}.insecure_value");
        self.stored.insert(label, name);
        value
    }

    /// Returns the data sources of the parameters in Parameter Store.
    pub(super) fn stored_blocks(&mut self) -> Vec<Block<'g>> {
        let block = |(label, name)| {
            let mut body = Body::default();
            body.argument("name", name);
            Block {
                of: "data",
                labels: vec!["aws_ssm_parameter".into(), Cow::Owned(label)],
                body,
            }
        };
        std::mem::take(&mut self.stored)
            .into_iter()
            .map(block)
            .collect()
    }

    /// Returns the mappings that expressions look up.
    pub(super) fn locals(&mut self) -> Option<Block<'g>> {
        let mut body = Body::default();
        let graph = self.graph;
        for (name, mapping) in &graph.mappings {
            if self.maps.contains(name) {
                let value = self.term(mapping.clone());
                body.argument(terraform_name(name), value);
            }
        }
        (!body.0.is_empty()).then(|| Block {
            of: "locals",
            labels: Vec::new(),
            body,
        })
    }

    /// Returns whether an expression contains a value that Terraform hides. It cannot determine how
    /// many instances of a resource exist.
    pub(super) fn is_sensitive(&self, expr: &Expr) -> bool {
        let mut found = false;
        expr.walk(&mut |it| {
            if let Expr::Param(id) | Expr::Items(id) = it {
                found |= self.graph.parameter(*id).is_some_and(|it| it.no_echo);
            }
        });
        found
    }

    /// Returns an expression of a test, as text.
    pub(super) fn compared(&mut self, expr: &Expr) -> String {
        let is_number = matches!(expr, Expr::Param(id) if self.graph.parameter(*id)
            .is_some_and(|it| it.of == crate::ir::ParameterType::Number));
        // A number is not a string, and is equal to none.
        let code = match is_number {
            true => format!("tostring({})", self.code(expr)),
            false => self.operand(expr),
        };
        match self.is_sensitive(expr) {
            true => format!("nonsensitive({code})"),
            false => code,
        }
    }

    pub(super) fn quoted_list(texts: &[crate::ir::Text]) -> String {
        let texts: Vec<String> = texts.iter().map(|text| hcl::quoted(text)).collect();
        format!("[{}]", texts.join(", "))
    }
}
