//! The lines of an estimate, by kind of resource.

use super::instance_cost::{Disk, InstanceUsage, OperatingSystem};
use super::{
    ADDRESS, ALARM, Amount, BUCKET, Cost, ENDPOINT, ENDPOINT_DATA, Estimate, FLOW, GATEWAY,
    INSTANCE, KEY, LOGS, Line, MONITORING, NAT, NAT_DATA, Price, ROOT, RULE, TRAIL,
    UsageAssumptions, VOLUME, WINDOWS, ZONE, known,
};
use crate::ir::{Expr, Link, NodeId, Value};
use crate::reachability::{graph_index::GraphIndex, path, ternary::Ternary};
use crate::resource::{
    Alarm, Bucket, ConfigRule, ConnectivityType, Document, Eip, FlowLog, Graph, HostedZone, KmsKey,
    LogGroup, NatGateway, Node, Subnet, Trail, Typed, Volume, VolumeType, VpcEndpoint,
    VpcEndpointSubnet,
};

/// Formats a count with a noun.
fn counted(count: u64, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {one}s"),
    }
}

/// Builder of an estimate.
pub(super) struct Estimator<'v, 'g> {
    pub(super) index: &'v GraphIndex<'g>,
    pub(super) estimate: Estimate,
}

impl<'g> Estimator<'_, 'g> {
    pub(super) fn exists(&self, node: &Node) -> Ternary {
        known::exists(self.index.graph, node, self.estimate.region)
    }

    fn all<R: Typed + 'g>(&self) -> Vec<(NodeId, &'g Node, &'g R)> {
        self.index
            .all::<R>()
            .filter(|(_, node, _)| !self.exists(node).is_no())
            .collect()
    }

    fn push(&mut self, what: &'static str, id: Option<NodeId>, quantity: String, cost: Cost) {
        let node = id.and_then(|id| self.index.graph.node(id));
        self.estimate.lines.push(Line {
            what,
            resource: node.map_or_else(String::new, |node| node.display_id().to_owned()),
            quantity,
            certain: node.is_none_or(|node| self.exists(node).is_yes()),
            cost,
        });
    }

    /// Adds a line with the price of an item, or without a price.
    fn line(
        &mut self,
        what: &'static str,
        id: Option<NodeId>,
        quantity: impl Into<String>,
        item: &str,
        amount: Amount,
    ) {
        let region = self.estimate.region;
        let cost = match Price::find(region, item) {
            Some(price) => Cost::Priced {
                amount,
                price,
                monthly: price.usd.of(amount),
            },
            None => Cost::NotPriced(format!("no price for `{item}` in {}", region.name)),
        };
        self.push(what, id, quantity.into(), cost);
    }

    fn without(&mut self, what: &'static str, id: NodeId, reason: impl Into<String>) {
        self.push(
            what,
            Some(id),
            String::new(),
            Cost::NotPriced(reason.into()),
        );
    }

    fn hours(&self, count: u64) -> Amount {
        Amount::units(count.saturating_mul(self.estimate.usage.hours))
    }

    /// Returns the number of Availability Zones of an endpoint, which is that of its subnets.
    fn zones(&self, id: NodeId, node: &Node, it: &VpcEndpoint) -> Option<u64> {
        if node.is_unmodeled("subnets") {
            return None;
        }
        let more = self
            .all::<VpcEndpointSubnet>()
            .into_iter()
            .filter(|(_, _, more)| self.index.resolve_one(&more.endpoint).node() == Some(id))
            .count();
        let own = subnets(self.index.graph, &it.subnets)?;
        Some(own + more as u64)
    }

    pub(super) fn endpoints(&mut self) {
        let hours = self.estimate.usage.hours;
        let mut any = false;
        for (id, node, it) in self.all::<VpcEndpoint>() {
            match path::is_interface(it) {
                Ternary::No
                    if it.vpc_endpoint_type.lit().is_some() || it.vpc_endpoint_type.is_absent() =>
                {
                    self.push(GATEWAY, Some(id), String::new(), Cost::Free);
                }
                Ternary::Yes => {
                    any = true;
                    match self.zones(id, node, it) {
                        Some(zones) => self.line(
                            ENDPOINT,
                            Some(id),
                            format!("{} x {hours} h", counted(zones, "zone")),
                            "endpoint.interface",
                            self.hours(zones),
                        ),
                        None => {
                            self.without(ENDPOINT, id, "the number of subnets is unknown");
                        }
                    }
                }
                Ternary::No | Ternary::Unknown => {
                    self.without("endpoint", id, "no price for this type of endpoint");
                }
            }
        }
        if any {
            self.data(ENDPOINT_DATA, "endpoint.data");
        }
    }

    fn data(&mut self, what: &'static str, item: &str) {
        let gb = self.estimate.usage.gb_per_instance;
        let of = counted(self.estimate.instances, "instance");
        let amount = Amount::units(gb.saturating_mul(self.estimate.instances));
        self.line(what, None, format!("{of} x {gb} GB"), item, amount);
    }

    pub(super) fn nat_gateways(&mut self) {
        let all = self.all::<NatGateway>();
        for (id, _, _) in &all {
            let hours = format!("{} h", self.estimate.usage.hours);
            self.line(NAT, Some(*id), hours, "nat.gateway", self.hours(1));
        }
        if !all.is_empty() {
            self.data(NAT_DATA, "nat.data");
        }
    }

    pub(super) fn addresses(&mut self, instances: &[InstanceUsage]) {
        let hours = format!("{} h", self.estimate.usage.hours);
        for (id, _, _) in self.all::<Eip>() {
            self.line(
                ADDRESS,
                Some(id),
                hours.clone(),
                "ipv4.public",
                self.hours(1),
            );
        }
        // Existing addresses do not belong to the stack. AWS assigns an address to a NAT gateway
        // without one.
        for (id, _, it) in self.all::<NatGateway>() {
            let private = it.connectivity_type == Some(Value::Lit(ConnectivityType::Private));
            if it.allocation.is_none() && !private {
                self.line(
                    ADDRESS,
                    Some(id),
                    hours.clone(),
                    "ipv4.public",
                    self.hours(1),
                );
            }
        }
        for instance in instances.iter().filter(|it| it.public) {
            if let Ok(count) = instance.count {
                let shown = format!("{count} x {hours}");
                self.line(
                    ADDRESS,
                    Some(instance.node),
                    shown,
                    "ipv4.public",
                    self.hours(count),
                );
            }
        }
    }

    pub(super) fn instance(&mut self, instance: &InstanceUsage) {
        let id = instance.node;
        let count = match &instance.count {
            Ok(count) => *count,
            Err(reason) => return self.without(INSTANCE, id, reason.clone()),
        };
        if instance.local {
            return self.without(INSTANCE, id, "no prices for Local Zones");
        }
        self.running(instance, count);
        if instance.detailed {
            let shown = counted(count, "instance");
            self.line(
                MONITORING,
                Some(id),
                shown,
                "metrics.detailed",
                Amount::units(count),
            );
        }
        for disk in &instance.disks {
            self.disk(id, disk, count);
        }
    }

    fn running(&mut self, instance: &InstanceUsage, count: u64) {
        let id = instance.node;
        let of = match &instance.instance_type {
            Ok(of) => of,
            Err(reason) => return self.without(INSTANCE, id, reason.clone()),
        };
        let hours = self.estimate.usage.hours;
        let shown = format!("{count} {of} x {hours} h");
        if instance.system == OperatingSystem::Licensed {
            return self.without(INSTANCE, id, "no price for the license of the image");
        }
        self.estimate.linux_assumed |= instance.system == OperatingSystem::Unknown;
        let item = format!("instance.{of}");
        self.line(INSTANCE, Some(id), shown, &item, self.hours(count));
        if instance.system == OperatingSystem::Windows {
            let item = format!("windows.{of}");
            let shown = format!("{count} x {hours} h");
            self.line(WINDOWS, Some(id), shown, &item, self.hours(count));
        }
    }

    fn disk(&mut self, id: NodeId, disk: &Disk, count: u64) {
        let what = if disk.root { ROOT } else { VOLUME };
        match (&disk.size, &disk.of) {
            (Ok(size), Ok(of)) => self.volume(what, id, *of, *size, count),
            (Err(reason), _) | (_, Err(reason)) => self.without(what, id, reason.clone()),
        }
    }

    fn volume(&mut self, what: &'static str, id: NodeId, of: VolumeType, size: u64, count: u64) {
        let of = of.as_str();
        let shown = match count {
            1 => format!("{size} GB {of}"),
            _ => format!("{count} x {size} GB {of}"),
        };
        let amount = Amount::units(size.saturating_mul(count));
        self.line(what, Some(id), shown, &format!("volume.{of}"), amount);
    }

    fn volumes(&mut self) {
        for (id, node, it) in self.all::<Volume>() {
            // Only single instances have separate volumes.
            let size = it
                .size
                .as_ref()
                .and_then(|it| known::number(self.index.graph, it));
            let inside = node.origin.as_ref().is_some_and(|it| it.parent.is_some());
            let of = match &it.volume_type {
                Some(of) => of.lit().copied(),
                // The default of a separate volume in CloudFormation and Terraform.
                None => (!inside).then_some(VolumeType::Gp2),
            };
            match (size, of) {
                (Some(size), Some(of)) => self.volume(VOLUME, id, of, size, 1),
                (None, _) => self.without(VOLUME, id, "the size is unknown"),
                (_, None) => self.without(VOLUME, id, "the volume type is unknown"),
            }
        }
    }

    pub(super) fn rest(&mut self) {
        self.volumes();
        for (id, _, _) in self.all::<KmsKey>() {
            self.line(KEY, Some(id), "1 key", "kms.key", Amount::units(1));
        }
        let UsageAssumptions {
            sessions,
            mb_per_session,
            ..
        } = self.estimate.usage;
        let count = sessions.saturating_mul(self.estimate.instances);
        // AWS bills 1 GB as 1,000 MB.
        let logged = Amount::thousandths(count.saturating_mul(mb_per_session));
        let shown = format!("{} x {mb_per_session} MB", counted(count, "session"));
        let kept = self.session_logs();
        let of_sessions = |id: &NodeId| kept.is_empty() || kept.contains(id);
        let groups = self.all::<LogGroup>().into_iter();
        for (id, _, _) in groups.filter(|(id, ..)| of_sessions(id)) {
            self.line(LOGS, Some(id), format!("{shown} in"), "logs.ingest", logged);
            self.line(
                LOGS,
                Some(id),
                format!("{shown} kept"),
                "logs.storage",
                logged,
            );
        }
        let buckets = self.all::<Bucket>().into_iter();
        for (id, _, _) in buckets.filter(|(id, ..)| of_sessions(id)) {
            self.line(
                BUCKET,
                Some(id),
                format!("{shown} kept"),
                "s3.storage",
                logged,
            );
        }
        for (id, _, _) in self.all::<HostedZone>() {
            self.line(ZONE, Some(id), "1 zone", "zone.private", Amount::units(1));
        }
        for (id, _, _) in self.all::<Alarm>() {
            self.line(
                ALARM,
                Some(id),
                "1 metric",
                "alarm.metric",
                Amount::units(1),
            );
        }
        for (id, _, _) in self.all::<Trail>() {
            let reason = "the first trail of management events in an account is free; its storage costs little";
            self.without(TRAIL, id, reason);
        }
        for (id, _, _) in self.all::<FlowLog>() {
            self.without(FLOW, id, "the amount of log data is unknown");
        }
        for (id, _, _) in self.all::<ConfigRule>() {
            self.without(
                RULE,
                id,
                "AWS bills each evaluation, and their number is unknown",
            );
        }
    }

    /// Returns the log groups and buckets in the session preferences.
    fn session_logs(&self) -> Vec<NodeId> {
        let documents = self.all::<Document>().into_iter();
        documents
            .flat_map(|(_, node, _)| node.references())
            .collect()
    }
}

/// Returns the number of subnets in a list, or none if an expression can represent several.
fn subnets(graph: &Graph, links: &[Link<Subnet>]) -> Option<u64> {
    let mut count = 0;
    for link in links {
        count += match link {
            Value::Expr(Expr::Items(param)) => {
                let default = graph.parameter(*param)?.default_value()?;
                default
                    .split(',')
                    .filter(|it| !it.trim().is_empty())
                    .count() as u64
            }
            Value::Expr(
                Expr::SourceParam { .. } | Expr::Opaque(_) | Expr::Other(..) | Expr::OneOf(_),
            ) if links.len() == 1 => {
                return None;
            }
            Value::Lit(_) | Value::Expr(_) => 1,
        };
    }
    Some(count)
}
