//! Nested blocks of Terraform in raw resources.

use std::borrow::Cow;

use super::schema::{Form, Names};
use super::{Map, RawValue, Schema};
use crate::ir::Dialect;

/// A nested block in Terraform, with arguments and blocks inside it.
///
/// ```
/// use ssm_synth::{App, resource::{RawBlock, RawResource}};
/// let allow = |port: i32| RawBlock::new()
///     .argument("from_port", port)
///     .argument("to_port", port)
///     .argument("protocol", "tcp")
///     .argument("cidr_blocks", vec!["10.0.0.0/8"]);
/// let group = RawResource::new()
///     .tf("aws_default_security_group")
///     .block("ingress", allow(80))
///     .block("ingress", allow(443));
/// let mut app = App::new();
/// app.stack("Access").add("Group", group);
/// assert!(app.validate().is_ok());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct RawBlock(Map<'static>);

impl RawBlock {
    /// Creates an empty block.
    pub fn new() -> RawBlock {
        RawBlock::default()
    }

    /// Sets an argument. Text is literal, and a handle becomes a reference. The last value of a name remains.
    pub fn argument(
        mut self,
        name: impl Into<String>,
        value: impl Into<RawValue<'static>>,
    ) -> RawBlock {
        let name = name.into();
        if let Err(value) = self.0.set_argument(&name, value.into()) {
            // Validation reports the name that is twice in the block.
            self.0.insert(name, value);
        }
        self
    }

    /// Adds a nested block, after those of the same name.
    pub fn block(mut self, name: impl Into<String>, block: impl Into<RawBlock>) -> RawBlock {
        let name = name.into();
        if let Err(block) = self.0.add_block(&name, block.into()) {
            self.0.insert(name, RawValue::Block(block.0));
        }
        self
    }
}

impl<K: Into<String>, const N: usize> From<[(K, RawValue<'static>); N]> for RawBlock {
    fn from(arguments: [(K, RawValue<'static>); N]) -> RawBlock {
        let arguments = arguments.into_iter();
        RawBlock(arguments.map(|(key, it)| (key.into().into(), it)).collect())
    }
}

#[diagnostic::do_not_recommend]
impl From<RawBlock> for RawValue<'static> {
    fn from(block: RawBlock) -> Self {
        RawValue::Block(block.0)
    }
}

impl Map<'static> {
    /// Sets an argument, or returns its value if the name is a block.
    pub(super) fn set_argument(
        &mut self,
        name: &str,
        value: RawValue<'static>,
    ) -> Result<(), RawValue<'static>> {
        let is_block = self.get(name).is_some_and(RawValue::is_block);
        if is_block && !value.is_block() {
            return Err(value);
        }
        self.set(name.to_owned(), value);
        Ok(())
    }

    /// Adds a block after those of the same name, or returns it if the name is an argument.
    pub(super) fn add_block(&mut self, name: &str, block: RawBlock) -> Result<(), RawBlock> {
        match self.get_mut(name) {
            Some(other) if !other.is_block() => return Err(block),
            Some(RawValue::List(blocks)) => blocks.push(block.into()),
            Some(first) => {
                let first = std::mem::replace(first, RawValue::Bool(false));
                self.set(name.to_owned(), RawValue::List(vec![first, block.into()]));
            }
            None => self.insert(name.to_owned(), block.into()),
        }
        Ok(())
    }
}

impl Map<'_> {
    /// Replaces the blocks that are the objects of an attribute. In Terraform JSON, each object has all keys.
    ///
    /// <https://developer.hashicorp.com/terraform/language/attr-as-blocks>
    pub(crate) fn complete_objects(&mut self, type_name: &str) {
        if let Some(schema) = Schema::of(type_name, Dialect::Tf) {
            complete(self, schema.names());
        }
    }
}

fn complete(map: &mut Map<'_>, names: Names) {
    for (key, value) in map.iter_mut() {
        let form = names.get(key).map(|it| it.form);
        let Some(names) = form.filter(|it| it.is_list()).and_then(Form::names) else {
            continue;
        };
        if !value.is_block() {
            continue;
        }
        let blocks = match std::mem::replace(value, RawValue::Bool(false)) {
            RawValue::List(items) => items,
            one => vec![one],
        };
        let mut objects = Vec::new();
        for block in blocks {
            let RawValue::Block(mut map) = block else {
                continue;
            };
            complete(&mut map, names);
            for it in names.iter() {
                if map.get(it.name).is_none() {
                    map.insert(it.name, RawValue::Raw(Cow::Owned(serde_json::Value::Null)));
                }
            }
            objects.push(RawValue::Object(map));
        }
        *value = RawValue::List(objects);
    }
}
