//! Messages about a resource of the library, in the names of its setters.

use super::{Change, Field, Node, Override, Part};
use crate::ir::Dialect;

/// Gathers the names of properties in CloudFormation and in Rust, with dots for nested ones.
fn gather(fields: &[Field], before: (&str, &str), found: &mut Vec<(String, String)>) {
    let join = |before: &str, name: &str| match before {
        "" => name.to_owned(),
        before => format!("{before}.{name}"),
    };
    for field in fields.iter().filter(|it| !it.cfn.is_empty()) {
        let names = (join(before.0, field.cfn), join(before.1, field.name));
        if let Some(inside) = field.inside {
            gather(inside.fields, (&names.0, &names.1), found);
        }
        found.push(names);
    }
}

impl Node {
    /// Returns the names of properties in CloudFormation that only setters change, with the setters. A raw
    /// resource has none.
    fn setters(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        if let Some(kind) = self.resource.kind().filter(|_| self.origin.is_none()) {
            gather(kind.fields, ("", ""), &mut found);
        }
        // An override has the names of its language.
        let is_changed = |it: &&Override| {
            (it.dialect, it.part) == (Dialect::Cfn, Part::Properties) && it.change != Change::Remove
        };
        for change in self.overrides.iter().filter(is_changed) {
            let top = change.pointer.split('/').nth(1).unwrap_or_default();
            found.retain(|(cfn, _)| cfn.split('.').next() != Some(top));
        }
        found
    }

    /// Returns whether the output has the value of a setter: no file sets it, and no override changes it.
    pub(crate) fn keeps(&self, setter: &str) -> bool {
        let fields = self.resource.kind().map_or(&[][..], |it| it.fields);
        let field = fields.iter().find(|it| it.name == setter);
        self.origin.is_none() && !field.is_some_and(|it| self.is_overridden(it.cfn, it.tf))
    }

    /// Returns whether an override changes a property, or the argument of Terraform.
    pub(crate) fn is_overridden(&self, property: &str, argument: &str) -> bool {
        let is_own = |it: &Override| {
            let name = it.dialect.pick(property, argument).split('.').next();
            it.part == Part::Properties && it.pointer.split('/').nth(1) == name
        };
        self.overrides.iter().any(is_own)
    }

    /// Returns the setter of a property by its last name in CloudFormation, or the name itself.
    pub(crate) fn setter_of<'n>(&self, property: &'n str) -> std::borrow::Cow<'n, str> {
        let all = self.setters();
        let mut all = all.into_iter();
        let is_named = |(cfn, _): &(String, String)| cfn.rsplit('.').next() == Some(property);
        match all.find(is_named) {
            Some((_, setter)) => setter.into(),
            None => property.into(),
        }
    }

    /// Replaces the names of properties in a message by those of the setters.
    pub(crate) fn in_setters(&self, message: &str) -> String {
        let setters = self.setters();
        if setters.is_empty() {
            return message.to_owned();
        }
        let mut out = String::with_capacity(message.len());
        let mut are_values = false;
        let mut before = "";
        for (n, part) in message.split('`').enumerate() {
            if n > 0 {
                out.push('`');
            }
            if n % 2 == 0 {
                before = part;
                out.push_str(part);
                continue;
            }
            // A value can have the name of a property.
            let starts = ["to ", "is ", "one of "]
                .iter()
                .any(|it| before.ends_with(it));
            let continues = are_values && [", ", " or ", " and "].contains(&before);
            are_values = starts || continues;
            let setter = setters.iter().find(|(cfn, _)| !are_values && cfn == part);
            out.push_str(setter.map_or(part, |(_, setter)| setter));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use crate::App;
    use crate::resource::{Change, KmsKey, Override};
    use serde_json::json;

    #[test]
    fn a_message_has_the_names_of_setters_and_keeps_values() {
        let mut app = App::new();
        let key = app.stack("Access").add("Key", KmsKey::new());
        let node = |app: &App| app.graph().node(key.node()).unwrap().clone();
        for (message, wanted) in [
            (
                "`Access/Key` sets `KeySpec` to `KeySpec`",
                "`Access/Key` sets `key_spec` to `KeySpec`",
            ),
            (
                "`KeySpec` of `A` is `Enabled`",
                "`key_spec` of `A` is `Enabled`",
            ),
            (
                "set `KeySpec` to one of `Enabled`, `Tags`",
                "set `key_spec` to one of `Enabled`, `Tags`",
            ),
            (
                "`A` has no `Enabled`, `KeySpec`",
                "`A` has no `enabled`, `key_spec`",
            ),
            ("no names", "no names"),
        ] {
            assert_eq!(node(&app).in_setters(message), wanted);
        }
        let change = Override::new(crate::ir::Dialect::Cfn, "/KeySpec", Change::Set(json!("x")));
        app.graph_mut()
            .node_mut(key.node())
            .unwrap()
            .overrides
            .push(change);
        assert_eq!(
            node(&app).in_setters("`KeySpec` and `Enabled`"),
            "`KeySpec` and `enabled`"
        );
        assert_eq!(node(&app).setter_of("Description"), "description");
        assert_eq!(node(&app).setter_of("Unknown"), "Unknown");
    }
}
