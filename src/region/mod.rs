//! AWS regions and their properties, from one data file.

mod instance_capabilities;
mod instance_types;
mod service;
mod unlisted;

pub(crate) use instance_capabilities::Capabilities;
pub(crate) use instance_types::{Offer, instance_types, offer};
pub(crate) use service::{EndpointService, split_name};
#[cfg(feature = "config")]
pub(crate) use unlisted::PATTERNS;

use std::sync::OnceLock;

use crate::tsv;

const TABLE: &str = include_str!("regions.tsv");

/// An AWS region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Region {
    /// The name, such as `eu-central-1`.
    pub name: &'static str,
    /// The partition of ARNs in the region.
    pub partition: &'static str,
    /// The DNS suffix of services in the region.
    pub dns_suffix: &'static str,
    /// The number of Availability Zones, if known.
    pub zones: Option<u32>,
    /// Whether the region has the `ec2messages` service. Regions since 2024 do not.
    /// <https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-setting-up-messageAPIs.html>
    pub ec2messages: bool,
    /// The ID of the AWS-managed prefix list of S3, where public templates agree on it.
    pub s3_prefix_list: Option<&'static str>,
    /// The suffix of the AWS bucket `patch-baseline-snapshot-REGION`, if it has one.
    pub patch_baseline_suffix: Option<&'static str>,
    /// The suffix of the AWS bucket `aws-patch-manager-REGION`, if known.
    pub patch_manager_suffix: Option<&'static str>,
}

/// Returns all regions, sorted by partition and name.
pub fn regions() -> &'static [Region] {
    static REGIONS: OnceLock<Vec<Region>> = OnceLock::new();
    REGIONS.get_or_init(|| {
        let row = |line: &'static str| {
            let mut columns = tsv::columns(line);
            Some(Region {
                name: columns.next()?,
                partition: columns.next()?,
                dns_suffix: columns.next()?,
                zones: columns.next()?.parse().ok(),
                ec2messages: columns.next()? == "yes",
                s3_prefix_list: columns.next().filter(|id| *id != "-"),
                patch_baseline_suffix: columns.next().filter(|suffix| *suffix != "-"),
                patch_manager_suffix: columns.next().filter(|suffix| *suffix != "-"),
            })
        };
        tsv::rows(TABLE).filter_map(row).collect()
    })
}

impl AsRef<str> for Region {
    /// The name.
    fn as_ref(&self) -> &str {
        self.name
    }
}

impl Region {
    /// Returns the region of this name.
    ///
    /// ```
    /// use ssm_synth::Region;
    /// assert_eq!(Region::find("cn-north-1").map(|region| region.partition), Some("aws-cn"));
    /// ```
    pub fn find(name: &str) -> Option<&'static Region> {
        regions().iter().find(|region| region.name == name)
    }

    /// Returns the region of this name: a listed one, or one that AWS can have opened after this version.
    pub(crate) fn of(name: &str) -> Option<&'static Region> {
        Region::find(name).or_else(|| unlisted::find(name))
    }

    /// Returns whether the data has the region. Of another one, only the name, the partition and its DNS
    /// suffix are known. A stack in it is that of every region.
    pub fn is_listed(&self) -> bool {
        Region::find(self.name).is_some()
    }

    /// Returns the region of a zone and the rest of the zone's name: `a`, or `-lax-1a`.
    pub(crate) fn of_zone(zone: &str) -> Option<(&'static Region, &str)> {
        Region::of_zone_in(zone, None)
    }

    /// The same, for a stack in a region that can be unlisted.
    pub(crate) fn of_zone_in<'z>(
        zone: &'z str,
        stack: Option<&'static Region>,
    ) -> Option<(&'static Region, &'z str)> {
        let is_zone_suffix = |rest: &str| match rest.strip_prefix('-') {
            Some(rest) => !rest.is_empty() && rest.ends_with(|c: char| c.is_ascii_alphanumeric()),
            None => rest.len() == 1 && rest.starts_with(|c: char| c.is_ascii_lowercase()),
        };
        let of = |region: &'static Region| {
            let rest = zone.strip_prefix(region.name)?;
            is_zone_suffix(rest).then_some((region, rest))
        };
        regions().iter().chain(stack).find_map(of)
    }

    /// Returns the DNS suffix with its parts reversed, such as `com.amazonaws`.
    pub fn reverse_dns_suffix(&self) -> String {
        let parts: Vec<&str> = self.dns_suffix.rsplit('.').collect();
        parts.join(".")
    }

    /// Returns the names of the regions with `ec2messages`. The list is closed: AWS does not add the
    /// service to regions that it opened in 2024 or later.
    pub fn with_ec2messages() -> impl Iterator<Item = &'static str> {
        regions()
            .iter()
            .filter(|region| region.ec2messages)
            .map(|region| region.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_no_invalid_row() {
        assert_eq!(tsv::rows(TABLE).count(), regions().len());
        assert!(regions().len() > 40);
        assert_eq!(regions().len() - Region::with_ec2messages().count(), 6);
        let list = Region::find("us-east-1").and_then(|region| region.s3_prefix_list);
        assert_eq!(list, Some("pl-63a5400a"));
        let suffixed = regions()
            .iter()
            .filter(|it| it.patch_baseline_suffix.is_some());
        assert_eq!(suffixed.count(), 6);
    }
}
