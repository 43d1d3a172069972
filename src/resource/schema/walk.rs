//! A walk over the properties of a resource.

use super::form::is_call;
use super::{Form, Name, Names, Schema, SchemaError, join};
use crate::ir::Dialect;
use crate::resource::{Map, RawValue};

/// Gathers the errors in names, and in the forms of values.
pub(super) struct Walk {
    pub(super) schema: Schema,
    /// Whether the resource has no model.
    pub(super) is_raw: bool,
    pub(super) found: Vec<SchemaError>,
}

impl Walk {
    pub(super) fn map(&mut self, map: &Map<'_>, path: &str, names: Option<Names>) {
        if self.schema.dialect == Dialect::Cfn && map.iter().any(is_call) {
            self.call(map, path);
            return;
        }
        for (key, value) in map.iter() {
            let inside = join(path, key);
            match self.schema.check_with(&inside, self.is_raw) {
                Some(error) => self.found.push(error),
                None => self.value(value, &inside, names.and_then(|it| it.get(key))),
            }
        }
        if map.get("dynamic").is_some() {
            return;
        }
        let required = names.into_iter().flat_map(Names::iter);
        for it in required.filter(|it| it.is_required && map.get(it.name).is_none()) {
            let inside = join(path, it.name);
            let what = match (self.schema.dialect, it.form.is_block()) {
                (Dialect::Cfn, _) => "property",
                (Dialect::Tf, true) => "block",
                (Dialect::Tf, false) => "argument",
            };
            self.found.push(SchemaError {
                message: format!("{what} `{inside}` is required"),
                help: format!("set `{inside}`"),
                is_certain: true,
                path: inside,
            });
        }
    }

    /// Adds the error of a function with keys beside it.
    fn call(&mut self, map: &Map<'_>, path: &str) {
        if map.iter().count() > 1 {
            self.found.push(SchemaError {
                path: path.to_owned(),
                is_certain: true,
                message: format!("`{path}` has a function and other keys"),
                help: "set the function alone".to_owned(),
            });
        }
    }

    pub(super) fn value(&mut self, value: &RawValue<'_>, path: &str, name: Option<Name>) {
        if self.schema.dialect == Dialect::Cfn
            && matches!(value, RawValue::Raw(json) if json.is_null())
        {
            // The template is not valid with it.
            self.found.push(SchemaError {
                path: path.to_owned(),
                is_certain: true,
                message: format!(
                    "`{path}` is null, as is a number that JSON does not have, such as NaN"
                ),
                help: "omit it, or use the pseudo parameter `AWS::NoValue`".to_owned(),
            });
            return;
        }
        if let RawValue::Raw(json) = value
            && !matches!(
                json.as_ref(),
                serde_json::Value::Number(_) | serde_json::Value::Null
            )
        {
            return self.value(&RawValue::from(json.as_ref().clone()), path, name);
        }
        if let Some((message, help)) = name.and_then(|it| it.form.mismatch(path, value)) {
            self.found.push(SchemaError {
                path: path.to_owned(),
                is_certain: true,
                message,
                help,
            });
            return;
        }
        match value {
            RawValue::List(items) => items.iter().for_each(|it| self.inside(it, path, name)),
            value => self.inside(value, path, name),
        }
    }

    fn inside(&mut self, value: &RawValue<'_>, path: &str, name: Option<Name>) {
        if let (RawValue::Object(map), Dialect::Tf) = (value, self.schema.dialect) {
            self.found
                .extend(name.and_then(|it| lacks_keys(path, map, it.form)));
        }
        if let RawValue::Object(inner) | RawValue::Block(inner) = value {
            self.map(inner, path, name.and_then(|it| it.form.names()));
        }
    }
}

/// Returns the error of an object that lacks keys. Terraform requires all keys of the objects of an attribute.
fn lacks_keys(path: &str, map: &Map<'_>, form: Form) -> Option<SchemaError> {
    let names = form.names().filter(|_| !form.is_block())?;
    let lacks = names.iter().filter(|it| map.get(it.name).is_none());
    let lacks: Vec<String> = lacks.map(|it| format!("`{}`", it.name)).collect();
    let help = match form.is_list() {
        true => format!("set them, or `null` for the default, or call `.block(\"{path}\", …)`"),
        false => "set them, or `null` for the default".to_owned(),
    };
    (!lacks.is_empty()).then(|| SchemaError {
        path: path.to_owned(),
        is_certain: true,
        message: format!(
            "an object in `{path}` lacks {}, and requires all of its keys",
            lacks.join(", ")
        ),
        help,
    })
}
