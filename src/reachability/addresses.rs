//! The addresses of the ends of a connection, and the part of them that rules cover.

use std::sync::LazyLock;

use super::graph_index::{GraphIndex, Resolved};
use super::ternary::Ternary;
use crate::ir::{AddressSet, Cidr, Expr, Text, Value};
use crate::resource::{Subnet, VpcCidrBlock};

/// The addresses that the internet routes.
pub(crate) static PUBLIC: LazyLock<AddressSet> = LazyLock::new(AddressSet::public);

/// Returns the fixed address that a property sets.
pub(crate) fn fixed(value: Option<&Value<Text>>) -> Option<Cidr> {
    let text = match value? {
        Value::Lit(text) | Value::Expr(Expr::Text(text)) => text,
        Value::Expr(_) => return None,
    };
    format!("{text}/32").parse().ok()
}

/// Returns the addresses that an interface in a subnet can have, if the file shows them.
pub(crate) fn of_interface<'g>(
    index: &GraphIndex<'g>,
    subnet: &Resolved<'g, Subnet>,
    fixed: Option<Cidr>,
) -> Option<AddressSet> {
    if let Some(address) = fixed {
        return Some(address.into());
    }
    let Resolved::Node(_, subnet) = subnet else {
        return None;
    };
    if let Some(cidr) = index.cidr(&subnet.cidr_block) {
        return Some(AddressSet::of_subnet(cidr));
    }
    let vpc = index.resolve_one(&subnet.vpc);
    let Resolved::Node(_, it) = &vpc else {
        return None;
    };
    let secondary = index
        .all::<VpcCidrBlock>()
        .filter(|(_, _, more)| !index.resolve_one(&more.vpc).same(&vpc).is_no())
        .filter_map(|(_, _, more)| more.cidr_block.as_ref());
    let ranges = std::iter::once(&it.cidr_block).chain(secondary);
    ranges.map(|range| index.cidr(range)).collect()
}

/// The addresses that a set of rules covers.
#[derive(Default)]
pub(crate) struct Coverage {
    certain: Vec<Cidr>,
    possible: Vec<Cidr>,
}

impl Coverage {
    /// Adds the range of a rule that applies or can apply.
    pub(crate) fn add(&mut self, range: Cidr, applies: Ternary) {
        match applies {
            Ternary::Yes => self.certain.push(range),
            Ternary::Unknown => self.possible.push(range),
            Ternary::No => {}
        }
    }

    /// Returns whether the rules cover one of the addresses, whichever it is. The peer has at least
    /// `min` of them: rules for fewer cannot cover it.
    pub(crate) fn covers(self, addresses: &AddressSet, min: u64) -> Ternary {
        let certain: AddressSet = self.certain.into_iter().collect();
        if certain.contains(addresses) {
            return Ternary::Yes;
        }
        let possible = certain.union(&self.possible.into_iter().collect());
        if possible.intersection(addresses).len() >= min {
            Ternary::Unknown
        } else {
            Ternary::No
        }
    }
}
