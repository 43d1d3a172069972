//! The data sources that a module of Terraform declares for values of CloudFormation.

use super::{Expr, Pseudo, terraform_name};

/// A data source of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DataSource {
    Zones,
    Account,
    Partition,
    Service,
}

impl DataSource {
    /// Returns the type and the name.
    pub(crate) const fn labels(self) -> [&'static str; 2] {
        match self {
            DataSource::Zones => ["aws_availability_zones", "available"],
            DataSource::Account => ["aws_caller_identity", "current"],
            DataSource::Partition => ["aws_partition", "current"],
            DataSource::Service => ["aws_service", "ssm"],
        }
    }

    /// Returns the address.
    pub(crate) fn address(self) -> String {
        let [of, name] = self.labels();
        format!("data.{of}.{name}")
    }
}

impl Expr {
    /// Returns the data source that has the value, and its attribute.
    pub(crate) fn data_source(&self) -> Option<(DataSource, &'static str)> {
        Some(match self {
            // `aws_region` has no attribute without a warning in both versions of the provider: version 6
            // deprecates `id` and `name`, and version 5 has no `region`.
            Expr::Pseudo(Pseudo::Region) => (DataSource::Service, "region"),
            Expr::Pseudo(Pseudo::AccountId) => (DataSource::Account, "account_id"),
            Expr::Pseudo(Pseudo::Partition) => (DataSource::Partition, "partition"),
            Expr::Pseudo(Pseudo::UrlSuffix) => (DataSource::Partition, "dns_suffix"),
            Expr::Zone(_) => (DataSource::Zones, "names"),
            Expr::Call(name, arguments) if name == "Fn::GetAZs" && arguments.is_empty() => {
                (DataSource::Zones, "names")
            }
            _ => return None,
        })
    }
}

/// Returns the name of the data source of a parameter in Parameter Store.
pub(crate) fn stored_label(parameter: &str) -> String {
    format!("ssm_{}", terraform_name(parameter.trim_start_matches('/')))
}
