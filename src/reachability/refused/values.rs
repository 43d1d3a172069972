//! Values of one resource that AWS refuses, as the table of its type has them.

use super::{Refusal, is_in_stack};
use crate::reachability::graph_index::GraphIndex;
use crate::reachability::image::{self, Image, classify};
use crate::reachability::instance::{self, InstanceConfig};
use crate::reachability::setting::Setting;
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::resource::{Certain, InvalidValue, Node};

pub(super) fn invalid<'g>(index: &GraphIndex<'g>) -> Vec<Refusal> {
    let mut configs: Option<Vec<InstanceConfig<'g>>> = None;
    let mut found = Vec::new();
    for stack in &index.stacks {
        for (id, node) in index.graph.nodes_of(stack) {
            for value in values(node) {
                let images = || {
                    let all = configs.get_or_insert_with(|| instance::all(index));
                    let ours = all.iter().filter(|it| it.sources.contains(&id));
                    ours.map(|it| image_of(index, it)).collect()
                };
                let certain = is_in_stack(node).and(certain(value, images));
                let verb = match certain {
                    Ternary::Yes => "refuses",
                    _ => "can refuse",
                };
                let reason = format!(
                    "{} {verb} `{}` (`{}`): {}",
                    value.by,
                    index.name(id),
                    value.error,
                    value.reason
                );
                let refusal = Refusal::new(Hop::Agent, (id, ""), certain, reason);
                found.extend(refusal.map(|it| it.fix(Fix::manual(value.fix.clone()))));
            }
        }
    }
    found
}

/// Returns the invalid values of a resource that the deployment creates. A plan also shows the values
/// that AWS set for an existing one.
fn values(node: &Node) -> impl Iterator<Item = &InvalidValue> {
    let origin = node.origin.as_ref().filter(|it| !it.is_existing);
    origin.into_iter().flat_map(|it| &it.invalid)
}

fn image_of(index: &GraphIndex<'_>, config: &InstanceConfig<'_>) -> Option<String> {
    match &config.image {
        Setting::Known(_, _, link) => match classify(index, link) {
            Image::WithAgent(name) | Image::WithoutAgent(name) => Some(name),
            Image::Opaque(_) => None,
        },
        _ => None,
    }
}

fn certain(value: &InvalidValue, images: impl FnOnce() -> Vec<Option<String>>) -> Ternary {
    let root = |name: &Option<String>| image::root_volume(name.as_ref()?).map(|it| it.0);
    match &value.certain {
        Certain::Yes => Ternary::Yes,
        Certain::UnlessInImage => {
            let is_known = |it: &Option<String>| match root(it) {
                Some(_) => Ternary::Yes,
                None => Ternary::Unknown,
            };
            Ternary::unanimous(images().iter().map(is_known))
        }
        Certain::IfRootOfImage(device) => {
            let is_root = |it: &Option<String>| match root(it) {
                Some(root) => (root == device.as_ref()).into(),
                None => Ternary::Unknown,
            };
            Ternary::unanimous(images().iter().map(is_root))
        }
    }
}
