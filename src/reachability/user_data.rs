//! The parts of user data that an instance runs, by operating system and format.
//!
//! <https://cloudinit.readthedocs.io/en/latest/explanation/format.html>
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::cloud_config;
use super::runs::Runs;
use super::texts::ShownText;
use super::windows;

/// The operating system, as far as the image shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum System {
    /// Linux with cloud-init, and these tools of the firewall.
    Linux(&'static [&'static str]),
    Windows,
    Unknown,
}

impl System {
    /// Returns the system of a published image.
    pub(super) fn of_image(name: &str) -> System {
        let lower = name.to_ascii_lowercase();
        let has = |part: &str| lower.contains(part);
        if has("windows") {
            return System::Windows;
        }
        if has("ubuntu") {
            return System::Linux(&["iptables", "ufw"]);
        }
        // Docker needs it.
        if has("amzn2-") || has("/ecs/optimized-ami/amazon-linux") {
            return System::Linux(&["iptables"]);
        }
        let is_linux = [
            "al2023",
            "amzn",
            "amazon-linux",
            "debian",
            "rhel",
            "centos",
            "rocky",
            "alma",
            "suse",
            "sles",
            "fedora",
        ];
        match is_linux.iter().any(|it| has(it)) {
            true => System::Linux(&[]),
            false => System::Unknown,
        }
    }

    pub(super) fn is_linux(self) -> bool {
        matches!(self, System::Linux(_))
    }

    /// Returns whether the image includes a tool of the firewall.
    pub(super) fn has(self, tool: &str) -> bool {
        matches!(self, System::Linux(tools) if tools.contains(&tool))
    }
}

/// Shells whose syntax is that of sh.
const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "ksh", "zsh"];

/// Returns what user data runs.
pub(super) fn read(script: &ShownText, system: System) -> Runs {
    // The missing part can begin or end a command.
    if !script.is_complete {
        return Runs::unread(&script.text);
    }
    let text = script.text.replace("\r\n", "\n");
    let lower = text.to_ascii_lowercase();
    let has_tag = windows::TAGS.iter().any(|it| lower.contains(it));
    match system {
        System::Windows => windows::scripts(&text),
        System::Unknown if has_tag => windows::scripts(&text),
        _ => {
            let mut runs = Runs::default();
            add(&mut runs, &text, system);
            runs
        }
    }
}

fn add(runs: &mut Runs, text: &str, system: System) {
    let start: String = text.trim_start().chars().take(4096).collect();
    let start = start.to_ascii_lowercase();
    if start.contains("mime-version:") {
        match archive(text) {
            Some(parts) => parts.iter().for_each(|it| add_part(runs, it, system)),
            None => runs.add(text),
        }
    } else if let Some(first) = start.strip_prefix("#!") {
        let first = first.lines().next().unwrap_or_default();
        let mut words = first.split_whitespace().map(|it| it.rsplit('/').next());
        let interpreter = match words.next().flatten() {
            Some("env") => words.next().flatten(),
            other => other,
        };
        match interpreter.is_some_and(|it| SHELLS.contains(&it)) {
            true => runs.script(text),
            false => runs.add(text),
        }
    } else if start.starts_with("#cloud-config\n") || start.trim_end() == "#cloud-config" {
        cloud_config::add(runs, text);
    } else if HEADERS.iter().any(|it| start.starts_with(it)) || !system.is_linux() {
        runs.add(text);
    }
    // cloud-init ignores other text.
}

/// The beginnings of other formats.
const HEADERS: &[&str] = &[
    "#cloud-",
    "#include",
    "#part-handler",
    "#upstart-job",
    "## template:",
    "content-type:",
];

/// A part of a MIME archive.
struct Part {
    content_type: String,
    text: String,
}

fn add_part(runs: &mut Runs, part: &Part, system: System) {
    match part.content_type.as_str() {
        "text/x-shellscript" | "text/plain" | "" => {
            let starts = ["#", "\n"].iter().any(|it| part.text.starts_with(it));
            match part.content_type == "text/x-shellscript" && !starts {
                true => runs.add(&part.text),
                false => add(runs, part.text.trim_start_matches('\n'), system),
            }
        }
        "text/cloud-config" => cloud_config::add(runs, &part.text),
        _ => runs.add(&part.text),
    }
}

/// Returns the parts of a MIME archive.
fn archive(text: &str) -> Option<Vec<Part>> {
    let text = text.trim_start();
    let header = text.split("\n\n").next()?;
    let (_, boundary) = header.split_once("boundary=")?;
    let boundary = boundary.trim_start_matches('"');
    let end = boundary
        .find(['"', ';', '\n', ' '])
        .unwrap_or(boundary.len());
    let boundary = boundary.get(..end).filter(|it| !it.is_empty())?;
    let body = text.get(header.len()..)?;
    let separator = format!("--{boundary}");
    let last = format!("--{boundary}--");
    let (mut parts, mut current) = (Vec::new(), None::<String>);
    for line in body.lines() {
        let line_end = line.trim_end();
        if line_end == separator || line_end == last {
            parts.extend(current.take());
            if line_end == last {
                break;
            }
            current = Some(String::new());
        } else if let Some(part) = &mut current {
            part.push_str(line);
            part.push('\n');
        }
    }
    parts.extend(current);
    parts.iter().map(|it| part(it)).collect()
}

fn part(text: &str) -> Option<Part> {
    let (header, body) = match text.strip_prefix('\n') {
        Some(body) => ("", body),
        None => text.split_once("\n\n")?,
    };
    let field = |name: &str| {
        let found = header.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.trim().eq_ignore_ascii_case(name).then_some(value)
        });
        let value = found
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default();
        value.trim().to_ascii_lowercase()
    };
    let text = match field("content-transfer-encoding").as_str() {
        "" | "7bit" | "8bit" | "binary" => body.to_owned(),
        "base64" => {
            let compact: String = body.split_whitespace().collect();
            String::from_utf8(STANDARD.decode(compact).ok()?).ok()?
        }
        _ => return None,
    };
    Some(Part {
        content_type: field("content-type"),
        text,
    })
}
