//! What the name of an endpoint service means.

use crate::ir::{Expr, Pseudo};
use crate::region::{EndpointService, Region};

/// The meaning of the name of an endpoint service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ServiceName {
    /// A service of AWS, and its Region, if the name contains a literal one.
    Aws(String, Option<&'static Region>),
    /// An endpoint service of another provider, or one that shares no name with AWS.
    Provider,
    /// A name that no service has, and the name that is probably meant.
    Missing(Option<Suggestion>),
    /// A service that the table does not contain, or a name that the file does not show.
    Unknown,
}

/// The name that a misspelled name probably means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Suggestion {
    token: String,
    /// The Region, or none for that of the deployment.
    region: Option<&'static Region>,
}

impl Suggestion {
    pub(super) fn new(token: &str, region: Option<&'static Region>) -> Suggestion {
        Suggestion {
            token: token.to_owned(),
            region,
        }
    }

    /// Returns the name as a property value.
    pub(crate) fn value(&self) -> Expr {
        let affixes = match EndpointService::find(&self.token) {
            Some(service) => service.affixes(self.region),
            None => (
                "com.amazonaws.".to_owned(),
                Some(format!(".{}", self.token)),
            ),
        };
        match affixes {
            (whole, None) => Expr::Text(whole.into()),
            (before, Some(after)) => Expr::concat([
                Expr::Text(before.into()),
                match self.region {
                    Some(region) => Expr::Text(region.name.into()),
                    None => Expr::Pseudo(Pseudo::Region),
                },
                Expr::Text(after.into()),
            ]),
        }
    }
}
