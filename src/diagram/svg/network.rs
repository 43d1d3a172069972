//! The network: a box for the VPC with a column for each Availability Zone, the egress points below,
//! then the services, then the operator.

use super::super::{EgressPoint, EgressPointKind, InstanceBox, Panel, Scene, SubnetBox, several};
use super::canvas::{
    Area, Canvas, HEAD, MARGIN, NAME, PART, PLAIN, QUIET, Type, WIDTH, class, width,
};
use crate::reachability::{HopStatus, Verdict};

const GAP: f64 = 16.0;
const PAD: f64 = 16.0;
/// Width of the lane on the right of a column for the connections.
const LANE: f64 = 26.0;
const INSTANCE_HEIGHT: f64 = 86.0;
const EGRESS_POINT_HEIGHT: f64 = 92.0;
/// Number of columns in a row, boxes in a subnet, subnets in a column, and egress points of a VPC.
const MAX_COLUMNS: usize = 4;
const MAX_INSTANCES: usize = 5;
const MAX_SUBNETS: usize = 6;
const MAX_EGRESS_POINTS: usize = 6;
const MAX_PANELS: usize = 12;

/// Returns the status with the color of a verdict.
pub(super) const fn verdict_status(verdict: Verdict) -> HopStatus {
    match verdict {
        Verdict::Reachable => HopStatus::Pass,
        Verdict::Unreachable => HopStatus::Fail,
        Verdict::Unknown | Verdict::NotCreated => HopStatus::Unknown,
    }
}

/// Draws the network, and returns the bottom edge.
pub(super) fn draw(canvas: &mut Canvas, scene: &Scene, mut y: f64) -> f64 {
    let wide = WIDTH - 2.0 * MARGIN;
    canvas.text((MARGIN, y + 18.0), wide, HEAD, &scene.title);
    let region = match &scene.region {
        Some(region) => format!("in {region}"),
        None => "Region determined at deployment".to_owned(),
    };
    canvas.text(
        (MARGIN, y + 40.0),
        wide,
        QUIET,
        &format!("Session Manager: {}; {region}", scene.summary),
    );
    y += 56.0;
    for panel in scene.panels.iter().take(MAX_PANELS) {
        y = self::panel(canvas, scene, panel, y) + 24.0;
    }
    let more = scene.panels.len().saturating_sub(MAX_PANELS);
    if more > 0 {
        let text = format!("and {more} more VPCs with instances");
        canvas.text((MARGIN, y + 4.0), wide, PLAIN, &text);
        y += 24.0;
    }
    if !scene.empty_vpcs.is_empty() {
        let text = format!("VPCs without instances: {}", several(&scene.empty_vpcs, 6));
        canvas.text((MARGIN, y + 4.0), wide, QUIET, &text);
        y += 24.0;
    }
    y
}

fn subnet_height(subnet: &SubnetBox) -> f64 {
    let shown = subnet.instances.len().min(MAX_INSTANCES);
    let more = if subnet.instances.len() > MAX_INSTANCES {
        22.0
    } else {
        0.0
    };
    #[allow(clippy::cast_precision_loss)] // a handful
    let instances = shown as f64 * (INSTANCE_HEIGHT + 8.0);
    let interfaces = if subnet.interfaces.is_empty() {
        0.0
    } else {
        26.0
    };
    48.0 + instances + more + interfaces
}

#[allow(clippy::cast_precision_loss)] // a handful
fn panel(canvas: &mut Canvas, scene: &Scene, panel: &Panel, top: f64) -> f64 {
    let (left, right) = (MARGIN, WIDTH - MARGIN);
    let inner = right - left - 2.0 * PAD;
    let columns = panel.zones.len().clamp(1, MAX_COLUMNS);
    let column = (inner - (columns as f64 - 1.0) * GAP) / columns as f64;
    let mut y = top + 40.0;
    // The vertical lines of connections: the x coordinate of the lane, and the top edge.
    let mut lanes: Vec<(f64, f64)> = Vec::new();
    for row in panel.zones.chunks(MAX_COLUMNS) {
        let height = |subnets: &[SubnetBox]| {
            let shown = subnets.iter().take(MAX_SUBNETS);
            let more = if subnets.len() > MAX_SUBNETS {
                24.0
            } else {
                0.0
            };
            34.0 + shown.map(|it| subnet_height(it) + 10.0).sum::<f64>() + more
        };
        let tallest = row.iter().map(|it| height(&it.subnets)).fold(0.0, f64::max);
        for (n, zone) in row.iter().enumerate() {
            let x = left + PAD + n as f64 * (column + GAP);
            canvas.area((x, y, column, tallest), "zone");
            canvas.text(
                (x + 12.0, y + 20.0),
                column - 12.0 - LANE,
                QUIET,
                &zone.name,
            );
            let lane = x + column - 12.0;
            let mut below = y + 32.0;
            for subnet in zone.subnets.iter().take(MAX_SUBNETS) {
                let area = (x + 12.0, below, column - 12.0 - LANE, subnet_height(subnet));
                for from in self::subnet(canvas, subnet, area, lane) {
                    match lanes.iter_mut().find(|(own, _)| *own == lane) {
                        Some((_, high)) => *high = high.min(from),
                        None => lanes.push((lane, from)),
                    }
                }
                below += area.3 + 10.0;
            }
            let more = zone.subnets.len().saturating_sub(MAX_SUBNETS);
            if more > 0 {
                let text = format!("and {more} more subnets");
                canvas.text((x + 12.0, below + 12.0), column - 24.0, QUIET, &text);
            }
        }
        y += tallest + GAP;
    }
    if panel.zones.is_empty() {
        let text = "The file contains no subnet of an instance in this VPC.";
        canvas.text((left + PAD, y + 14.0), inner, QUIET, text);
        y += 30.0;
    }
    let bus = y + 26.0;
    let egress_points = shown_egress_points(panel);
    let count = egress_points.len().max(1) as f64;
    let wide = ((inner - (count - 1.0) * GAP) / count).min(330.0);
    let start = left + PAD + (inner - count * wide - (count - 1.0) * GAP) / 2.0;
    let left_of = |n: usize| start + n as f64 * (wide + GAP);
    let taken: Vec<f64> = egress_points
        .iter()
        .enumerate()
        .filter(|(_, it)| it.status.is_some())
        .map(|(n, _)| left_of(n) + wide / 2.0)
        .collect();
    for (lane, from) in &lanes {
        canvas.line(&[(*lane, *from), (*lane, bus)], "way");
    }
    let ends = lanes.iter().map(|(x, _)| *x).chain(taken.iter().copied());
    let (low, high) = ends.fold((f64::MAX, f64::MIN), |(low, high), x| {
        (low.min(x), high.max(x))
    });
    if low < high && !lanes.is_empty() {
        canvas.line(&[(low, bus), (high, bus)], "way");
    }
    let after = match egress_points.is_empty() {
        // Without egress points, there is nothing below.
        true => (y, y),
        false => egress_row(
            canvas,
            scene,
            &egress_points,
            (left_of(0), bus, wide),
            !lanes.is_empty(),
        ),
    };
    // The space above the line and left of the first lane is free.
    if let Some(first) = lanes.iter().map(|(lane, _)| *lane).reduce(f64::min) {
        let text = "The agents connect on TCP 443";
        canvas.text(
            (left + PAD, bus - 8.0),
            first - left - PAD - 8.0,
            PLAIN,
            text,
        );
    }
    let kind = if panel.is_in_file {
        "vpc"
    } else {
        "vpc unknown"
    };
    canvas.area((left, top, right - left, after.0 - top), kind);
    let name = format!("VPC {}", panel.vpc);
    let most = (right - left) * 0.7;
    canvas.text((left + PAD, top + 24.0), most, PART, &name);
    let beside = left + PAD + width(&name, PART.size, true).min(most) + 14.0;
    canvas.text(
        (beside, top + 24.0),
        right - beside - PAD,
        QUIET,
        &panel.note,
    );
    cards(canvas, panel, after.1 + 18.0)
}

/// Returns the egress points that fit. The last one represents the rest.
fn shown_egress_points(panel: &Panel) -> Vec<EgressPoint> {
    let mut egress_points = panel.egress_points.clone();
    if egress_points.len() > MAX_EGRESS_POINTS {
        let rest = egress_points.split_off(MAX_EGRESS_POINTS - 1);
        egress_points.push(EgressPoint {
            services: rest.iter().flat_map(|it| it.services.clone()).collect(),
            name: format!("{} more", rest.len()),
            kind: EgressPointKind::Interface,
            note: String::new(),
            status: rest.iter().filter_map(|it| it.status).min(),
            fails_for: Vec::new(),
        });
    }
    egress_points
}

/// Draws a subnet, and returns the y coordinates of its connections.
#[allow(clippy::cast_precision_loss)] // a handful
fn subnet(canvas: &mut Canvas, subnet: &SubnetBox, area: Area, lane: f64) -> Vec<f64> {
    let (x, y, w, _) = area;
    canvas.area(area, "subnet");
    canvas.text(
        (x + 10.0, y + 18.0),
        w - 20.0,
        NAME,
        &format!("subnet {}", subnet.name),
    );
    canvas.text((x + 10.0, y + 35.0), w - 20.0, QUIET, &subnet.note);
    let mut below = y + 44.0;
    let mut from = Vec::new();
    for member in subnet.instances.iter().take(MAX_INSTANCES) {
        let area = (x + 10.0, below, w - 20.0, INSTANCE_HEIGHT);
        self::instance(canvas, member, area);
        let middle = below + INSTANCE_HEIGHT / 2.0;
        let kind = class(Some(verdict_status(member.verdict)));
        canvas.line(&[(x + w - 10.0, middle), (lane, middle)], kind);
        from.push(middle);
        below += INSTANCE_HEIGHT + 8.0;
    }
    let rest = subnet.instances.iter().skip(MAX_INSTANCES);
    let more: usize = rest.map(|it| it.names.len()).sum();
    if more > 0 {
        let text = format!("and {more} more instances");
        canvas.text((x + 12.0, below + 12.0), w - 24.0, PLAIN, &text);
        below += 22.0;
    }
    if !subnet.interfaces.is_empty() {
        let text = named(&subnet.interfaces, "network interfaces: ", QUIET, w - 20.0);
        canvas.text((x + 10.0, below + 16.0), w - 20.0, QUIET, &text);
    }
    from
}

fn instance(canvas: &mut Canvas, member: &InstanceBox, area: Area) {
    let (x, y, w, _) = area;
    let status = verdict_status(member.verdict);
    canvas.area(area, class(Some(status)));
    let most = w - 20.0;
    let kind = if member.scaled { "Auto Scaling: " } else { "" };
    let names = named(&member.names, kind, NAME, most);
    canvas.text((x + 10.0, y + 19.0), most, NAME, &names);
    canvas.sign((x + 18.0, y + 35.0), status);
    let verdict = match member.failing {
        Some(hop) => format!("{}: {hop}", member.verdict.as_str()),
        None => member.verdict.as_str().to_owned(),
    };
    let paint = Type {
        class: class(Some(status)),
        ..PLAIN
    };
    canvas.text((x + 32.0, y + 39.0), most - 22.0, paint, &verdict);
    let groups = format!("security group {}", member.security_groups);
    canvas.text((x + 10.0, y + 58.0), most, QUIET, &groups);
    let role = format!("role {}", member.role);
    canvas.text((x + 10.0, y + 75.0), most, QUIET, &role);
}

/// Returns the names that fit, and the number of the others.
fn named(names: &[String], before: &str, kind: Type, most: f64) -> String {
    let text = |shown| format!("{before}{}", several(names, shown));
    let fits = |shown: &usize| width(&text(*shown), kind.size, kind.bold) <= most;
    let shown = (1..=4).rev().find(fits).unwrap_or(1);
    text(shown)
}

/// Draws the egress points and the services. Returns the bottom edges of the VPC and of the row.
#[allow(clippy::cast_precision_loss)] // a handful
fn egress_row(
    canvas: &mut Canvas,
    scene: &Scene,
    egress_points: &[EgressPoint],
    (start, bus, wide): (f64, f64, f64),
    has_connections: bool,
) -> (f64, f64) {
    let top = bus + 34.0;
    let end = top + EGRESS_POINT_HEIGHT + PAD;
    let services = end + 44.0;
    let (left, right) = (MARGIN, WIDTH - MARGIN);
    canvas.area((left, services - 12.0, right - left, 92.0), "subnet");
    for (n, point) in egress_points.iter().enumerate() {
        let x = start + n as f64 * (wide + GAP);
        let middle = x + wide / 2.0;
        let kind = class(point.status);
        self::egress_point(canvas, point, (x, top, wide, EGRESS_POINT_HEIGHT));
        if point.status.is_some() && has_connections {
            canvas.line(&[(middle, bus), (middle, top - 6.0)], kind);
            match point.status {
                Some(HopStatus::Fail) => canvas.sign((middle, top - 13.0), HopStatus::Fail),
                _ => canvas.head((middle, top - 1.0), (0.0, 1.0), kind),
            }
        }
        let reached = point.status != Some(HopStatus::Fail);
        canvas.area(
            (x, services, wide, 44.0),
            if reached { "calm" } else { "calm missing" },
        );
        if reached {
            canvas.line(
                &[
                    (middle, top + EGRESS_POINT_HEIGHT),
                    (middle, services - 6.0),
                ],
                kind,
            );
            canvas.head((middle, services - 1.0), (0.0, 1.0), kind);
        }
        let names = named(&point.services, "", NAME, wide - 20.0);
        canvas.middle((middle, services + 19.0), wide - 20.0, NAME, &names);
        let note = match (point.status, point.kind) {
            (Some(HopStatus::Fail), _) => "not reached",
            (_, EgressPointKind::Internet) => "public addresses",
            (_, EgressPointKind::Unknown) => "unknown path",
            (Some(HopStatus::Unknown), _) if !point.fails_for.is_empty() => "not reached by all",
            (Some(HopStatus::Unknown), _) => "unknown",
            (Some(HopStatus::Pass), _) => "reached by the agents",
            (None, _) => "not required for sessions",
        };
        canvas.middle((middle, services + 36.0), wide - 20.0, QUIET, note);
    }
    let region = scene.region.as_deref().unwrap_or("the region");
    canvas.text(
        (left + PAD, services + 67.0),
        right - left - 2.0 * PAD,
        PLAIN,
        &format!(
            "AWS services in {region}. Agent and operator both connect to ssmmessages: nothing \
             connects into the VPC."
        ),
    );
    let below = services + 80.0;
    let (x, w, y) = (WIDTH / 2.0 - 170.0, 340.0, below + 36.0);
    canvas.area((x, y, w, 48.0), "calm");
    canvas.middle((WIDTH / 2.0, y + 20.0), w - 20.0, NAME, "Operator");
    canvas.middle(
        (WIDTH / 2.0, y + 37.0),
        w - 20.0,
        QUIET,
        "aws ssm start-session",
    );
    canvas.line(&[(WIDTH / 2.0, y), (WIDTH / 2.0, below + 6.0)], "way");
    canvas.head((WIDTH / 2.0, below + 1.0), (0.0, -1.0), "way");
    let text = "connects on TCP 443: StartSession, then a WebSocket";
    canvas.text((WIDTH / 2.0 + 14.0, below + 23.0), 500.0, PLAIN, text);
    (end, y + 48.0)
}

fn egress_point(canvas: &mut Canvas, point: &EgressPoint, area: Area) {
    let (x, y, w, _) = area;
    let dashed = matches!(
        point.kind,
        EgressPointKind::Missing | EgressPointKind::Unknown
    );
    let kind = class(point.status);
    let shape = if dashed {
        format!("{kind} missing")
    } else {
        kind.to_owned()
    };
    canvas.area(area, &shape);
    let most = w - 20.0;
    let what = match point.kind {
        EgressPointKind::Interface => "endpoint for ",
        EgressPointKind::Gateway => "gateway endpoint for ",
        EgressPointKind::Internet => "route for ",
        EgressPointKind::Missing => "no endpoint for ",
        EgressPointKind::Unknown => "path to ",
    };
    let beside = point.status.is_none() && point.services.len() > 1;
    let (title, name) = match beside {
        true => (point.name.clone(), named(&point.services, "", PLAIN, most)),
        false => (named(&point.services, what, NAME, most), point.name.clone()),
    };
    canvas.text((x + 10.0, y + 19.0), most, NAME, &title);
    if point.kind != EgressPointKind::Missing {
        canvas.text((x + 10.0, y + 37.0), most, PLAIN, &name);
    }
    let note = match point.kind {
        EgressPointKind::Interface if !point.note.is_empty() => {
            format!("security group {}", point.note)
        }
        _ => point.note.clone(),
    };
    let below = if point.kind == EgressPointKind::Missing {
        37.0
    } else {
        55.0
    };
    canvas.text((x + 10.0, y + below), most, QUIET, &note);
    if let (Some(status), Some(status_text)) = (point.status, point.status_text()) {
        let status = if point.fails_for.is_empty() {
            status
        } else {
            HopStatus::Fail
        };
        canvas.sign((x + 18.0, y + 75.0), status);
        let paint = Type {
            class: class(Some(status)),
            ..PLAIN
        };
        canvas.text((x + 32.0, y + 79.0), most - 22.0, paint, &status_text);
    }
}

/// Draws security groups and roles.
#[allow(clippy::cast_precision_loss)] // a handful
fn cards(canvas: &mut Canvas, panel: &Panel, mut y: f64) -> f64 {
    const MAX: usize = 9;
    const LINES: usize = 5;
    if panel.cards.is_empty() {
        return y;
    }
    let wide = WIDTH - 2.0 * MARGIN;
    canvas.text((MARGIN, y + 12.0), wide, PART, "Security groups and roles");
    y += 24.0;
    let w = (wide - 2.0 * GAP) / 3.0;
    let shown = panel.cards.len().min(MAX);
    for row in panel.cards[..shown].chunks(3) {
        let lines = |n: usize| n.min(LINES) + usize::from(n > LINES);
        let most = row
            .iter()
            .map(|it| lines(it.lines.len()))
            .max()
            .unwrap_or(0);
        let h = 34.0 + most as f64 * 17.0;
        for (n, card) in row.iter().enumerate() {
            let x = MARGIN + n as f64 * (w + GAP);
            canvas.area((x, y, w, h), class(card.status));
            let room = if card.status.is_some() {
                w - 44.0
            } else {
                w - 20.0
            };
            let title = format!("{} {}", card.kind, card.name);
            canvas.text((x + 10.0, y + 19.0), room, NAME, &title);
            if let Some(status) = card.status {
                canvas.sign((x + w - 18.0, y + 16.0), status);
            }
            let mut below = y + 38.0;
            for line in card.lines.iter().take(LINES) {
                canvas.text((x + 10.0, below), w - 20.0, PLAIN, line);
                below += 17.0;
            }
            if card.lines.len() > LINES {
                let text = format!("and {} more", card.lines.len() - LINES);
                canvas.text((x + 10.0, below), w - 20.0, QUIET, &text);
            }
        }
        y += h + 12.0;
    }
    let more = panel.cards.len() - shown;
    if more > 0 {
        canvas.text((MARGIN, y + 8.0), wide, QUIET, &format!("and {more} more"));
        y += 18.0;
    }
    y
}
