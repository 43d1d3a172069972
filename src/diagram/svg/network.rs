//! The network: a box for the VPC with its Availability Zones, the egress points, and the services.
//!
//! The path of an instance has one color from the instance to each service: that of its verdict.

use super::super::scene::verdict_status;
use super::super::{
    EgressPoint, EgressPointKind, InstanceBox, Panel, Scene, SubnetBox, Zone, several,
};
use super::boxes::{
    egress_block, egress_class, instance_block, instance_lines, service_block, shown_egress_points,
};
use super::canvas::{
    Area, Block, Canvas, Layout, NAME, PAD, PART, PLAIN, QUIET, Type, class, leading, width,
};
use crate::reachability::HopStatus;

const GAP: f64 = 12.0;
/// Distance of the lines of different statuses.
const STEP: f64 = 9.0;
/// Number of Availability Zones in a row, boxes in a subnet, subnets in a zone, and VPCs.
const MAX_COLUMNS: usize = 4;
const MAX_INSTANCES: usize = 6;
const MAX_SUBNETS: usize = 6;
const MAX_PANELS: usize = 12;

/// Draws the network, and returns the bottom edge.
pub(super) fn draw(canvas: &mut Canvas, scene: &Scene, mut y: f64) -> f64 {
    let layout = canvas.layout;
    let note = |canvas: &mut Canvas, y: &mut f64, kind: Type, text: &str| {
        for line in super::canvas::wrapped(text, kind, layout.inner(), 3) {
            canvas.text((layout.margin(), *y + 13.0), layout.inner(), kind, &line);
            *y += leading(kind);
        }
        *y += 10.0;
    };
    let shown = &scene.panels[..scene.panels.len().min(MAX_PANELS)];
    for panel in shown {
        y = PanelLayout::new(layout, panel).draw(canvas, scene, y) + 20.0;
    }
    if shown.iter().any(|it| !it.egress_points.is_empty()) {
        y = operator(canvas, y - 20.0) + 20.0;
    }
    let more = scene.panels.len() - shown.len();
    if more > 0 {
        note(
            canvas,
            &mut y,
            PLAIN,
            &format!("and {more} more VPCs with instances"),
        );
    }
    if !scene.empty_vpcs.is_empty() {
        let text = format!("VPCs without instances: {}", several(&scene.empty_vpcs, 6));
        note(canvas, &mut y, QUIET, &text);
    }
    for panel in shown {
        let heading = match shown.len() {
            1 => "Security groups and roles".to_owned(),
            _ => format!("Security groups and roles in VPC {}", panel.vpc),
        };
        y = super::cards::draw(canvas, panel, &heading, y);
    }
    y
}

/// Returns the statuses of the instances of a panel, best first: each has its own lines.
fn statuses(panel: &Panel) -> Vec<HopStatus> {
    let instances = panel
        .zones
        .iter()
        .flat_map(|it| &it.subnets)
        .flat_map(|it| &it.instances);
    let mut all: Vec<HopStatus> = instances.map(|it| verdict_status(it.verdict)).collect();
    all.sort_by(|one, other| other.cmp(one));
    all.dedup();
    all
}

/// The measures of a panel.
struct PanelLayout<'p> {
    layout: Layout,
    panel: &'p Panel,
    statuses: Vec<HopStatus>,
    /// Width of the lanes for the lines of instances.
    lanes: f64,
}

/// A line from an instance: its status, the x coordinate of its lane, and its y coordinate.
struct Connection {
    status: HopStatus,
    lane: f64,
    from: f64,
}

impl<'p> PanelLayout<'p> {
    fn new(layout: Layout, panel: &'p Panel) -> Self {
        let statuses = statuses(panel);
        let lanes = match statuses.len() {
            0 => 8.0,
            #[allow(clippy::cast_precision_loss)] // at most three
            some => 8.0 + STEP * some as f64,
        };
        PanelLayout {
            layout,
            panel,
            statuses,
            lanes,
        }
    }

    #[allow(clippy::cast_precision_loss)] // at most three
    fn offset(&self, status: HopStatus) -> f64 {
        let at = self.statuses.iter().position(|it| *it == status);
        at.unwrap_or(0) as f64 * STEP
    }

    fn draw(&self, canvas: &mut Canvas, scene: &Scene, top: f64) -> f64 {
        let (left, inner) = (self.layout.margin(), self.layout.inner());
        let panel = self.panel;
        let title = Block::new(inner - 3.0 * PAD)
            .add(PART, &format!("VPC {}", panel.vpc))
            .add(QUIET, &panel.note);
        title.draw(canvas, (left + 4.0, top));
        let mut y = top + title.height();
        let mut connections = Vec::new();
        let widths = self.widths();
        for row in panel.zones.chunks(widths.len().max(1)) {
            let heights = row
                .iter()
                .zip(&widths)
                .map(|(it, w)| self.zone_height(it, *w));
            let tallest = heights.fold(0.0, f64::max);
            let mut x = left + PAD;
            for (zone, w) in row.iter().zip(&widths) {
                self.zone(canvas, zone, (x, y, *w, tallest), &mut connections);
                x += w + GAP;
            }
            y += tallest + GAP;
        }
        if panel.zones.is_empty() {
            let text = "The file contains no subnet of an instance in this VPC.";
            let block = Block::new(inner - 4.0 * PAD).add(QUIET, text);
            block.draw(canvas, (left + PAD, y));
            y += block.height();
        }
        let points = shown_egress_points(panel);
        if points.is_empty() {
            // Without egress points, there is nothing below.
            self.vpc(canvas, &rectangle((left, top, inner, y - top)));
            return y;
        }
        match self.layout {
            Layout::Wide => self.egress_row(canvas, scene, &points, &connections, (top, y)),
            Layout::Narrow => self.egress_column(canvas, scene, &points, &connections, (top, y)),
        }
    }

    fn vpc(&self, canvas: &mut Canvas, points: &[(f64, f64)]) {
        let kind = match self.panel.is_in_file {
            true => "vpc",
            false => "vpc unknown",
        };
        canvas.outline(points, kind);
    }

    /// Returns the widths of the zones in a row: by their content.
    #[allow(clippy::cast_precision_loss)] // a handful
    fn widths(&self) -> Vec<f64> {
        let room = self.layout.inner() - 2.0 * PAD;
        let zones = &self.panel.zones;
        let columns = match self.layout {
            Layout::Wide => zones.len().min(MAX_COLUMNS),
            Layout::Narrow => zones.len().min(1),
        };
        // The width at which all lines fit, and the least: the title fits, and other lines wrap.
        let mut wanted = vec![(0.0_f64, 0.0_f64); columns];
        for (n, zone) in zones.iter().enumerate() {
            let title = width(&zone.name, QUIET.size, QUIET.bold) + self.lanes + 2.0 * PAD;
            let full = self.wanted_width(zone).max(title);
            if let Some(column) = wanted.get_mut(n % columns.max(1)) {
                *column = (column.0.max(full), column.1.max(title));
            }
        }
        let room = room - (columns.max(1) - 1) as f64 * GAP;
        let sum = |of: fn(&(f64, f64)) -> f64| wanted.iter().map(of).sum::<f64>();
        let (full, least) = (sum(|it| it.0), sum(|it| it.1));
        let share = |it: &(f64, f64)| {
            if full <= room || full <= least {
                it.0 * room / full
            } else if least >= room {
                it.1 * room / least
            } else {
                it.1 + (room - least) * (it.0 - it.1) / (full - least)
            }
        };
        wanted.iter().map(share).collect()
    }

    /// Returns the width of a zone whose lines fit.
    fn wanted_width(&self, zone: &Zone) -> f64 {
        let text = |kind: Type, text: &str| width(text, kind.size, kind.bold);
        let subnet = |subnet: &SubnetBox| {
            let instances = subnet.instances.iter().map(|it| {
                instance_lines(it)
                    .iter()
                    .map(|(kind, line)| text(*kind, line))
                    .fold(0.0, f64::max)
                    + 4.0 * PAD
            });
            let name = text(NAME, &format!("subnet {}", subnet.name)) + 2.0 * PAD;
            instances.fold(name, f64::max)
        };
        let subnets = zone.subnets.iter().take(MAX_SUBNETS).map(subnet);
        subnets.fold(text(QUIET, &zone.name), f64::max) + self.lanes + 2.0 * PAD
    }

    /// Returns the width of the subnets of a zone, and the width left of them.
    fn subnet_width(&self, zone: f64) -> (f64, f64) {
        let left = match self.layout {
            Layout::Wide => PAD,
            Layout::Narrow => self.lanes,
        };
        (zone - self.lanes - PAD, left)
    }

    fn subnet_head(subnet: &SubnetBox, w: f64) -> Block {
        Block::new(w - 2.0 * PAD)
            .add(NAME, &format!("subnet {}", subnet.name))
            .add(QUIET, &subnet.note)
    }

    fn subnet_foot(&self, subnet: &SubnetBox, w: f64) -> Option<Block> {
        let interfaces = &subnet.interfaces;
        let all = self.panel.egress_points.iter();
        let all = all
            .filter(|it| it.kind == EgressPointKind::Interface)
            .map(|it| it.services.len())
            .sum::<usize>();
        let text = match (interfaces.len(), subnet.instances.is_empty()) {
            (0, true) => "not on the path".to_owned(),
            (0, false) => return None,
            (some, _) if some == all && some > 2 => "interfaces of all endpoints".to_owned(),
            _ => format!("interfaces: {}", several(interfaces, 3)),
        };
        Some(Block::new(w - 2.0 * PAD).add(QUIET, &text))
    }

    fn instances(subnet: &SubnetBox, w: f64) -> impl Iterator<Item = (&InstanceBox, Block)> {
        let shown = subnet.instances.iter().take(MAX_INSTANCES);
        shown.map(move |it| (it, instance_block(it, w - 4.0 * PAD)))
    }

    fn subnet_height(&self, subnet: &SubnetBox, w: f64) -> f64 {
        let instances: f64 = Self::instances(subnet, w)
            .map(|(_, it)| it.height() + PAD)
            .sum();
        let more = match subnet.instances.len() > MAX_INSTANCES {
            true => 20.0,
            false => 0.0,
        };
        let foot = self
            .subnet_foot(subnet, w)
            .map_or(0.0, |it| it.height() - PAD);
        Self::subnet_head(subnet, w).height() + instances + more + foot
    }

    fn zone_height(&self, zone: &Zone, w: f64) -> f64 {
        let (w, _) = self.subnet_width(w);
        let shown = zone.subnets.iter().take(MAX_SUBNETS);
        let more = match zone.subnets.len() > MAX_SUBNETS {
            true => 24.0,
            false => 0.0,
        };
        30.0 + shown.map(|it| self.subnet_height(it, w) + PAD).sum::<f64>() + more
    }

    fn zone(
        &self,
        canvas: &mut Canvas,
        zone: &Zone,
        area: Area,
        connections: &mut Vec<Connection>,
    ) {
        let (x, y, w, _) = area;
        canvas.area(area, "zone");
        let (inner, indent) = self.subnet_width(w);
        canvas.text((x + indent, y + 19.0), w - indent - PAD, QUIET, &zone.name);
        let mut below = y + 30.0;
        for subnet in zone.subnets.iter().take(MAX_SUBNETS) {
            let area = (x + indent, below, inner, self.subnet_height(subnet, inner));
            for (status, from) in self.subnet(canvas, subnet, area) {
                let lane = match self.layout {
                    Layout::Wide => x + w - 8.0 - self.offset(status),
                    Layout::Narrow => x + 8.0 + self.offset(status),
                };
                let edge = match self.layout {
                    Layout::Wide => area.0 + area.2 - PAD,
                    Layout::Narrow => area.0 + PAD,
                };
                canvas.line(&[(edge, from), (lane, from)], class(Some(status)));
                connections.push(Connection { status, lane, from });
            }
            below += area.3 + PAD;
        }
        let more = zone.subnets.len().saturating_sub(MAX_SUBNETS);
        if more > 0 {
            let text = format!("and {more} more subnets");
            canvas.text((x + indent, below + 12.0), inner, QUIET, &text);
        }
    }

    /// Draws a subnet, and returns the connections: status and y coordinate.
    fn subnet(&self, canvas: &mut Canvas, subnet: &SubnetBox, area: Area) -> Vec<(HopStatus, f64)> {
        let (x, y, w, _) = area;
        canvas.area(area, "subnet");
        let head = Self::subnet_head(subnet, w);
        head.draw(canvas, (x, y));
        let mut below = y + head.height();
        let mut connections = Vec::new();
        for (instance, block) in Self::instances(subnet, w) {
            let status = verdict_status(instance.verdict);
            let area = (x + PAD, below, w - 2.0 * PAD, block.height());
            canvas.area(area, class(Some(status)));
            block.draw(canvas, (area.0, area.1));
            connections.push((status, below + area.3 / 2.0));
            below += area.3 + PAD;
        }
        let rest = subnet.instances.iter().skip(MAX_INSTANCES);
        let more: usize = rest.map(|it| it.names.len()).sum();
        if more > 0 {
            let text = format!("and {more} more instances");
            canvas.text((x + PAD, below + 12.0), w - 2.0 * PAD, PLAIN, &text);
            below += 20.0;
        }
        if let Some(foot) = self.subnet_foot(subnet, w) {
            foot.draw(canvas, (x, below - PAD));
        }
        connections
    }

    /// Draws the lanes of the instances down to one line per status. Returns the status, the y
    /// coordinate, and the x coordinates of the lanes of each line.
    fn buses(
        &self,
        canvas: &mut Canvas,
        connections: &[Connection],
        top: f64,
    ) -> Vec<(HopStatus, f64, Vec<f64>)> {
        let mut buses: Vec<(HopStatus, f64, Vec<f64>)> = Vec::new();
        for &status in &self.statuses {
            let y = top + self.offset(status);
            let mut lanes: Vec<(f64, f64)> = Vec::new();
            for it in connections.iter().filter(|it| it.status == status) {
                match lanes.iter_mut().find(|(lane, _)| *lane == it.lane) {
                    Some((_, from)) => *from = from.min(it.from),
                    None => lanes.push((it.lane, it.from)),
                }
            }
            for (lane, from) in &lanes {
                canvas.line(&[(*lane, *from), (*lane, y)], class(Some(status)));
            }
            buses.push((status, y, lanes.iter().map(|(lane, _)| *lane).collect()));
        }
        buses
    }

    /// Draws the egress points side by side and the services below. Returns the bottom edge.
    #[allow(clippy::cast_precision_loss)] // a handful
    fn egress_row(
        &self,
        canvas: &mut Canvas,
        scene: &Scene,
        points: &[EgressPoint],
        connections: &[Connection],
        (top, y): (f64, f64),
    ) -> f64 {
        let (left, inner) = (self.layout.margin(), self.layout.inner());
        let room = inner - 2.0 * PAD;
        let count = points.len() as f64;
        let wide = ((room - (count - 1.0) * GAP) / count).min(320.0);
        let start = left + PAD + (room - count * wide - (count - 1.0) * GAP) / 2.0;
        let middle = |n: usize, status: HopStatus, users: &[HopStatus]| {
            let at = users.iter().position(|it| *it == status).unwrap_or(0) as f64;
            let center = (users.len().max(1) - 1) as f64 / 2.0;
            start + n as f64 * (wide + GAP) + wide / 2.0 + (at - center) * 14.0
        };
        let bus = y + 10.0;
        let buses = self.buses(canvas, connections, bus);
        for (status, y, lanes) in &buses {
            let used = points.iter().enumerate();
            let used = used.filter(|(_, it)| it.users.contains(status));
            let ends = used.map(|(n, it)| middle(n, *status, &it.users));
            let (low, high) = lanes
                .iter()
                .copied()
                .chain(ends)
                .fold((f64::MAX, f64::MIN), |(low, high), x| {
                    (low.min(x), high.max(x))
                });
            if low < high {
                canvas.line(&[(low, *y), (high, *y)], class(Some(*status)));
            }
        }
        let after = bus + STEP * (self.statuses.len().max(1) - 1) as f64;
        let boxes = after + 22.0;
        let blocks: Vec<Block> = points
            .iter()
            .map(|it| egress_block(it, wide - 2.0 * PAD))
            .collect();
        let height = blocks.iter().map(Block::height).fold(0.0, f64::max);
        let end = boxes + height + PAD;
        self.vpc(canvas, &rectangle((left, top, inner, end - top)));
        let services: Vec<Block> = points
            .iter()
            .map(|it| service_block(it, wide - 2.0 * PAD))
            .collect();
        let service_height = services.iter().map(Block::height).fold(0.0, f64::max);
        let outside = end + 14.0;
        let at = outside + 22.0;
        // The lines cross the space above the services.
        let bottom = at + service_height + 26.0;
        canvas.area((left, outside, inner, bottom - outside), "subnet");
        let text = services_text(scene);
        canvas.text((left + PAD, bottom - 9.0), inner - 2.0 * PAD, QUIET, &text);
        for (n, ((point, block), service)) in points.iter().zip(&blocks).zip(&services).enumerate()
        {
            let x = start + n as f64 * (wide + GAP);
            canvas.area((x, boxes, wide, height), &egress_class(point));
            block.draw(canvas, (x, boxes));
            canvas.area((x, at, wide, service_height), "calm");
            service.draw(canvas, (x, at));
            for status in &point.users {
                let x = middle(n, *status, &point.users);
                if let Some((_, bus, _)) = buses.iter().find(|(own, ..)| own == status) {
                    arrow(canvas, (x, *bus), (x, boxes), *status, true);
                }
                arrow(
                    canvas,
                    (x, boxes + height),
                    (x, at),
                    *status,
                    *status != HopStatus::Fail,
                );
            }
        }
        bottom
    }

    /// Draws the egress points one below the other and the services on the right. Returns the bottom
    /// edge.
    fn egress_column(
        &self,
        canvas: &mut Canvas,
        scene: &Scene,
        points: &[EgressPoint],
        connections: &[Connection],
        (top, y): (f64, f64),
    ) -> f64 {
        let (left, inner) = (self.layout.margin(), self.layout.inner());
        let right = left + inner;
        let split = left + 216.0;
        let x = left + PAD + self.lanes + 10.0;
        let wide = split - PAD - x;
        let beside = split + 22.0;
        let mut below = y + 4.0;
        let label = Block::new(right - split - 20.0).add(QUIET, &services_text(scene));
        label.draw(canvas, (split + 8.0, y - 4.0));
        let mut ends: Vec<(HopStatus, f64)> = Vec::new();
        // The label is beside the first egress point, above its service.
        let mut least = label.height() - 4.0;
        for point in points {
            let block = egress_block(point, wide - 2.0 * PAD);
            let service = service_block(point, right - beside - 2.0 * PAD + 8.0);
            let height = block.height().max(service.height() + least);
            canvas.area((x, below, wide, height), &egress_class(point));
            block.draw(canvas, (x, below));
            let (at, tall) = (below + height - service.height(), service.height());
            canvas.area((beside, at, right - beside, tall), "calm");
            service.draw(canvas, (beside - 4.0, at));
            let mut line = at + tall / 2.0;
            #[allow(clippy::cast_precision_loss)] // at most three
            let count = point.users.len().max(1) as f64;
            line -= (count - 1.0) * STEP / 2.0;
            for status in &point.users {
                let lane = left + PAD + 8.0 + self.offset(*status);
                arrow(canvas, (lane, line), (x, line), *status, true);
                arrow(
                    canvas,
                    (x + wide, line),
                    (beside, line),
                    *status,
                    *status != HopStatus::Fail,
                );
                match ends.iter_mut().find(|(own, _)| own == status) {
                    Some((_, last)) => *last = line,
                    None => ends.push((*status, line)),
                }
                line += STEP;
            }
            below += height + PAD;
            least = 0.0;
        }
        for (status, end) in ends {
            let own = connections.iter().filter(|it| it.status == status);
            if let Some(first) = own.min_by(|one, other| one.from.total_cmp(&other.from)) {
                canvas.line(
                    &[(first.lane, first.from), (first.lane, end)],
                    class(Some(status)),
                );
            }
        }
        let shape = [
            (left, top),
            (right, top),
            (right, y - 6.0),
            (split, y - 6.0),
            (split, below),
            (left, below),
        ];
        self.vpc(canvas, &shape);
        below
    }
}

fn rectangle((x, y, w, h): Area) -> [(f64, f64); 4] {
    [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
}

fn services_text(scene: &Scene) -> String {
    let region = scene.region.as_deref().unwrap_or("the Region");
    format!("AWS services in {region}")
}

/// Draws a line along an axis. It ends with the head of an arrow, or with the sign of a failure.
fn arrow(canvas: &mut Canvas, from: (f64, f64), to: (f64, f64), status: HopStatus, arrives: bool) {
    let kind = class(Some(status));
    let ahead = ((to.0 - from.0).signum(), (to.1 - from.1).signum());
    let ahead = match from.0 == to.0 {
        true => (0.0, ahead.1),
        false => (ahead.0, 0.0),
    };
    let short = if arrives { 8.0 } else { 4.0 };
    canvas.line(
        &[from, (to.0 - short * ahead.0, to.1 - short * ahead.1)],
        kind,
    );
    match arrives {
        true => canvas.head((to.0 - ahead.0, to.1 - ahead.1), ahead, kind),
        false => canvas.sign((to.0 - 9.0 * ahead.0, to.1 - 9.0 * ahead.1), status),
    }
}

/// Draws the operator below the services, and returns the bottom edge.
fn operator(canvas: &mut Canvas, top: f64) -> f64 {
    let layout = canvas.layout;
    let (text, w) = match layout {
        Layout::Wide => ("Operator: aws ssm start-session", 300.0),
        Layout::Narrow => ("Operator", 120.0),
    };
    let block = Block::new(w - 2.0 * PAD).add(NAME, text);
    let (x, y) = (layout.width() - layout.margin() - w, top + 30.0);
    canvas.area((x, y, w, block.height()), "calm");
    block.draw(canvas, (x, y));
    let middle = x + w / 2.0;
    canvas.line(&[(middle, y), (middle, top + 8.0)], "way");
    canvas.head((middle, top + 2.0), (0.0, -1.0), "way");
    let note = "Agents and operator both connect to the services on TCP 443. Nothing connects into the \
                VPC.";
    let room = x - layout.margin() - 16.0;
    let lines = super::canvas::wrapped(note, QUIET, room, 5);
    let mut below = top + 30.0;
    for line in lines {
        canvas.text((layout.margin(), below), room, QUIET, &line);
        below += leading(QUIET);
    }
    (y + block.height()).max(below)
}
