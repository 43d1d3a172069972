//! Mermaid, which GitHub and other viewers draw.
//!
//! <https://mermaid.js.org/syntax/flowchart.html>
//! <https://mermaid.js.org/syntax/sequenceDiagram.html>

use std::fmt::Write as _;

use super::scene::verdict_status;
use super::sequence::{self, Party, Step};
use super::{EgressPoint, EgressPointKind, InstanceBox, Panel, Scene, several};
use crate::reachability::HopStatus;

/// Number of instance names in a box.
const MAX_NAMES: usize = 2;
/// Number of boxes in a subnet, subnets in an Availability Zone, and VPCs. Mermaid draws at most 500
/// edges and 50,000 characters.
const MAX_BOXES: usize = 3;
const MAX_SUBNETS: usize = 4;
const MAX_PANELS: usize = 4;
/// Number of security groups and roles. The report lists all of them.
const MAX_CARDS: usize = 6;

/// Escapes text for a quoted label or a message. Characters with a meaning in Mermaid become entities.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    let words: Vec<&str> = text.split_whitespace().collect();
    for c in words.join(" ").chars() {
        match c {
            ' ' | '-' | '_' | '.' | ',' | '/' => out.push(c),
            c if c.is_alphanumeric() => out.push(c),
            c if c.is_control() => {}
            c => {
                let _ = write!(out, "#{};", u32::from(c));
            }
        }
    }
    // A line that consists of this word ends a block.
    match out.eq_ignore_ascii_case("end") {
        true => format!("{out}#8203;"),
        false => out,
    }
}

/// Wraps a message, since Mermaid does not.
fn broken(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < 34 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    label(&lines)
}

/// Joins the lines of a label.
fn label(lines: &[&str]) -> String {
    let lines = lines.iter().filter(|it| !it.is_empty());
    let lines: Vec<String> = lines.map(|it| escaped(it)).collect();
    lines.join("<br/>")
}

fn class(status: HopStatus) -> &'static str {
    match status {
        HopStatus::Pass => "ok",
        HopStatus::Unknown => "doubt",
        HopStatus::Fail => "bad",
    }
}

/// Returns the sign of a status, for readers who do not see colors.
fn sign(status: HopStatus) -> &'static str {
    match status {
        HopStatus::Pass => "\u{2713}",
        HopStatus::Unknown => "?",
        HopStatus::Fail => "\u{2717}",
    }
}

/// Draws the network as a flowchart.
pub(super) fn network(scene: &Scene) -> String {
    let mut out = "flowchart TB\n".to_owned();
    let title = format!("{}: {}", scene.title, scene.summary);
    let _ = writeln!(out, "  accTitle: {}", escaped(&title));
    let _ = writeln!(
        out,
        "  accDescr: The agent and the operator both connect to Systems Manager."
    );
    let mut edges = Edges::default();
    for (n, panel) in scene.panels.iter().enumerate().take(MAX_PANELS) {
        self::panel(&mut out, &mut edges, n, panel);
    }
    let region = scene.region.as_deref().unwrap_or("the Region");
    let _ = writeln!(
        out,
        "  subgraph aws[\"{}\"]",
        label(&[&format!("AWS services in {region}")])
    );
    let mut services: Vec<&str> = vec!["ssm", "ssmmessages"];
    for point in scene
        .panels
        .iter()
        .take(MAX_PANELS)
        .flat_map(|it| &it.egress_points)
    {
        for service in &point.services {
            if !services.contains(&service.as_str()) {
                services.push(service);
            }
        }
    }
    let rest = services.split_off(services.len().min(4));
    for (n, service) in services.iter().enumerate() {
        let _ = writeln!(out, "    s{n}[\"{}\"]", label(&[service]));
    }
    if !rest.is_empty() {
        let names: Vec<String> = rest.iter().map(|it| (*it).to_owned()).collect();
        let _ = writeln!(
            out,
            "    s{}[\"{}\"]",
            services.len(),
            label(&[&several(&names, 3)])
        );
    }
    out.push_str("  end\n");
    let _ = writeln!(
        out,
        "  operator([\"{}\"])",
        label(&["Operator", "aws ssm start-session"])
    );
    for (n, panel) in scene.panels.iter().enumerate().take(MAX_PANELS) {
        for (m, point) in panel.egress_points.iter().enumerate() {
            let mut to: Vec<usize> = point
                .services
                .iter()
                .map(|it| {
                    let own = services.iter().position(|service| service == it);
                    own.unwrap_or(services.len())
                })
                .collect();
            to.dedup();
            for to in to {
                let to = format!("s{to}");
                for status in &point.users {
                    edges.add(*status, &format!("d{n}x{m}"), &to, true);
                }
                if point.status.is_none() {
                    edges.plain(&format!("d{n}x{m} --> {to}"));
                }
            }
        }
    }
    edges.plain(&format!(
        "operator -- \"{}\" --> s0",
        label(&["StartSession"])
    ));
    edges.plain(&format!("operator -- \"{}\" --> s1", label(&["WebSocket"])));
    edges.write(&mut out);
    let more = scene.panels.len().saturating_sub(MAX_PANELS);
    if more > 0 {
        let text = format!("and {more} more VPCs with instances");
        let _ = writeln!(out, "  panels[\"{}\"]:::quiet", label(&[&text]));
    }
    if !scene.empty_vpcs.is_empty() {
        let names = several(&scene.empty_vpcs, 3);
        let _ = writeln!(
            out,
            "  more[\"{}\"]:::quiet",
            label(&["VPCs without instances", &names])
        );
    }
    out.push_str(
        "  classDef ok fill:#dafbe1,stroke:#116329,color:#0b2e13\n  \
         classDef doubt fill:#fff8c5,stroke:#7d4e00,color:#3b2300,stroke-dasharray:5 3\n  \
         classDef bad fill:#ffebe9,stroke:#a40e26,color:#4a0410,stroke-width:3px\n  \
         classDef quiet fill:#f6f8fa,stroke:#57606a,color:#24292f\n",
    );
    out
}

/// The edges, with the color of each: Mermaid styles an edge by its number.
#[derive(Default)]
struct Edges {
    hidden: usize,
    lines: Vec<(String, Option<HopStatus>)>,
}

impl Edges {
    /// Adds a part of the path of instances. The last part shows whether the path arrives.
    fn add(&mut self, status: HopStatus, from: &str, to: &str, is_last: bool) {
        let arrow = match status {
            HopStatus::Pass => "==>".to_owned(),
            HopStatus::Unknown if is_last => "-. \"?\" .->".to_owned(),
            HopStatus::Fail if is_last => format!("-. \"{}\" .-x", sign(status)),
            HopStatus::Unknown | HopStatus::Fail => "-.->".to_owned(),
        };
        self.lines
            .push((format!("{from} {arrow} {to}"), Some(status)));
    }

    fn plain(&mut self, line: &str) {
        self.lines.push((line.to_owned(), None));
    }

    fn write(&self, out: &mut String) {
        for (line, _) in &self.lines {
            let _ = writeln!(out, "  {line}");
        }
        for status in [HopStatus::Pass, HopStatus::Unknown, HopStatus::Fail] {
            let own = self
                .lines
                .iter()
                .enumerate()
                .filter(|(_, it)| it.1 == Some(status));
            let numbers: Vec<String> = own.map(|(n, _)| (self.hidden + n).to_string()).collect();
            if !numbers.is_empty() {
                let color = match status {
                    HopStatus::Pass => "#1a7f37",
                    HopStatus::Unknown => "#9a6700",
                    HopStatus::Fail => "#cf222e",
                };
                let numbers = numbers.join(",");
                let _ = writeln!(out, "  linkStyle {numbers} stroke:{color},stroke-width:2px");
            }
        }
    }
}

fn panel(out: &mut String, edges: &mut Edges, n: usize, panel: &Panel) {
    let _ = writeln!(
        out,
        "  subgraph v{n}[\"{}\"]",
        label(&[&format!("VPC {} {}", panel.vpc, panel.note)])
    );
    let mut instances: Vec<(String, HopStatus)> = Vec::new();
    for (z, zone) in panel.zones.iter().enumerate() {
        let _ = writeln!(out, "    subgraph v{n}z{z}[\"{}\"]", label(&[&zone.name]));
        for (s, subnet) in zone.subnets.iter().enumerate().take(MAX_SUBNETS) {
            let title = format!("subnet {} {}", subnet.name, subnet.note);
            let _ = writeln!(out, "      subgraph v{n}z{z}s{s}[\"{}\"]", label(&[&title]));
            let (shown, rest) = subnet
                .instances
                .split_at(subnet.instances.len().min(MAX_BOXES));
            for (h, instance) in shown.iter().enumerate() {
                let id = format!("h{n}x{z}x{s}x{h}");
                let _ = writeln!(
                    out,
                    "        {id}[\"{}\"]:::{}",
                    instance_label(instance),
                    class(verdict_status(instance.verdict))
                );
                instances.push((id, verdict_status(instance.verdict)));
            }
            let more: usize = rest.iter().map(|it| it.names.len()).sum();
            if more > 0 {
                let _ = writeln!(
                    out,
                    "        h{n}x{z}x{s}more[\"{}\"]:::quiet",
                    label(&[&format!("and {more} more")])
                );
            }
            let interfaces = match subnet.interfaces.as_slice() {
                [] if subnet.instances.is_empty() => "not on the path".to_owned(),
                [] => String::new(),
                of => format!("network interfaces of {}", several(of, 3)),
            };
            if !interfaces.is_empty() {
                let _ = writeln!(
                    out,
                    "        i{n}x{z}x{s}[\"{}\"]:::quiet",
                    label(&[&interfaces])
                );
            }
            out.push_str("      end\n");
        }
        let more = zone.subnets.len().saturating_sub(MAX_SUBNETS);
        if more > 0 {
            let text = format!("and {more} more subnets");
            let _ = writeln!(out, "      z{n}x{z}more[\"{}\"]:::quiet", label(&[&text]));
        }
        out.push_str("    end\n");
    }
    for (m, point) in panel.egress_points.iter().enumerate() {
        self::egress_point(out, n, m, point);
    }
    // The path of an instance has one color: a node for each status joins the edges.
    let mut statuses: Vec<HopStatus> = instances.iter().map(|(_, it)| *it).collect();
    statuses.sort_by(|one, other| other.cmp(one));
    statuses.dedup();
    for status in &statuses {
        let text = label(&[&format!("{} agents on TCP 443", sign(*status))]);
        let _ = writeln!(out, "    o{n}{0}([\"{text}\"]):::{0}", class(*status));
    }
    cards(out, edges, n, panel);
    out.push_str("  end\n");
    for (id, status) in &instances {
        edges.add(*status, id, &format!("o{n}{}", class(*status)), false);
    }
    for (m, point) in panel.egress_points.iter().enumerate() {
        for status in &point.users {
            let hub = format!("o{n}{}", class(*status));
            edges.add(*status, &hub, &format!("d{n}x{m}"), false);
        }
    }
}

/// Draws the security groups and roles, one below the other.
fn cards(out: &mut String, edges: &mut Edges, n: usize, panel: &Panel) {
    if panel.cards.is_empty() {
        return;
    }
    let text = label(&["security groups and roles"]);
    let _ = writeln!(out, "    subgraph c{n}[\"{text}\"]\n      direction TB");
    let shown = panel.cards.len().min(MAX_CARDS);
    for (c, card) in panel.cards[..shown].iter().enumerate() {
        let mut lines = vec![format!("{} {}", card.kind, card.name)];
        lines.extend(card.lines.iter().take(4).cloned());
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let _ = writeln!(
            out,
            "      c{n}x{c}[\"{}\"]:::{}",
            label(&lines),
            card.status.map_or("quiet", class)
        );
    }
    for c in 1..shown {
        let _ = writeln!(out, "      c{n}x{} ~~~ c{n}x{c}", c - 1);
        edges.hidden += 1;
    }
    out.push_str("    end\n");
}

fn instance_label(instance: &InstanceBox) -> String {
    let verdict = match instance.failing {
        Some(hop) => format!("{}: {hop} {}", instance.verdict.as_str(), HopStatus::Fail),
        None => instance.verdict.as_str().to_owned(),
    };
    let kind = if instance.scaled {
        "Auto Scaling group "
    } else {
        ""
    };
    label(&[
        &format!("{kind}{}", several(&instance.names, MAX_NAMES)),
        &verdict,
        &instance.type_and_image(),
        &format!("security group: {}", instance.security_groups),
        &format!("role: {}", instance.role),
    ])
}

fn egress_point(out: &mut String, n: usize, m: usize, point: &EgressPoint) {
    let what = match point.kind {
        EgressPointKind::Interface => "interface endpoint",
        EgressPointKind::Gateway => "gateway endpoint",
        EgressPointKind::Internet => "route to the internet",
        EgressPointKind::Missing => "",
        EgressPointKind::Unknown => "unknown path",
    };
    let _ = writeln!(
        out,
        "    d{n}x{m}[\"{}\"]:::{}",
        label(&[
            &point.name,
            what,
            &point.note,
            &point.status_text().unwrap_or_default(),
        ]),
        point.status.map_or("quiet", class)
    );
}

/// Draws the sequence.
pub(super) fn sequence(scene: &Scene) -> String {
    let path = sequence::shown_path(scene);
    let mut out = "sequenceDiagram\n".to_owned();
    let who = path.map_or(String::new(), |it| {
        format!(
            " to {}: {}",
            several(&it.names, MAX_NAMES),
            it.verdict.as_str()
        )
    });
    let _ = writeln!(
        out,
        "  title {}",
        escaped(&format!("From the operator{who}"))
    );
    let _ = writeln!(
        out,
        "  accTitle: {}",
        escaped(&format!("From the operator{who}"))
    );
    out.push_str("  autonumber\n");
    let id = |party: Party| match party {
        Party::Operator => "operator",
        Party::Ssm => "ssm",
        Party::Messages => "messages",
        Party::EgressPoint => "egress",
        Party::Agent => "agent",
        Party::Local => "local",
    };
    for &party in Party::ALL {
        let (first, second) = party.label(path);
        let _ = writeln!(
            out,
            "  participant {} as {}<br/>{}",
            id(party),
            escaped(first),
            escaped(second)
        );
    }
    for step in sequence::steps(scene) {
        let Step { from, to, .. } = step;
        let arrow = match (step.is_bidirectional, step.status) {
            (true, _) => "<<->>",
            (false, Some(HopStatus::Fail)) => "--x",
            (false, Some(HopStatus::Unknown)) => "-->>",
            (false, _) => "->>",
        };
        let status_text = step.status.map_or(String::new(), |it| {
            format!("{} ", sign(it).replace('?', "#63;"))
        });
        let text = format!("{status_text}{}", broken(&step.text));
        // A failing step ends where it fails. An unknown one continues.
        match step.through {
            Some(point) if step.status == Some(HopStatus::Fail) => {
                let _ = writeln!(out, "  {}{arrow}{}: {text}", id(from), id(point));
            }
            Some(point) => {
                let _ = writeln!(out, "  {}{arrow}{}: {text}", id(from), id(point));
                let _ = writeln!(out, "  {}{arrow}{}: continues", id(point), id(to));
            }
            None => {
                let _ = writeln!(out, "  {}{arrow}{}: {text}", id(from), id(to));
            }
        }
    }
    if let Some(mark) = path.and_then(|it| it.worst()) {
        let _ = writeln!(
            out,
            "  note over operator,local: {}",
            escaped(&format!("{} {}: {}", mark.hop, mark.status, mark.detail()))
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn labels_are_escaped() {
        let hostile = "a\"] --> x; %%{init}%% <script>`\n  end #x style: #";
        let text = escaped(hostile);
        for sign in ['"', ']', '>', '<', '%', '{', '`', '\n', ':'] {
            assert!(!text.contains(sign), "{text}");
        }
        assert_eq!(escaped("end"), "end#8203;");
    }
}
