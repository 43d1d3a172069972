//! Tests that both languages can read every resource type back.

use std::collections::BTreeSet;

use super::KINDS;
use super::codec::{Prop, UnmodeledNotes};
use crate::ir::{Dialect, Expr, Pseudo, Text, Value};

/// A source of random property values with a seed.
pub(crate) struct Sampler {
    /// The language that must support the values.
    pub(crate) dialect: Dialect,
    state: u64,
}

impl Sampler {
    fn new(dialect: Dialect, seed: u64) -> Sampler {
        // The golden ratio spreads small seeds over all bits.
        let state = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Sampler { dialect, state }
    }

    /// Returns 32 bits of xorshift64*.
    pub(crate) fn number(&mut self) -> u32 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        (self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32
    }

    pub(crate) fn one_in(&mut self, n: u32) -> bool {
        self.number().is_multiple_of(n)
    }

    /// Returns 0, 1 or 2.
    pub(crate) fn length(&mut self) -> usize {
        (self.number() % 3) as usize
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.number() as usize % from.len()].clone()
    }

    /// Returns text, sometimes with syntax of a language in it.
    pub(crate) fn text(&mut self) -> String {
        let number = self.number() % 1000;
        let pattern = self.pick(&["t", "${x}", "%{ if }", "{{resolve:ssm:x}}", "\"q\" "]);
        format!("{pattern}{number}")
    }

    pub(crate) fn expression(&mut self) -> Expr {
        let region = Expr::Pseudo(Pseudo::Region);
        let joined = Expr::concat([Expr::text(self.text()), region.clone()]);
        self.pick(&[region, joined, Expr::Zone(1)])
    }

    /// Returns up to 2 values.
    pub(crate) fn list<T>(&mut self, sample: impl Fn(&mut Self) -> T) -> Vec<T> {
        (0..self.length()).map(|_| sample(self)).collect()
    }

    /// Returns up to 2 values with different names.
    pub(crate) fn entries(&mut self) -> Vec<(Text, Value<Text>)> {
        (0..self.length())
            .map(|n| (format!("k{n}").into(), Value::sample(self)))
            .collect()
    }

    fn expresses(&self, (cfn, tf): (&str, &str)) -> bool {
        !self.dialect.pick(cfn, tf).is_empty()
    }

    /// Returns a value in most cases, if the language has the property.
    pub(crate) fn optional<T>(
        &mut self,
        names: (&str, &str),
        sample: impl Fn(&mut Self) -> T,
    ) -> Option<T> {
        (self.expresses(names) && !self.one_in(4)).then(|| sample(self))
    }

    /// Returns up to 2 values, if the language has the property.
    pub(crate) fn several<T>(
        &mut self,
        names: (&str, &str),
        sample: impl Fn(&mut Self) -> T,
    ) -> Vec<T> {
        if self.expresses(names) {
            self.list(sample)
        } else {
            Vec::new()
        }
    }
}

#[test]
fn every_type_is_read_back_as_it_was_written() {
    for kind in KINDS {
        for dialect in [Dialect::Cfn, Dialect::Tf] {
            if dialect.pick(kind.cfn, kind.tf).is_empty() {
                continue;
            }
            let mut written = BTreeSet::new();
            for seed in 0..64 {
                let case = format!("{} in {dialect:?}, seed {seed}", kind.name);
                let resource = (kind.sample)(&mut Sampler::new(dialect, seed));
                let map = resource.put(dialect);
                for field in kind.fields {
                    let mut map = map.clone();
                    if map.remove_path(dialect.pick(field.cfn, field.tf)).is_some() {
                        written.insert(field.name);
                    }
                }

                let mut rest = map.clone();
                let read = (kind.take)(&mut rest, dialect);
                assert_eq!(read.as_ref(), Ok(&resource), "{case}: {map:?}");
                assert!(rest.is_empty(), "{case} does not read {rest:?}");

                let mut rest = map.clone();
                let mut notes = Vec::new();
                let field = String::new();
                let mut unmodeled = UnmodeledNotes {
                    notes: &mut notes,
                    field,
                };
                let lifted = (kind.lift)(&mut rest, dialect, &mut unmodeled);
                assert_eq!(lifted, resource, "{case}: {map:?}");
                assert!(
                    rest.is_empty() && notes.is_empty(),
                    "{case} does not read {rest:?}, {notes:?}"
                );
            }
            let known = kind
                .fields
                .iter()
                .filter(|field| !dialect.pick(field.cfn, field.tf).is_empty());
            let known: BTreeSet<_> = known.map(|field| field.name).collect();
            assert_eq!(
                written, known,
                "{} in {dialect:?}: no seed writes the field",
                kind.name
            );
        }
    }
}
