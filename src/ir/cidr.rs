//! IPv4 ranges.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use ipnet::Ipv4Net;

/// An IPv4 range in canonical form, such as `10.0.0.0/16`.
///
/// Parsing rejects host bits, leading zeros and a missing prefix length.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cidr(Ipv4Net);

/// The reason why text is not a [`Cidr`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CidrError {
    /// Text that is not an address, a slash and a prefix length.
    Syntax(String),
    /// A prefix length larger than 32.
    Prefix(String),
    /// An address with host bits.
    HostBits {
        /// The text.
        text: String,
        /// The range that contains the address.
        canonical: Cidr,
    },
}

impl std::error::Error for CidrError {}

impl fmt::Display for CidrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CidrError::Syntax(text) => write!(
                f,
                "`{text}` is not an IPv4 range; expected one such as `10.0.0.0/16`"
            ),
            CidrError::Prefix(text) => {
                write!(f, "`{text}` has an invalid prefix length; expected 0 to 32")
            }
            CidrError::HostBits { text, canonical } => {
                write!(f, "`{text}` has host bits set; expected `{canonical}`")
            }
        }
    }
}

impl Cidr {
    /// Returns the range of a literal. In a constant, an invalid range does not compile.
    ///
    /// ```
    /// use ssm_synth::Cidr;
    /// const RANGE: Cidr = Cidr::v4([10, 40, 0, 0], 16);
    /// assert_eq!(RANGE.to_string(), "10.40.0.0/16");
    /// ```
    ///
    /// ```compile_fail,E0080
    /// const RANGE: ssm_synth::Cidr = ssm_synth::Cidr::v4([10, 40, 0, 1], 16);
    /// ```
    ///
    /// # Panics
    ///
    /// If the prefix length exceeds 32, or the address has host bits.
    #[must_use]
    #[track_caller]
    pub const fn v4(address: [u8; 4], prefix_len: u8) -> Cidr {
        assert!(prefix_len <= 32, "the prefix length exceeds 32");
        let bits = u32::from_be_bytes(address);
        let behind = match prefix_len {
            0 => bits,
            len => bits << (len - 1) << 1,
        };
        assert!(behind == 0, "the address has host bits set");
        let [a, b, c, d] = address;
        Cidr(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix_len))
    }

    /// All addresses: `0.0.0.0/0`.
    pub const ANY: Cidr = Cidr(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0));
    /// The instance itself: `127.0.0.1/32`, the peer of a rule that allows nothing.
    pub const LOOPBACK: Cidr = Cidr(Ipv4Net::new_assert(Ipv4Addr::LOCALHOST, 32));

    /// The ranges that AWS does not accept for a VPC: this network, loopback, link-local,
    /// multicast.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>
    pub const NOT_FOR_VPCS: &'static [Cidr] = &[
        Cidr(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 8)),
        Cidr(Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8)),
        Cidr(Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16)),
        Cidr(Ipv4Net::new_assert(Ipv4Addr::new(224, 0, 0, 0), 4)),
    ];

    /// The private ranges and those that stay within a network or a host.
    pub(crate) const PRIVATE: [Cidr; 6] = [
        Cidr::v4([10, 0, 0, 0], 8),
        Cidr::v4([100, 64, 0, 0], 10),
        Cidr::v4([127, 0, 0, 0], 8),
        Cidr::v4([169, 254, 0, 0], 16),
        Cidr::v4([172, 16, 0, 0], 12),
        Cidr::v4([192, 168, 0, 0], 16),
    ];

    /// Returns the prefix length.
    pub fn prefix_len(self) -> u8 {
        self.0.prefix_len()
    }

    /// Returns whether this range contains `other`.
    pub fn contains(self, other: Cidr) -> bool {
        self.0.contains(&other.0)
    }

    /// Returns whether the internet does not route to this range.
    /// <https://www.iana.org/assignments/iana-ipv4-special-registry>
    pub fn is_private(self) -> bool {
        Cidr::PRIVATE.iter().any(|range| range.contains(self))
    }

    /// Returns the first and last address.
    pub(crate) fn bounds(self) -> (u32, u32) {
        (self.0.network().into(), self.0.broadcast().into())
    }

    /// Returns whether the two ranges share an address.
    pub fn overlaps(self, other: Cidr) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// Returns the number of blocks of this prefix length in the range.
    pub fn capacity(self, prefix_len: u8) -> u64 {
        match prefix_len.checked_sub(self.prefix_len()) {
            Some(bits) if prefix_len <= 32 => 1 << bits,
            _ => 0,
        }
    }

    /// Returns the n-th block of this prefix length in the range, counted from 0.
    pub fn block(self, prefix_len: u8, n: u32) -> Option<Cidr> {
        if u64::from(n) >= self.capacity(prefix_len) {
            return None;
        }
        let size = 1u64 << (32 - u32::from(prefix_len));
        let address = u64::from(u32::from(self.0.network())) + u64::from(n) * size;
        let address = Ipv4Addr::from(u32::try_from(address).ok()?);
        Ipv4Net::new(address, prefix_len).ok().map(Cidr)
    }
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let syntax = || CidrError::Syntax(text.to_owned());
        let (address, prefix) = text.split_once('/').ok_or_else(syntax)?;
        let address: Ipv4Addr = address.parse().map_err(|_| syntax())?;
        let plain = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_digit());
        if !plain || (prefix.len() > 1 && prefix.starts_with('0')) {
            return Err(syntax());
        }
        let prefix: u8 = prefix
            .parse()
            .map_err(|_| CidrError::Prefix(text.to_owned()))?;
        let net = Ipv4Net::new(address, prefix).map_err(|_| CidrError::Prefix(text.to_owned()))?;
        if net.trunc() != net {
            let canonical = Cidr(net.trunc());
            return Err(CidrError::HostBits {
                text: text.to_owned(),
                canonical,
            });
        }
        Ok(Cidr(net))
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_form_is_read() {
        let ok: Cidr = "10.0.0.0/16".parse().unwrap();
        assert_eq!(ok.to_string(), "10.0.0.0/16");
        for bad in [
            "",
            "10.0.0.0",
            "10.0.0.0/",
            "010.0.0.0/16",
            "10.0.0.0/016",
            "10.0.0.0/+8",
            "10.0.0/8",
            "10.0.0.0/16 ",
            "::/0",
            "10.0.0.0/-1",
        ] {
            assert!(
                matches!(bad.parse::<Cidr>(), Err(CidrError::Syntax(_))),
                "{bad}"
            );
        }
        for bad in ["10.0.0.0/33", "10.0.0.0/999"] {
            assert!(
                matches!(bad.parse::<Cidr>(), Err(CidrError::Prefix(_))),
                "{bad}"
            );
        }
        assert_eq!(
            "10.0.0.5/16".parse::<Cidr>().unwrap_err().to_string(),
            "`10.0.0.5/16` has host bits set; expected `10.0.0.0/16`"
        );
    }

    #[test]
    fn blocks_follow_each_other_and_end() {
        let net: Cidr = "10.0.0.0/16".parse().unwrap();
        assert_eq!(net.block(20, 1).unwrap().to_string(), "10.0.16.0/20");
        assert_eq!(net.block(20, 15).unwrap().to_string(), "10.0.240.0/20");
        assert_eq!(net.block(20, 16), None);
        assert_eq!(net.block(8, 0), None);
        assert_eq!(Cidr::ANY.block(1, 1).unwrap().to_string(), "128.0.0.0/1");
        assert_eq!(Cidr::ANY.capacity(32), 1 << 32);
    }
}
