//! Regions that the data lacks: AWS opened them after this version.

use std::sync::Mutex;

use super::{Region, regions};

/// The starts of the names of Regions, by partition. A word and a number follow, each after a hyphen.
///
/// By these patterns, the SDKs of AWS resolve the endpoints of Regions that they do not list. Source:
/// `partitions.json` of botocore 1.43.
pub(crate) const PATTERNS: [(&str, &[&str]); 8] = [
    (
        "aws",
        &["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"],
    ),
    ("aws-cn", &["cn"]),
    ("aws-eusc", &["eusc-de"]),
    ("aws-iso", &["us-iso"]),
    ("aws-iso-b", &["us-isob"]),
    ("aws-iso-e", &["eu-isoe"]),
    ("aws-iso-f", &["us-isof"]),
    ("aws-us-gov", &["us-gov"]),
];

/// The length of the longest name that is not a mistake.
const MAX: usize = 40;

/// The points of the compass in the names of Regions.
const POINTS: [&str; 9] = [
    "central",
    "east",
    "north",
    "northeast",
    "northwest",
    "south",
    "southeast",
    "southwest",
    "west",
];

/// Returns whether a word is a typo of a point of the compass, so that no Region has the name.
fn is_misspelled(word: &str) -> bool {
    let is_near = |it: &str| strsim::levenshtein(word, it) <= 1 + it.len() / 3;
    !POINTS.contains(&word) && POINTS.into_iter().any(is_near)
}

/// Returns the partition of a name that a Region can have.
fn partition(name: &str) -> Option<&'static str> {
    let (rest, number) = name.rsplit_once('-')?;
    let (start, word) = rest.rsplit_once('-')?;
    let is_word = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit();
    let fits = name.len() <= MAX
        && !number.is_empty()
        && number.bytes().all(|it| it.is_ascii_digit())
        && !word.is_empty()
        && word.bytes().all(is_word)
        && !is_misspelled(word);
    let mut found = PATTERNS
        .iter()
        .filter(|(_, starts)| starts.contains(&start));
    found
        .next()
        .filter(|_| fits)
        .map(|(partition, _)| *partition)
}

/// Returns the Region with a name that a Region can have.
pub(super) fn find(name: &str) -> Option<&'static Region> {
    static FOUND: Mutex<Vec<&'static Region>> = Mutex::new(Vec::new());
    let partition = partition(name)?;
    let of_partition = regions().iter().find(|it| it.partition == partition)?;
    let mut found = match FOUND.lock() {
        Ok(found) => found,
        // A panic elsewhere leaves a complete list.
        Err(poisoned) => poisoned.into_inner(),
    };
    if let Some(known) = found.iter().find(|it| it.name == name) {
        return Some(known);
    }
    // Each name is kept once, as long as the program runs, like those of the data.
    let region: &'static Region = Box::leak(Box::new(Region {
        name: Box::leak(name.to_owned().into_boxed_str()),
        partition,
        dns_suffix: of_partition.dns_suffix,
        zones: None,
        ec2messages: false,
        s3_prefix_list: None,
        patch_baseline_suffix: None,
        patch_manager_suffix: None,
    }));
    found.push(region);
    Some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_listed_region_fits_the_pattern_of_its_partition() {
        for region in regions() {
            assert_eq!(
                partition(region.name),
                Some(region.partition),
                "{}",
                region.name
            );
        }
    }

    #[test]
    fn a_name_decides_the_partition() {
        for (name, expected) in [
            ("mx-north-7", Some("aws")),
            ("us-gov-south-1", Some("aws-us-gov")),
            ("eusc-de-west-1", Some("aws-eusc")),
            ("cn-east-1", Some("aws-cn")),
            ("eu-northwest-1", Some("aws")),
            ("sa-west-1", Some("aws")),
            ("eu-centrl-1", None),
            ("eu-cental-1", None),
            ("ap-southeat-2", None),
            ("us-eats-1", None),
            ("us-wset-2", None),
            ("eu-central", None),
            ("eu-central-", None),
            ("eu--1", None),
            ("xx-central-1", None),
            ("us-gov-1", Some("aws")),
            ("eu-central-1a", None),
            ("EU-CENTRAL-1", None),
            ("frankfurt", None),
            ("", None),
        ] {
            assert_eq!(partition(name), expected, "{name}");
        }
        let region = find("cn-east-1").unwrap();
        assert_eq!(region.dns_suffix, "amazonaws.com.cn");
        assert!(!region.is_listed() && std::ptr::eq(region, find("cn-east-1").unwrap()));
    }
}
