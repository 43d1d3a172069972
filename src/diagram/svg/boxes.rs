//! The text of instances, egress points and services.

use super::super::scene::verdict_status;
use super::super::{EgressPoint, EgressPointKind, InstanceBox, Panel, several};
use super::canvas::{Block, NAME, PLAIN, QUIET, Type, class};
use crate::reachability::HopStatus;

const MAX_EGRESS_POINTS: usize = 5;

/// Returns the egress points that fit. The last one represents the rest.
pub(super) fn shown_egress_points(panel: &Panel) -> Vec<EgressPoint> {
    let mut points = panel.egress_points.clone();
    if points.len() > MAX_EGRESS_POINTS {
        let rest = points.split_off(MAX_EGRESS_POINTS - 1);
        let mut users: Vec<HopStatus> = rest.iter().flat_map(|it| it.users.clone()).collect();
        users.sort_by(|one, other| other.cmp(one));
        users.dedup();
        points.push(EgressPoint {
            services: rest.iter().flat_map(|it| it.services.clone()).collect(),
            name: format!("{} more", rest.len()),
            status: rest.iter().filter_map(|it| it.status).min(),
            users,
            ..EgressPoint::default()
        });
    }
    points
}

/// Returns the lines of an instance box. The second is the verdict.
pub(super) fn instance_lines(instance: &InstanceBox) -> Vec<(Type, String)> {
    let kind = if instance.scaled {
        "Auto Scaling: "
    } else {
        ""
    };
    let shown = if instance.names.len() > 5 { 4 } else { 5 };
    let verdict = match instance.failing {
        Some(hop) => format!("{}: {hop}", instance.verdict.as_str()),
        None => instance.verdict.as_str().to_owned(),
    };
    vec![
        (NAME, format!("{kind}{}", several(&instance.names, shown))),
        (PLAIN, verdict),
        (PLAIN, instance.type_and_image()),
        (
            QUIET,
            format!("security group {}", instance.security_groups),
        ),
        (QUIET, format!("role {}", instance.role)),
    ]
}

pub(super) fn instance_block(instance: &InstanceBox, w: f64) -> Block {
    let status = verdict_status(instance.verdict);
    let lines = instance_lines(instance).into_iter().enumerate();
    lines.fold(Block::new(w), |block, (n, (kind, text))| match n {
        1 => block.status(status, &text),
        _ => block.add(kind, &text),
    })
}

pub(super) fn egress_class(point: &EgressPoint) -> String {
    let kind = class(point.status);
    match point.kind {
        EgressPointKind::Missing | EgressPointKind::Unknown => format!("{kind} missing"),
        _ => kind.to_owned(),
    }
}

pub(super) fn egress_block(point: &EgressPoint, w: f64) -> Block {
    let kind = match point.kind {
        EgressPointKind::Interface => "interface endpoint",
        EgressPointKind::Gateway => "gateway endpoint",
        EgressPointKind::Internet => "route to the internet",
        EgressPointKind::Missing => "",
        EgressPointKind::Unknown => "unknown path",
    };
    let block = Block::new(w)
        .add(NAME, &point.name)
        .add(PLAIN, kind)
        .add(QUIET, &point.note);
    match (point.status, point.status_text()) {
        (Some(status), Some(text)) => {
            let sign = match point.fails_for.is_empty() {
                true => status,
                false => HopStatus::Fail,
            };
            block.status(sign, &text)
        }
        _ => block,
    }
}

pub(super) fn service_block(point: &EgressPoint, w: f64) -> Block {
    let small = Type { size: 12.0, ..NAME };
    let block = Block::new(w).add(small, &several(&point.services, 4));
    match point.status {
        None => block.add(QUIET, "not required for sessions"),
        Some(_) => block,
    }
}
