//! The account and the Region of a plan.

use serde_json::Value as Json;

use super::expression::references;
use super::{Plan, Planned};
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

    /// Returns the Region of the network, of the provider, or of the subnets' Availability Zones. With
    /// several Regions, none is the one of the plan.
    pub(super) fn region(&self) -> Option<&'static Region> {
        let regions = self.regions();
        match regions.as_slice() {
            [] => {}
            [region] => return Some(region),
            _ => return None,
        }
        let providers = self.providers.and_then(Json::as_object);
        let mut found: Vec<&'static Region> = Vec::new();
        for provider in providers.into_iter().flat_map(|all| all.values()) {
            if provider.get("name").and_then(Json::as_str) == Some("aws") {
                found.extend(self.region_of_provider(provider));
            }
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

    /// Returns the Regions of the networks and instances.
    pub(super) fn regions(&self) -> Vec<&'static Region> {
        let mut found: Vec<&'static Region> = Vec::new();
        for it in &self.resources {
            let is_network = matches!(
                it.of.as_str(),
                "aws_vpc"
                    | "aws_subnet"
                    | "aws_instance"
                    | "aws_autoscaling_group"
                    | "aws_vpc_endpoint"
            );
            if let Some(region) = self.region_of(it).filter(|_| is_network)
                && !found.iter().any(|other| other.name == region.name)
            {
                found.push(region);
            }
        }
        found
    }

    /// Returns the Region of a resource: since version 6 of the provider, its own argument, else that of
    /// its provider.
    fn region_of(&self, it: &Planned<'p>) -> Option<&'static Region> {
        let found = self.certain_region_of(it);
        if found.is_some() || it.values.get("region").is_some_and(Json::is_string) {
            return found;
        }
        let key = it.config?.get("provider_config_key")?.as_str()?;
        let inherited = key.rsplit(':').next().unwrap_or(key);
        self.region_of_provider(self.providers?.get(inherited)?)
    }

    /// Returns the Region of a resource without a guess: older versions of Terraform do not show which provider
    /// a module gets from its call.
    pub(super) fn certain_region_of(&self, it: &Planned<'p>) -> Option<&'static Region> {
        if let Some(own) = it.values.get("region").and_then(Json::as_str) {
            return Region::find(own);
        }
        let key = it.config?.get("provider_config_key")?.as_str()?;
        self.region_of_provider(self.providers?.get(key)?)
    }

    fn region_of_provider(&self, provider: &Json) -> Option<&'static Region> {
        let region = provider.get("expressions")?.get("region")?;
        let constant = region.get("constant_value").and_then(Json::as_str);
        let by_variable = || {
            let names = references(region);
            let [name] = names.as_slice() else {
                return None;
            };
            let name = name.strip_prefix("var.")?;
            self.variables?.get(name)?.get("value")?.as_str()
        };
        Region::find(constant.or_else(by_variable)?)
    }

    /// Returns whether AWS rejects an endpoint, since its service is of another Region. The check
    /// compares the Regions itself if the plan has only one.
    pub(super) fn is_of_other_region(&self, it: &Planned<'p>) -> bool {
        if it.of != "aws_vpc_endpoint" || self.regions().len() < 2 {
            return false;
        }
        let service = it.values.get("service_name").and_then(Json::as_str);
        // An endpoint for another Region names it.
        if it.values.get("service_region").is_some_and(Json::is_string) {
            return false;
        }
        let of_service = service
            .and_then(|name| name.split('.').rev().nth(1))
            .and_then(Region::find);
        match (self.region_of(it), of_service) {
            (Some(own), Some(other)) => own.name != other.name,
            _ => false,
        }
    }
}
