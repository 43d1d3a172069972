//! List prices of AWS from one data file, and exact amounts of money.

use std::fmt;
use std::sync::OnceLock;

use crate::ir::{Word, words};
use crate::region::Region;
use crate::tsv;

/// An amount in US dollars, exact to one millionth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Usd(i64);

const MILLION: i64 = 1_000_000;

/// Millionths in a cent.
const CENT: i64 = 10_000;

impl Usd {
    /// Zero.
    pub const ZERO: Usd = Usd(0);

    /// Parses a decimal number with at most six digits after the point.
    pub fn parse(text: &str) -> Option<Usd> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > 6 {
            return None;
        }
        let whole = whole.parse::<i64>().ok()?.checked_mul(MILLION)?;
        whole
            .checked_add(format!("{part:0<6}").parse::<i64>().ok()?)
            .map(Usd)
    }

    /// Multiplies a price by an amount. Rounds to cents, as AWS rounds each line of an invoice.
    pub(crate) fn of(self, amount: Amount) -> Usd {
        let exact = i128::from(self.0) * i128::from(amount.0);
        let cent = i128::from(CENT) * 1000;
        let cents = (exact + cent / 2) / cent;
        Usd(i64::try_from(cents)
            .unwrap_or(i64::MAX / CENT)
            .saturating_mul(CENT))
    }

    /// Returns the sum.
    #[must_use]
    pub fn plus(self, other: Usd) -> Usd {
        Usd(self.0.saturating_add(other.0))
    }

    /// Returns the difference.
    #[must_use]
    pub fn minus(self, other: Usd) -> Usd {
        Usd(self.0.saturating_sub(other.0))
    }

    /// Converts to a floating-point number.
    #[allow(clippy::cast_precision_loss)] // a stack costs less than thousands of millions
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

/// Formats with at least two digits after the point.
impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) = (
            self.0.unsigned_abs() / 1_000_000,
            self.0.unsigned_abs() % 1_000_000,
        );
        let part = format!("{part:06}");
        let (cents, rest) = part.split_at(2);
        let rest = rest.trim_end_matches('0');
        f.pad(&format!("{sign}{whole}.{cents}{rest}"))
    }
}

/// A number of units, exact to one thousandth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount(i64);

impl Amount {
    /// Creates an amount of whole units.
    pub(crate) fn units(count: u64) -> Amount {
        Amount::thousandths(count.saturating_mul(1000))
    }

    /// Creates an amount of thousandths, such as MB for a unit of 1 GB.
    pub(crate) fn thousandths(count: u64) -> Amount {
        Amount(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Converts to a floating-point number.
    #[allow(clippy::cast_precision_loss)] // as above
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1e3
    }
}

/// Formats without trailing zeros.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = format!("{:03}", self.0 % 1000);
        let part = part.trim_end_matches('0');
        let point = if part.is_empty() { "" } else { "." };
        f.pad(&format!("{}{point}{part}", self.0 / 1000))
    }
}

words! {
    /// The unit of a price.
    #[non_exhaustive]
    pub enum Unit {
        /// One hour.
        Hour = "hour",
        /// One hour in one Availability Zone.
        ZoneHour = "zone-hour",
        /// 1 GB of transferred data.
        Gb = "GB",
        /// 1 GB stored for one month.
        GbMonth = "GB-month",
        /// One month.
        Month = "month",
    }
}

/// A list price.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Price {
    /// The name of the Region, or `*` for every Region of the partition `aws` without a price of its own.
    pub region: &'static str,
    /// The item, such as `instance.t3.micro`.
    pub item: &'static str,
    /// The price.
    pub usd: Usd,
    /// The unit.
    pub unit: Unit,
    /// The date when the source listed the price, such as `2026-06-01`.
    pub date: &'static str,
    /// The URL of the source, or a note that the price is not verified.
    pub source: &'static str,
}

const TABLE: &str = include_str!("prices.tsv");

/// Reads a row: an item with its price in each Region.
fn read(row: &'static str) -> Option<Vec<Price>> {
    let mut columns = tsv::columns(row);
    let item = columns.next()?;
    let unit = Unit::from_word(columns.next()?)?;
    let date = columns.next()?;
    let source = columns.next()?;
    let in_regions = columns.next()?;
    let price = |text: &'static str| {
        let (region, usd) = text.split_once('=')?;
        Some(Price {
            region,
            item,
            usd: Usd::parse(usd)?,
            unit,
            date,
            source,
        })
    };
    let prices = in_regions.split(' ').map(price).collect::<Option<_>>()?;
    columns.next().is_none().then_some(prices)
}

/// Returns all prices.
pub fn prices() -> &'static [Price] {
    static PRICES: OnceLock<Vec<Price>> = OnceLock::new();
    PRICES.get_or_init(|| tsv::rows(TABLE).filter_map(read).flatten().collect())
}

impl Price {
    /// Returns the price of an item in a Region if the list contains it.
    ///
    /// ```
    /// use ssm_synth::{Region, cost::Price};
    /// let region = Region::find("us-east-1").unwrap();
    /// assert_eq!(Price::find(region, "kms.key").unwrap().usd.to_string(), "1.00");
    /// assert_eq!(Price::find(region, "instance.u-24tb1.metal"), None);
    /// ```
    pub fn find(region: &Region, item: &str) -> Option<&'static Price> {
        let of = |name: &str| {
            prices()
                .iter()
                .find(|price| price.region == name && price.item == item)
        };
        of(region.name).or_else(|| of("*").filter(|_| region.partition == "aws"))
    }
}

/// Returns the instance types with a price in a Region, in the order of the list.
pub(crate) fn types(region: &Region) -> impl Iterator<Item = (&'static str, Usd)> {
    prices()
        .iter()
        .filter(move |price| price.region == region.name)
        .filter_map(|price| Some((price.item.strip_prefix("instance.")?, price.usd)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region::regions;
    use std::collections::HashSet;

    #[test]
    fn every_line_has_prices_with_a_date_a_unit_and_a_source() {
        let mut seen = HashSet::new();
        for line in tsv::rows(TABLE) {
            for price in read(line).unwrap_or_else(|| panic!("{line}")) {
                let known = price.region == "*" || Region::find(price.region).is_some();
                assert!(known && price.usd > Usd::ZERO, "{line}");
                assert!(seen.insert((price.region, price.item)), "duplicate: {line}");
                let parts: Vec<usize> = price.date.split('-').map(str::len).collect();
                assert_eq!(parts, [4, 2, 2], "{line}");
                let mut bytes = price.date.bytes();
                assert!(bytes.all(|b| b == b'-' || b.is_ascii_digit()), "{line}");
                let note = format!("list price as known on {}, not verified", price.date);
                let is_named = price.source.starts_with("https://") || price.source == note;
                assert!(is_named, "{line}");
                let unit = match price.item.split_once('.').map_or("", |(kind, _)| kind) {
                    "instance" | "windows" | "ipv4" => Unit::Hour,
                    "volume" | "s3" => Unit::GbMonth,
                    "kms" | "zone" | "metrics" | "alarm" => Unit::Month,
                    "endpoint" | "nat" | "logs" => price.unit,
                    other => panic!("{other}"),
                };
                assert_eq!(price.unit, unit, "{line}");
            }
        }
        assert_eq!(seen.len(), prices().len());
    }

    /// The price file of EBS is older than these Regions.
    const WITHOUT_VOLUMES: [&str; 5] = [
        "ap-east-2",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "mx-central-1",
    ];

    #[test]
    fn every_commercial_region_has_the_items_of_a_stack() {
        let mut missing = Vec::new();
        for region in regions().iter().filter(|it| it.partition == "aws") {
            for item in [
                "endpoint.interface",
                "endpoint.data",
                "nat.gateway",
                "nat.data",
                "ipv4.public",
                "kms.key",
                "zone.private",
                "alarm.metric",
                "metrics.detailed",
                "logs.ingest",
                "logs.storage",
                "s3.storage",
                "volume.gp3",
                "volume.gp2",
                "instance.t3.micro",
                "instance.t4g.nano",
                "windows.t3.micro",
            ] {
                if Price::find(region, item).is_none() {
                    missing.push((region.name, item));
                }
            }
        }
        let volumes: Vec<(&str, &str)> = WITHOUT_VOLUMES
            .into_iter()
            .flat_map(|region| [(region, "volume.gp3"), (region, "volume.gp2")])
            .collect();
        assert_eq!(missing, volumes);
    }

    #[test]
    fn a_price_for_all_regions_is_for_one_partition_and_yields_to_a_region_s_own() {
        let of = |region: &str, item: &str| {
            let price = Price::find(Region::find(region).unwrap(), item)?;
            Some((price.region, price.usd.to_string()))
        };
        assert_eq!(of("eu-west-1", "kms.key"), Some(("*", "1.00".to_owned())));
        let own = ("us-gov-west-1", "1.00".to_owned());
        assert_eq!(of("us-gov-west-1", "kms.key"), Some(own));
        assert_eq!(of("us-gov-west-1", "windows.t3.micro"), None);
        assert_eq!(of("cn-north-1", "kms.key"), None);
        let alarm = ("sa-east-1", "0.135".to_owned());
        assert_eq!(of("sa-east-1", "alarm.metric"), Some(alarm));
    }

    #[test]
    fn worked_examples_have_the_documented_results() {
        let of = |usd: &str, hours: u64| {
            let price = Usd::parse(usd).unwrap();
            price.of(Amount::units(hours)).to_string()
        };
        assert_eq!(of("0.01", 3 * 2 * 730), "43.80");
        assert_eq!(of("0.01", 2 * 2 * 730), "29.20");
        assert_eq!(of("0.01", 2 * 730), "14.60");
        assert_eq!(of("0.045", 730), "32.85");
        assert_eq!(of("0.005", 730), "3.65");
    }

    #[test]
    fn money_is_exact() {
        for (text, shown) in [("0.0104", "0.0104"), ("1", "1.00"), ("0.1", "0.10")] {
            assert_eq!(Usd::parse(text).unwrap().to_string(), shown);
        }
        for bad in ["", "1.", ".1", "-1", "1e3", "0.1234567", "9999999999999999"] {
            assert_eq!(Usd::parse(bad), None, "{bad}");
        }
        let less = Usd::parse("1").unwrap().minus(Usd::parse("2.5").unwrap());
        assert_eq!(less.to_string(), "-1.50");
        assert_eq!(
            Usd::parse("0.5")
                .unwrap()
                .of(Amount::thousandths(20))
                .to_string(),
            "0.01"
        );
        assert_eq!(Amount::thousandths(20).to_string(), "0.02");
        assert_eq!(Amount::units(1460).to_string(), "1460");
    }
}
