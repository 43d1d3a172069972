//! EC2 instance types and the regions that offer them, from one data file.

use super::Region;
use crate::tsv;

const TABLE: &str = include_str!("instance_types.tsv");

/// The columns of the families of a table: family, sizes and regions.
fn rows() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let columns = |row| {
        let mut columns = tsv::columns(row);
        Some((columns.next()?, columns.next()?, columns.next()?))
    };
    tsv::rows(TABLE).filter_map(columns)
}

fn has(words: &str, word: &str) -> bool {
    words.split(' ').any(|it| it == word)
}

/// Returns whether the offers of a region are known: those of new regions are not.
fn covers(region: &Region) -> bool {
    rows()
        .next()
        .is_some_and(|(.., regions)| has(regions, region.name))
}

fn offers(regions: &str, region: &Region) -> bool {
    match regions.strip_prefix("! ") {
        Some(others) => !has(others, region.name),
        None => has(regions, region.name),
    }
}

/// What is known about an instance type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// The region offers it, or another one if the offers of the region are unknown.
    Offered,
    /// Other regions offer it.
    Elsewhere,
    /// The family exists without this size.
    NoSize,
    /// The family is unknown.
    NoFamily,
}

/// Returns whether a region offers an instance type.
pub(crate) fn offer(instance_type: &str, region: Option<&Region>) -> Offer {
    let (family, size) = instance_type.split_once('.').unwrap_or((instance_type, ""));
    let mut of_family = rows().skip(1).filter(|row| row.0 == family).peekable();
    if of_family.peek().is_none() {
        return Offer::NoFamily;
    }
    let region = region.filter(|it| covers(it));
    match of_family.find(|(_, sizes, _)| has(sizes, size)) {
        None => Offer::NoSize,
        Some((.., regions)) => match region {
            Some(region) if !offers(regions, region) => Offer::Elsewhere,
            _ => Offer::Offered,
        },
    }
}

/// Returns the instance types of a region, or of all regions if its offers are unknown.
pub(crate) fn instance_types(region: Option<&Region>) -> impl Iterator<Item = String> {
    let region = region.filter(|it| covers(it)).copied();
    rows()
        .skip(1)
        .filter(move |(.., regions)| region.is_none_or(|it| offers(regions, &it)))
        .flat_map(|(family, sizes, _)| sizes.split(' ').map(move |it| format!("{family}.{it}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_differ_between_regions() {
        let of = |name: &str, region: &str| offer(name, Region::find(region));
        assert_eq!(of("t2.micro", "us-east-1"), Offer::Offered);
        assert_eq!(of("t2.micro", "af-south-1"), Offer::Elsewhere);
        assert_eq!(of("t2.micro", "cn-north-1"), Offer::Offered);
        assert_eq!(of("t3.micr", "us-east-1"), Offer::NoSize);
        assert_eq!(offer("t33.micro", None), Offer::NoFamily);
        assert_eq!(offer("all.-", None), Offer::NoFamily);
        assert!(instance_types(None).count() > 1200);
    }

    #[test]
    fn the_regions_of_the_table_exist() {
        let regions = |text: &'static str| text.split(' ').filter(|it| *it != "!");
        let mut all = rows().flat_map(|(.., it)| regions(it));
        assert!(all.all(|it| Region::find(it).is_some()));
        assert_eq!(rows().count(), tsv::rows(TABLE).count());
    }
}
