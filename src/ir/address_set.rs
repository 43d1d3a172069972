//! Sets of IPv4 addresses.

use std::net::Ipv4Addr;

use super::Cidr;

/// A set of IPv4 addresses: sorted ranges that neither overlap nor touch.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct AddressSet(Vec<(u32, u32)>);

impl AddressSet {
    /// The ranges that the internet does not route, beyond those of [`Cidr::is_private`].
    /// <https://www.iana.org/assignments/iana-ipv4-special-registry>
    const SPECIAL: [Cidr; 8] = [
        Cidr::v4([0, 0, 0, 0], 8),
        Cidr::v4([192, 0, 0, 0], 24),
        Cidr::v4([192, 0, 2, 0], 24),
        Cidr::v4([198, 18, 0, 0], 15),
        Cidr::v4([198, 51, 100, 0], 24),
        Cidr::v4([203, 0, 113, 0], 24),
        Cidr::v4([224, 0, 0, 0], 4),
        Cidr::v4([240, 0, 0, 0], 4),
    ];

    pub(crate) fn all() -> AddressSet {
        Cidr::ANY.into()
    }

    /// Returns the addresses that the internet routes.
    pub(crate) fn public() -> AddressSet {
        let special = Cidr::PRIVATE.into_iter().chain(Self::SPECIAL);
        AddressSet::all().without(&special.collect())
    }

    /// Returns the addresses that AWS assigns in a subnet: all but the first four and the last.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html>
    pub(crate) fn of_subnet(cidr: Cidr) -> AddressSet {
        let (first, last) = cidr.bounds();
        AddressSet::from_ranges(vec![(first.saturating_add(4), last.saturating_sub(1))])
    }

    fn from_ranges(mut ranges: Vec<(u32, u32)>) -> AddressSet {
        ranges.retain(|(first, last)| first <= last);
        ranges.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match joined.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
                _ => joined.push((first, last)),
            }
        }
        AddressSet(joined)
    }

    /// Returns the lowest address.
    pub(crate) fn first(&self) -> Option<Ipv4Addr> {
        self.0.first().map(|(first, _)| Ipv4Addr::from(*first))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of addresses.
    pub(crate) fn len(&self) -> u64 {
        let size = |&(first, last): &(u32, u32)| u64::from(last - first) + 1;
        self.0.iter().map(size).sum()
    }

    pub(crate) fn union(&self, other: &AddressSet) -> AddressSet {
        AddressSet::from_ranges([self.0.as_slice(), other.0.as_slice()].concat())
    }

    pub(crate) fn intersection(&self, other: &AddressSet) -> AddressSet {
        let mut common = Vec::new();
        for &(first, last) in &self.0 {
            for &(start, end) in &other.0 {
                common.push((first.max(start), last.min(end)));
            }
        }
        AddressSet::from_ranges(common)
    }

    pub(crate) fn without(&self, other: &AddressSet) -> AddressSet {
        let mut left = Vec::new();
        for &(first, last) in &self.0 {
            let mut next = Some(first);
            for &(start, end) in other.0.iter().filter(|it| it.0 <= last && it.1 >= first) {
                if let Some(from) = next
                    && from < start
                {
                    left.push((from, start - 1));
                }
                next = end.checked_add(1);
            }
            left.extend(next.filter(|from| *from <= last).map(|from| (from, last)));
        }
        AddressSet::from_ranges(left)
    }

    /// Returns whether this set contains `other`.
    pub(crate) fn contains(&self, other: &AddressSet) -> bool {
        other.without(self).is_empty()
    }
}

impl From<Cidr> for AddressSet {
    fn from(cidr: Cidr) -> Self {
        AddressSet(vec![cidr.bounds()])
    }
}

impl FromIterator<Cidr> for AddressSet {
    fn from_iter<I: IntoIterator<Item = Cidr>>(cidrs: I) -> Self {
        AddressSet::from_ranges(cidrs.into_iter().map(Cidr::bounds).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(cidrs: &[&str]) -> AddressSet {
        cidrs.iter().map(|it| it.parse::<Cidr>().unwrap()).collect()
    }

    #[test]
    fn pieces_join_and_parts_are_removed() {
        assert_eq!(set(&["128.0.0.0/1", "0.0.0.0/1"]), AddressSet::all());
        assert_eq!(AddressSet::all().len(), 1 << 32);
        let half = AddressSet::all().without(&set(&["0.0.0.0/1"]));
        assert_eq!(half, set(&["128.0.0.0/1"]));
        let ends = AddressSet::all().without(&set(&["0.0.0.0/8", "255.0.0.0/8"]));
        assert_eq!(ends.len(), (1 << 32) - (1 << 25));
        let hole = set(&["10.0.0.0/8"]).without(&set(&["10.1.0.0/16", "10.3.0.0/16"]));
        assert!(!hole.contains(&set(&["10.3.7.0/24"])) && hole.contains(&set(&["10.2.0.0/16"])));
        assert!(AddressSet::all().without(&AddressSet::all()).is_empty());
        let common = set(&["10.0.0.0/8"]).intersection(&set(&["10.9.0.0/16", "11.0.0.0/8"]));
        assert_eq!(common, set(&["10.9.0.0/16"]));
    }

    #[test]
    fn no_private_or_reserved_range_is_public() {
        let public = AddressSet::public();
        for cidr in [
            "10.128.0.0/9",
            "100.64.0.0/10",
            "203.0.113.0/24",
            "240.0.0.0/4",
        ] {
            assert!(public.intersection(&set(&[cidr])).is_empty(), "{cidr}");
        }
        assert!(public.contains(&set(&["3.5.0.0/16", "52.94.0.0/16"])));
    }

    #[test]
    fn a_subnet_reserves_five_addresses() {
        let subnet = AddressSet::of_subnet("10.0.1.0/24".parse().unwrap());
        assert_eq!(subnet.len(), 251);
        assert!(!subnet.contains(&set(&["10.0.1.3/32"])));
        assert!(subnet.contains(&set(&["10.0.1.4/32", "10.0.1.254/32"])));
        let odd = AddressSet::of_subnet("10.0.1.7/32".parse().unwrap());
        assert!(odd.is_empty());
    }
}
