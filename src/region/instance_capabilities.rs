//! What EC2 instance types support, from one data file.

use crate::tsv;

const TABLE: &str = include_str!("instance_capabilities.tsv");

/// What an instance type supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Capabilities {
    words: &'static str,
    /// The most network interfaces.
    pub(crate) interfaces: usize,
    /// The most IPv4 addresses of a network interface.
    pub(crate) addresses: usize,
}

impl Capabilities {
    /// Returns what an instance type supports, if the table has the type.
    pub(crate) fn of(instance_type: &str) -> Option<Capabilities> {
        tsv::rows(TABLE).find_map(|row| {
            let mut columns = tsv::columns(row);
            let words = columns.next()?;
            let (interfaces, addresses) = (columns.next()?, columns.next()?);
            let mut types = columns.next()?.split(' ');
            types.any(|it| it == instance_type).then_some(())?;
            Some(Capabilities {
                words,
                interfaces: interfaces.parse().ok()?,
                addresses: addresses.parse().ok()?,
            })
        })
    }

    /// Returns whether the type supports an option of the table, such as `hibernation`.
    pub(crate) fn supports(&self, option: &str) -> bool {
        self.words.split(' ').any(|it| it == option)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_differ_in_their_options() {
        let of = |name| Capabilities::of(name).unwrap();
        assert!(of("t3.micro").supports("burstable") && !of("m5.large").supports("burstable"));
        assert!(of("m5.xlarge").supports("enclaves") && !of("t3.xlarge").supports("enclaves"));
        assert!(!of("t2.micro").supports("ebs-optimized"));
        assert_eq!(
            (of("t3.micro").interfaces, of("t3.micro").addresses),
            (2, 2)
        );
        assert_eq!(Capabilities::of("t3.micr"), None);
        for row in tsv::rows(TABLE) {
            let name = tsv::columns(row).nth(3).and_then(|it| it.split(' ').next());
            assert!(name.and_then(Capabilities::of).is_some(), "{row}");
        }
    }
}
