//! Services with interface endpoints, from one data file.

use std::sync::OnceLock;

use super::{Region, regions};
use crate::tsv;

const TABLE: &str = include_str!("services.tsv");

/// An AWS service with interface endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndpointService {
    /// The token in the endpoint name, such as `ssm` or `ecr.api`.
    pub(crate) token: &'static str,
    /// The endpoint name with `REGION` in it, if it is not `com.amazonaws.REGION.token`.
    pub(crate) name: Option<&'static str>,
    /// The regions where the name starts with the reversed DNS suffix of the partition.
    pub(crate) reversed_in: Vec<&'static Region>,
}

/// Returns the rows of the table, sorted by token. `find` parses single rows, since a run needs few.
fn rows() -> &'static [&'static str] {
    static ROWS: OnceLock<Vec<&'static str>> = OnceLock::new();
    ROWS.get_or_init(|| tsv::rows(TABLE).collect())
}

impl EndpointService {
    /// Returns the tokens of all known services.
    pub(crate) fn tokens() -> impl Iterator<Item = &'static str> {
        rows().iter().map(|row| tsv::key(row))
    }

    /// Returns the service with this token, if it is known.
    pub(crate) fn find(token: &str) -> Option<EndpointService> {
        let at = rows()
            .binary_search_by(|row| tsv::key(row).cmp(token))
            .ok()?;
        let mut columns = tsv::columns(rows()[at]);
        Some(EndpointService {
            token: columns.next()?,
            name: columns.next().filter(|name| *name != "-"),
            reversed_in: columns
                .next()?
                .split(' ')
                .filter_map(Region::find)
                .collect(),
        })
    }

    /// Returns the service of whose token a text is a typo: one letter differs. Another letter of a short
    /// name makes another name, such as `sns` and `sqs`.
    pub(crate) fn misspelled(token: &str) -> Option<&'static str> {
        let start = |token: &str| token.find(['-', '.']).unwrap_or(token.len());
        let own = start(token);
        let is_typo = |known: &&str| {
            let of = start(known);
            let is_long = of > 4 || of > 2 && own > of;
            let is_clear = known[..of] == token[..own] || is_long;
            is_clear && strsim::levenshtein(known, token) == 1
        };
        // The service of a customer has an ID.
        let is_known = token.starts_with("vpce-svc-") || Self::find(token).is_some();
        Self::tokens().find(|it| !is_known && is_typo(it))
    }

    /// Returns the parts of the endpoint name before and after the region. The second part is empty
    /// if the name does not contain the region.
    pub(crate) fn affixes(&self, region: Option<&'static Region>) -> (String, Option<String>) {
        let reversed = region.filter(|region| self.reversed_in.contains(region));
        match (self.name, reversed) {
            (Some(name), _) => match name.split_once("REGION") {
                Some((before, behind)) => (before.to_owned(), Some(behind.to_owned())),
                None => (name.to_owned(), None),
            },
            (None, Some(region)) => {
                let china = region.partition == "aws-cn" && self.token == "transcribe";
                let suffix = if china { ".cn" } else { "" };
                (
                    format!("{}.", region.reverse_dns_suffix()),
                    Some(format!(".{}{suffix}", self.token)),
                )
            }
            (None, None) => (
                "com.amazonaws.".to_owned(),
                Some(format!(".{}", self.token)),
            ),
        }
    }

    /// Returns the regions where the endpoint has another name, grouped by partition.
    pub(crate) fn reversed_by_partition(&self) -> Vec<Vec<&'static Region>> {
        let mut groups: Vec<Vec<&'static Region>> = Vec::new();
        for region in &self.reversed_in {
            let same = |group: &&mut Vec<&Region>| group[0].partition == region.partition;
            match groups.iter_mut().find(same) {
                Some(group) => group.push(region),
                None => groups.push(vec![region]),
            }
        }
        groups
    }
}

/// Splits a full endpoint service name into region and token.
pub(crate) fn split_name(name: &str) -> Option<(&'static Region, &str)> {
    regions().iter().find_map(|region| {
        let (before, behind) = name.split_once(region.name)?;
        let token = behind.strip_prefix('.')?;
        (before.ends_with('.') && !token.is_empty()).then_some((region, token))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_valid_and_found() {
        let mut count = 0;
        for row in tsv::rows(TABLE) {
            let columns: Vec<&str> = tsv::columns(row).collect();
            let service = EndpointService::find(columns[0]).unwrap();
            let regions: Vec<&str> = service.reversed_in.iter().map(|it| it.name).collect();
            let expected = if columns[2] == "-" { "" } else { columns[2] };
            assert_eq!(regions.join(" "), expected, "{row}");
            count += 1;
        }
        assert_eq!(count, EndpointService::tokens().count());
        assert!(count > 300);
    }

    #[test]
    fn a_typo_is_one_letter_of_a_long_name_or_one_more() {
        for (token, known) in [
            ("ssmm", Some("ssm")),
            ("kmss", Some("kms")),
            ("ecr.apii", Some("ecr.api")),
            ("monitorng", Some("monitoring")),
            ("ssm", None),
            ("sxs", None),
            ("kmx-fips", None),
            ("opened-next-year", None),
            ("vpce-svc-0a1b2c3d", None),
        ] {
            assert_eq!(EndpointService::misspelled(token), known, "{token}");
        }
    }

    #[test]
    fn services_of_the_agent_have_the_same_name_in_all_regions() {
        for token in ["ssm", "ssmmessages", "ec2messages", "kms", "logs"] {
            let service = EndpointService::find(token).unwrap();
            assert_eq!(service.name, None);
            assert!(service.reversed_in.is_empty(), "{token}");
        }
    }

    #[test]
    fn other_partitions_have_separate_names() {
        for (token, region, name) in [
            ("ec2", "us-gov-west-1", "com.amazonaws.us-gov-west-1.ec2"),
            (
                "monitoring",
                "cn-north-1",
                "cn.com.amazonaws.cn-north-1.monitoring",
            ),
            (
                "transcribe",
                "cn-north-1",
                "cn.com.amazonaws.cn-north-1.transcribe.cn",
            ),
            (
                "transcribe",
                "us-iso-east-1",
                "gov.ic.c2s.us-iso-east-1.transcribe",
            ),
            ("polly", "cn-north-1", "com.amazonaws.cn-north-1.polly"),
            (
                "polly",
                "cn-northwest-1",
                "cn.com.amazonaws.cn-northwest-1.polly",
            ),
            ("sqs", "us-isob-east-1", "gov.sgov.sc2s.us-isob-east-1.sqs"),
            (
                "ebs",
                "us-isof-south-1",
                "gov.ic.hci.csp.us-isof-south-1.ebs",
            ),
            ("ebs", "eu-isoe-west-1", "uk.adc-e.cloud.eu-isoe-west-1.ebs"),
            (
                "ecr.api",
                "eusc-de-east-1",
                "eu.amazonaws.eusc-de-east-1.ecr.api",
            ),
            ("kms", "eusc-de-east-1", "com.amazonaws.eusc-de-east-1.kms"),
            ("studio", "eu-west-1", "aws.sagemaker.eu-west-1.studio"),
            ("iam", "us-east-1", "com.amazonaws.iam"),
        ] {
            let found = Region::find(region);
            let (before, behind) = EndpointService::find(token).unwrap().affixes(found);
            let built = match behind {
                Some(behind) => format!("{before}{region}{behind}"),
                None => before,
            };
            assert_eq!(built, name);
        }
    }

    #[test]
    fn a_full_name_is_split_at_its_region() {
        let split = |name| split_name(name).map(|(region, token)| (region.name, token));
        assert_eq!(
            split("com.amazonaws.eu-central-1.ecr.api"),
            Some(("eu-central-1", "ecr.api"))
        );
        assert_eq!(
            split("com.amazonaws.vpce.eu-west-1.vpce-svc-1"),
            Some(("eu-west-1", "vpce-svc-1"))
        );
        for none in [
            "ecr.api",
            "com.amazonaws.iam",
            "eu-central-1.kms",
            "com.amazonaws.eu-central-1.",
        ] {
            assert_eq!(split(none), None, "{none}");
        }
    }
}
