//! The account and the Region of a plan.

use serde_json::Value as Json;

use super::Plan;
use super::json::array;
use crate::region::Region;

impl<'p> Plan<'p> {
    /// Returns the account ID from `aws_caller_identity`.
    pub(super) fn account(&self) -> Option<String> {
        let mut identities = self
            .resources
            .iter()
            .filter(|it| it.of == "data.aws_caller_identity");
        let account = identities.next()?.values.get("account_id")?.as_str()?;
        Some(account.to_owned())
    }

    /// Returns the region of the provider, or of the subnets' Availability Zones.
    pub(super) fn region(&self, root: &Json) -> Option<&'static Region> {
        // Since version 6 of the provider, a resource can set `region`.
        let mut own = self
            .resources
            .iter()
            .filter(|it| matches!(it.of.as_str(), "aws_vpc" | "aws_subnet" | "aws_instance"))
            .filter_map(|it| it.values.get("region")?.as_str());
        if let Some(first) = own.next()
            && own.all(|other| other == first)
        {
            return Region::find(first);
        }
        let providers = root
            .get("configuration")?
            .get("provider_config")?
            .as_object()?;
        let mut found: Vec<&'static Region> = Vec::new();
        for provider in providers.values() {
            if provider.get("name").and_then(Json::as_str) != Some("aws") {
                continue;
            }
            let region = provider.get("expressions").and_then(|it| it.get("region"));
            let constant = region
                .and_then(|it| it.get("constant_value"))
                .and_then(Json::as_str);
            let by_variable = || {
                let reference = array(region.and_then(|it| it.get("references"))).first()?;
                let name = reference.as_str()?.strip_prefix("var.")?;
                root.get("variables")?.get(name)?.get("value")?.as_str()
            };
            let name = constant.or_else(by_variable);
            found.extend(name.and_then(Region::find));
        }
        found.dedup_by_key(|region| region.name);
        if let [region] = found.as_slice() {
            return Some(region);
        }
        let mut zones = self.resources.iter().filter_map(|it| {
            let zone = it.values.get("availability_zone")?.as_str()?;
            Region::find(zone.trim_end_matches(|c: char| c.is_ascii_lowercase()))
        });
        let first = zones.next()?;
        zones.all(|it| it.name == first.name).then_some(first)
    }
}
