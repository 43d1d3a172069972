//! References to what a template does not contain, or not in this account. AWS refuses them.

use super::{ParameterValue, Reader, substitution};
use crate::frontend::tree::{Kind, Tree};
use crate::ir::Expr;
use crate::resource::{Map, RawValue, TemplateError};

impl Reader<'_> {
    /// Returns an error for each name to which a resource refers and that the template does not contain.
    pub(super) fn dangling(&self, id: &str, resource: &Tree) -> Vec<TemplateError> {
        let error = |name: String| TemplateError {
            is_certain: true,
            ignores_condition: true,
            reason: format!(
                "`{id}` refers to `{name}`, which does not exist (`Unresolved resource dependencies`)"
            ),
            fix: "add the resource or parameter, or correct its name".to_owned(),
        };
        self.missing(resource).into_iter().map(error).collect()
    }

    /// Returns an error for each rule of a security group that names a group of the template as one of
    /// another account.
    ///
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UserIdGroupPair.html>
    pub(super) fn foreign_groups(&self, id: &str, properties: &Map<'_>) -> Vec<TemplateError> {
        let foreign = |rule: &Map<'_>| {
            let owner = match rule.get("SourceSecurityGroupOwnerId")? {
                RawValue::Str(owner) if self.account != Some(owner.as_ref()) => owner,
                _ => return None,
            };
            let RawValue::Expr(group) = rule.get("SourceSecurityGroupId")? else {
                return None;
            };
            let Expr::Attr(..) = group.as_ref() else {
                return None;
            };
            Some(TemplateError {
                is_certain: self.account.is_some(),
                ignores_condition: false,
                reason: format!(
                    "a rule of `{id}` names a security group of this template as one of account \
                     `{owner}` (`InvalidGroup.NotFound`)"
                ),
                fix: "omit `SourceSecurityGroupOwnerId`, whose default is the account of the stack"
                    .to_owned(),
            })
        };
        let rules = match properties.get("SecurityGroupIngress") {
            Some(RawValue::List(rules)) => rules.as_slice(),
            Some(rule) => std::slice::from_ref(rule),
            None => &[],
        };
        let rules = rules.iter().filter_map(|it| match it {
            RawValue::Object(rule) => Some(rule),
            _ => None,
        });
        rules.chain([properties]).filter_map(foreign).collect()
    }

    /// Returns an error for each `Fn::Select` with an index outside its list.
    pub(super) fn beyond(&self, id: &str, tree: &Tree) -> Vec<TemplateError> {
        let of = |it: &Tree| self.beyond(id, it);
        match (tree.single(), &tree.kind) {
            // A branch can be unused.
            (Some(("Fn::If", _)), _) => Vec::new(),
            (Some(("Fn::Select", argument)), _) if self.is_beyond(argument) => {
                vec![TemplateError {
                    is_certain: true,
                    ignores_condition: false,
                    reason: format!("`{id}` selects an item that its list does not contain"),
                    fix: "correct the index of `Fn::Select`, which starts at 0".to_owned(),
                }]
            }
            (_, Kind::Map(entries)) => entries.iter().flat_map(|it| of(&it.value)).collect(),
            (_, Kind::List(items)) => items.iter().flat_map(of).collect(),
            (_, Kind::Text(_) | Kind::Null) => Vec::new(),
        }
    }

    fn is_beyond(&self, argument: &Tree) -> bool {
        let [index, list] = argument.list().unwrap_or_default() else {
            return false;
        };
        // The account determines the zones.
        if list.single().is_some_and(|(name, _)| name == "Fn::GetAZs") {
            return false;
        }
        let Expr::Text(index) = self.expr(index, 0) else {
            return false;
        };
        match (index.parse::<usize>(), self.eval(list, 0)) {
            (Ok(index), Some(RawValue::List(items))) => {
                index >= items.len() && !items.iter().any(|it| self.names().is_spliced(it))
            }
            _ => false,
        }
    }

    /// Returns the names to which a resource refers and that the template does not contain. A macro or
    /// a module can create them.
    fn missing(&self, resource: &Tree) -> Vec<String> {
        let is_module = |(tree, _): &(&Tree, _)| {
            let of = tree.get("Type").and_then(Tree::text);
            of.is_some_and(|it| it.ends_with("::MODULE"))
        };
        if !self.is_final()
            || self.root.get("Transform").is_some()
            || self.resources.values().any(is_module)
        {
            return Vec::new();
        }
        let mut names = Vec::new();
        let before = resource.get("DependsOn").into_iter();
        for it in before.flat_map(|it| it.list().unwrap_or(std::slice::from_ref(it))) {
            names.extend(it.text().map(str::to_owned));
        }
        references(resource, &mut names);
        let mut rows = Vec::new();
        // A mapping can lack the keys of a resource that the stack does not contain.
        if self.stack_exists(resource) == Some(true) {
            self.missing_rows(resource, &mut rows);
        }
        names.retain(|name| {
            !name.starts_with("AWS::")
                && !self.parameters.contains_key(name.as_str())
                && self.id(name).is_none()
        });
        names.extend(rows);
        names
    }

    /// Gathers the keys that mappings do not contain. A branch of `Fn::If` can be unused.
    fn missing_rows(&self, tree: &Tree, rows: &mut Vec<String>) {
        match (tree.single(), &tree.kind) {
            (Some(("Fn::If", _)), _) => {}
            (Some(("Fn::FindInMap", argument)), _) => {
                let [map, first, second] = argument.list().unwrap_or_default() else {
                    return;
                };
                let key = |tree: &Tree| match (tree.text(), tree.single()) {
                    (Some(text), _) => Some(text.to_owned()),
                    (None, Some(("Ref", name))) if name.text() == Some("AWS::Region") => {
                        self.region.map(|region| region.name.to_owned())
                    }
                    (None, Some(("Ref", name))) => match self.parameters.get(name.text()?) {
                        Some(ParameterValue::Text(value)) => Some(value.clone()),
                        _ => None,
                    },
                    _ => None,
                };
                let Some(name) = map.text() else { return };
                let mapping = self.root.get("Mappings").and_then(|it| it.get(name));
                let (Some(mapping), Some(first)) = (mapping, key(first)) else {
                    return;
                };
                match mapping.get(&first) {
                    None => rows.push(format!("{name}.{first}")),
                    Some(row) => rows.extend(
                        key(second)
                            .filter(|second| row.get(second).is_none())
                            .map(|second| format!("{name}.{first}.{second}")),
                    ),
                }
            }
            (_, Kind::Map(entries)) => {
                entries
                    .iter()
                    .for_each(|it| self.missing_rows(&it.value, rows));
            }
            (_, Kind::List(items)) => items.iter().for_each(|it| self.missing_rows(it, rows)),
            (_, Kind::Text(_) | Kind::Null) => {}
        }
    }
}

pub(super) fn references(tree: &Tree, names: &mut Vec<String>) {
    match (tree.single(), &tree.kind) {
        (Some(("Ref", name)), _) => names.extend(name.text().map(str::to_owned)),
        (Some(("Fn::GetAtt", argument)), _) => {
            let first = match &argument.kind {
                Kind::Text(text) => text.split_once('.').map(|(id, _)| id),
                Kind::List(items) => items.first().and_then(Tree::text),
                _ => None,
            };
            names.extend(first.map(str::to_owned));
        }
        (Some(("Fn::Sub", argument)), _) => {
            let (used, own) = substitution::names(argument);
            let ids = used.into_iter().filter_map(|it| it.split('.').next());
            names.extend(ids.map(str::to_owned));
            own.into_iter().for_each(|own| references(own, names));
        }
        (_, Kind::Map(entries)) => entries.iter().for_each(|it| references(&it.value, names)),
        (_, Kind::List(items)) => items.iter().for_each(|it| references(it, names)),
        (_, Kind::Text(_) | Kind::Null) => {}
    }
}
