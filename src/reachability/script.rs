//! The effect of user data, and of what it runs, on SSM Agent.

use super::HopStatus;
use super::cfn_init;
use super::firewall::{self, Verdict};
use super::graph_index::GraphIndex;
use super::hop::Connection;
use super::image::{Image, classify};
use super::instance::InstanceConfig;
use super::power;
use super::runs::Runs;
use super::script_text::{self, Lines, commands};
use super::setting::Setting;
use super::side_effects;
use super::ternary::Ternary;
use super::texts::ShownText;
use super::user_data::{self, System};
use super::windows;
use super::written_file::is_written;
use crate::ir::{Expr, Value};
use crate::region::regions;

/// The source of the agent in user data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A bucket in the Region, which a gateway endpoint serves.
    Region,
    /// A bucket in a specified Region, while the Region of the stack is unknown.
    NamedRegion,
    /// The internet.
    Internet,
}

/// A version of the agent, such as 3.3.40.0.
pub(crate) type Version = [u32; 4];

/// Returns the version of the agent that a script names.
pub(crate) fn version(text: &str) -> Option<Version> {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter(|line| line.contains("amazon-ssm") || line.contains("ec2-downloads-windows"));
    let numbers = |part: &str| {
        let parsed: Vec<u32> = part
            .trim_matches('.')
            .split('.')
            .map_while(|number| number.parse().ok())
            .collect();
        Version::try_from(parsed).ok()
    };
    lines
        .flat_map(|line| line.split(|c: char| !c.is_ascii_digit() && c != '.'))
        .find_map(numbers)
}

const USER_DATA: &str = "user data";
const INIT: &str = "the configuration of `cfn-init`";

/// The effect of user data on the agent.
#[derive(Clone)]
pub(crate) enum Script {
    Nothing,
    /// It, or the configuration with this name, stops or removes the agent.
    Removes(&'static str),
    /// It installs the agent, in a specified version or the latest.
    Installs(Source, Option<Version>),
    /// It can run what it downloads, and some parts can be missing.
    Unknown,
    /// The file shows nothing of it.
    Unread,
    /// One of its alternatives stops or removes the agent.
    MayRemove(&'static str),
    /// It does this, which ends the connections of the agent.
    Breaks(String),
    /// It can change this, which the connections of the agent depend on.
    Changes(&'static str),
}

pub(crate) fn script<'g>(index: &GraphIndex<'g>, instance: &InstanceConfig<'g>) -> Script {
    let value = match &instance.user_data {
        Setting::Unset => return Script::Nothing,
        Setting::Unknown(..) => &Value::Expr(Expr::Unknown("user data".into())),
        Setting::Known(_, _, value) => value,
    };
    let system = system(index, instance);
    let texts = index.texts(value).into_iter();
    let mut effects: Vec<Script> = texts
        .map(|it| with_init(index, instance, &it, system))
        .collect();
    let removes = |it: &Script| matches!(it, Script::Removes(_));
    let breaks = |it: &Script| matches!(it, Script::Breaks(_));
    let change = effects
        .iter()
        .position(|it| matches!(it, Script::Changes(_)));
    match effects.len() {
        1 => effects.swap_remove(0),
        _ if effects.iter().all(removes) => effects.swap_remove(0),
        _ if effects.iter().any(removes) => Script::MayRemove(USER_DATA),
        _ if effects.iter().all(breaks) => effects.swap_remove(0),
        _ if effects.iter().any(breaks) => {
            Script::Changes("the firewall or the power of the instance")
        }
        _ => match change {
            Some(at) => effects.swap_remove(at),
            None if effects.iter().any(|it| matches!(it, Script::Unread)) => Script::Unread,
            None => Script::Unknown,
        },
    }
}

/// Returns the effect of commands for the firewall and the power of the instance, and removes them.
fn host(runs: &mut Runs, system: System) -> Option<Script> {
    let firewall = match firewall::judge(&mut runs.steps, system, runs.is_windows) {
        Verdict::Passes => None,
        Verdict::Drops(what) => Some(Script::Breaks(format!(
            "drops traffic for {what} in the firewall of the instance"
        ))),
        Verdict::Unclear => Some(Script::Changes("a firewall")),
    };
    match power::powers_off(&mut runs.steps) {
        Ternary::Yes => Some(Script::Breaks("powers off the instance".to_owned())),
        Ternary::Unknown if !matches!(firewall, Some(Script::Breaks(_))) => {
            Some(Script::Changes("whether the instance runs"))
        }
        _ => firewall,
    }
}

/// Returns the operating system of an instance.
fn system(index: &GraphIndex<'_>, instance: &InstanceConfig<'_>) -> System {
    let Setting::Known(_, _, link) = &instance.image else {
        return System::Unknown;
    };
    match classify(index, link) {
        Image::WithAgent(name) | Image::WithoutAgent(name) => System::of_image(&name),
        Image::Opaque(_) => System::Unknown,
    }
}

/// Returns the effect of user data, and of the configurations that its calls of `cfn-init` apply.
fn with_init<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'g>,
    user_data: &ShownText,
    system: System,
) -> Script {
    let mut runs = user_data::read(user_data, system);
    let host = host(&mut runs, system);
    if let Some(broken @ Script::Breaks(_)) = host {
        return broken;
    }
    let mut lines = script_text::lines_of(&runs, user_data.is_complete);
    let source = user_data;
    let user_data = &lines.shown.clone();
    let with_host = |own: Script| match &host {
        Some(host) if !matches!(own, Script::Removes(_)) => host.clone(),
        _ => own,
    };
    let own = with_host(effect(index, &lines));
    let is_unclear = matches!(own, Script::Unknown | Script::Unread);
    let scripts = cfn_init::scripts(index, instance, user_data, is_unclear);
    if scripts.is_empty() {
        return own;
    }
    let reaches = reaches_cloudformation(index, instance, &user_data.text);
    // The file shows what these calls do.
    lines.shown.text = user_data.text.replace("cfn-init", "");
    let own = with_host(effect(index, &lines));
    if reaches.is_no() {
        return match own {
            own if !exits_on_error(&source.text) => own,
            // The script can end at the call.
            Script::Removes(by) => Script::MayRemove(by),
            Script::Installs(..) => Script::Unknown,
            own => own,
        };
    }
    let mut starts = starts_agent(&lines.shown.text);
    let mut effects = vec![own];
    for script in &scripts {
        let lines = script_text::lines(&script.text);
        starts |= starts_agent(&lines.shown.text);
        effects.push(match effect(index, &lines) {
            Script::Removes(_) if script.is_certain && reaches.is_yes() => Script::Removes(INIT),
            Script::Removes(_) | Script::MayRemove(_) => Script::MayRemove(INIT),
            Script::Installs(..) if !script.is_certain || !reaches.is_yes() => Script::Unknown,
            effect => effect,
        });
    }
    let rank = |it: &Script| match it {
        Script::Breaks(_) | Script::Changes(_) => 0,
        Script::Removes(_) => 1,
        Script::MayRemove(_) => 2,
        Script::Unread => 3,
        Script::Installs(..) => 4,
        Script::Unknown => 5,
        Script::Nothing => 6,
    };
    let installs = effects.iter().any(|it| matches!(it, Script::Installs(..)));
    match effects.into_iter().min_by_key(rank) {
        // The order of both is not evaluated.
        Some(Script::Removes(by)) if starts || installs => Script::MayRemove(by),
        worst => worst.unwrap_or(Script::Nothing),
    }
}

/// Returns the effect of commands that another resource runs on an instance.
pub(super) fn of_commands(index: &GraphIndex<'_>, commands: &ShownText) -> Script {
    effect(index, &script_text::lines(commands))
}

/// Returns whether `cfn-init` can read the configuration, which it gets from CloudFormation.
fn reaches_cloudformation<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'g>,
    text: &str,
) -> Ternary {
    let is_other = |line: &str| {
        let has = |option: &&str| line.contains(*option);
        line.contains("cfn-init") && ["proxy", "--url", " -u "].iter().any(has)
    };
    // A proxy or another address, also of the environment.
    if text.lines().any(is_other) || text.to_ascii_lowercase().contains("https_proxy") {
        return Ternary::Unknown;
    }
    let of_each = instance.placements.iter().map(|placement| {
        let connection = Connection::new(index, instance, placement, "cloudformation", None);
        let results = connection.check();
        Ternary::all(results.iter().map(|it| match it.status {
            HopStatus::Pass => Ternary::Yes,
            HopStatus::Fail => Ternary::No,
            HopStatus::Unknown => Ternary::Unknown,
        }))
    });
    Ternary::unanimous(of_each)
}

/// Returns whether a script ends with the first error.
fn exits_on_error(text: &str) -> bool {
    text.lines().map(str::trim).any(|line| {
        let is_shell = line.starts_with("#!") || line.starts_with("set ");
        let is_error = |it: &str| it == "errexit" || it.starts_with('-') && it.contains('e');
        is_shell && line.split_whitespace().any(is_error)
    })
}

/// The beginnings of commands that stop or remove what they name.
const REMOVALS: &[&str] = &[
    "systemctl stop",
    "systemctl disable",
    "systemctl mask",
    "yum remove",
    "yum -y remove",
    "yum erase",
    "dnf remove",
    "dnf -y remove",
    "apt-get remove",
    "apt-get purge",
    "dpkg -r",
    "dpkg -P",
    "rpm -e",
    "snap remove",
    "snap stop",
    "snap disable",
    "service amazon-ssm-agent stop",
];

/// Words of a script that names the agent and can stop, remove or move it.
const STOPS: &[&str] = &[
    "stop", "Stop-", "disable", "Disabled", " mask", "remove", "erase", "purge", "ninstall",
    "kill", "rpm -e", "dpkg -r", "dpkg -P",
];

/// Words of a script that registers the agent elsewhere, changes its settings or removes its package.
const MOVES: &[&str] = &["-register", "ssm-agent.json", "msiexec", "sc.exe config"];

/// The beginnings of commands that only read, print, wait or test.
const READERS: &[&str] = &[
    "echo ",
    "printf ",
    "logger ",
    "cat ",
    "tail ",
    "grep ",
    "journalctl ",
    "ps ",
    "pgrep ",
    "which ",
    "command -v ",
    "type ",
    "ls ",
    "test ",
    "[ ",
    "[[ ",
    "cd ",
    "mkdir ",
    "sleep ",
    "cfn-",
    "pidof ",
];

/// Words of a command that names the agent and leaves it running.
const HARMLESS: &[&str] = &[
    "install",
    "start",
    "systemctl enable",
    "status",
    "is-active",
    "is-enabled",
    "daemon-reload",
    "chkconfig",
    "curl ",
    "wget ",
    "aws s3 ",
    "rpm -q",
    "rpm -i",
    "rpm -u",
    "rpm -v",
    "dpkg -i",
    "dpkg -s",
    "dpkg -l",
    "update",
    "upgrade",
    "info",
    "list",
    "refresh",
    "packages",
    "version",
    "/var/log/",
    ".rpm",
    ".deb",
];

fn names_agent(text: &str) -> bool {
    text.contains("amazon-ssm-agent")
}

/// Returns whether a command names the agent and is not known to leave it running.
fn may_change_agent(command: &str) -> bool {
    if !names_agent(command) {
        return false;
    }
    let writes = regex_lite::Regex::new(r"[0-9&]?>>?\s*(/dev/null|/var/log/\S*|&[0-9])")
        .map(|it| it.replace_all(command, "").contains('>'))
        .unwrap_or(true);
    let lower = command.to_ascii_lowercase();
    let is_one_word = !command.contains(char::is_whitespace);
    let is_harmless = is_one_word
        || READERS.iter().any(|it| lower.starts_with(it))
        || HARMLESS.iter().any(|it| lower.contains(it));
    writes || !is_harmless
}

/// Returns whether a line is a command that stops or removes the agent.
fn runs_removal(text: &str) -> bool {
    let is_removal = |it: &str| names_agent(it) && REMOVALS.iter().any(|of| it.starts_with(of));
    // A command that runs only perhaps is a condition.
    let lines = text.lines().filter(|it| !it.starts_with("if "));
    lines.flat_map(commands).any(is_removal)
}

/// Returns whether a line of a script names the agent and contains one of the words.
fn line_does(text: &str, words: &[&str]) -> bool {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
        .any(|line| line.contains("amazon-ssm-agent") && words.iter().any(|w| line.contains(w)))
}

/// Returns whether a script downloads the agent to a file of another name, and then installs this file.
fn installs_download(text: &str, words: &[&str]) -> bool {
    let lines = || {
        text.lines()
            .map(str::trim)
            .filter(|it| !it.starts_with('#'))
    };
    let file = |line: &str| {
        let all: Vec<&str> = line.split_whitespace().collect();
        // Also the last of several letters, such as `-sSLo`.
        let is_short = |it: &str| {
            let letters = it.strip_prefix('-').filter(|it| !it.starts_with('-'));
            letters.is_some_and(|it| it.ends_with(['o', 'O']))
        };
        let is_option = |it: &&str| matches!(*it, "--output" | "-OutFile" | ">") || is_short(it);
        let named = all
            .iter()
            .position(is_option)
            .and_then(|at| all.get(at + 1));
        let copied = all.last().filter(|_| line.contains("s3 cp "));
        let name = named.or(copied)?.trim_matches(['"', '\'', ';']);
        (name.len() > 2 && !name.ends_with('/')).then(|| name.to_owned())
    };
    let files = lines()
        .enumerate()
        .filter(|(_, it)| it.contains("amazon-ssm-agent"))
        .filter_map(|(at, it)| Some((at, file(it)?)));
    let mut files = files.filter(|(_, it)| !it.contains("amazon-ssm-agent"));
    files.any(|(at, name)| {
        let mut later = lines().skip(at + 1);
        later.any(|it| it.contains(&name) && words.iter().any(|word| it.contains(word)))
    })
}

/// Words of a command that starts what it names.
const STARTS: &[&str] = &["start", "systemctl enable"];

/// The beginnings of commands that stop what they name until something starts it.
const STOP_ONLY: &[&str] = &[
    "systemctl stop",
    "stop ",
    "initctl stop",
    "snap stop amazon",
];

/// Returns what the last command does that starts or stops the agent.
fn last_starts<'t>(lines: impl Iterator<Item = &'t str>) -> Option<bool> {
    let has = |command: &str, words: &[&str]| words.iter().any(|it| command.contains(it));
    let prints = |it: &str| READERS.iter().any(|of| it.starts_with(of));
    let commands = lines
        .flat_map(commands)
        .filter(|it| names_agent(it) && !prints(it));
    let acts = commands.filter_map(|it| match (has(it, STOPS), has(it, STARTS)) {
        (true, _) => Some(false),
        (false, true) => Some(true),
        (false, false) => None,
    });
    acts.last()
}

/// Returns whether the last command starts the agent. A file that is written can run later.
fn starts_agent(text: &str) -> bool {
    let lines = || {
        text.lines()
            .map(str::trim)
            .filter(|it| !it.starts_with('#'))
    };
    let run = last_starts(lines().filter(|it| !is_written(it)));
    let written = last_starts(lines().filter(|it| is_written(it)));
    run == Some(true) && written != Some(false) || windows::starts(text)
}

/// Returns a script without the commands that remove the state of the agent before its last start. The
/// agent then registers again.
fn without_state(text: &str) -> std::borrow::Cow<'_, str> {
    let removal = r"\brm\s+(-\w+\s+)*(/var/lib/amazon/ssm(/[\w*-]*)*[ \t]*)+";
    let Ok(removal) = regex_lite::Regex::new(removal) else {
        return text.into();
    };
    match removal.find_iter(text).last() {
        Some(last) if text.get(last.end()..).is_some_and(starts_agent) => {
            removal.replace_all(text, "true ")
        }
        _ => text.into(),
    }
}

/// Returns the effect of a script, or of the part that the file shows.
fn effect(index: &GraphIndex<'_>, lines: &Lines) -> Script {
    let text = &without_state(&lines.shown.text);
    let complete = lines.shown.is_complete;
    let is_opaque = lines.is_opaque;
    let may_branch = lines.is_branched;
    if !complete && text.trim().is_empty() {
        return Script::Unread;
    }
    let starts = starts_agent(text);
    let is_branched = may_branch || text.contains("if ");
    if (runs_removal(text) || windows::removes(text)) && !starts && !may_branch {
        return Script::Removes(USER_DATA);
    }
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect();
    let has = |words: &[&str]| {
        words
            .iter()
            .any(|word| lines.iter().any(|it| it.contains(word)))
    };
    let is_named = has(&["ssm-agent", "AmazonSSMAgent"]);
    let stops = is_named && has(STOPS) || windows::may_remove(text);
    // Windows does not start a disabled service.
    if is_named && has(MOVES) || !starts && stops || windows::removes(text) {
        return Script::MayRemove(USER_DATA);
    }
    let run = lines.iter().filter(|it| !is_written(it));
    if let Some(what) = side_effects::change(text) {
        return Script::Changes(what);
    }
    // A stop before the last start has no effect, unless the start depends on a condition.
    let is_ordered = starts && !is_branched && !text.contains("||");
    let is_undone = |it: &str| is_ordered && STOP_ONLY.iter().any(|of| it.starts_with(of));
    if run
        .flat_map(|it| commands(it))
        .any(|it| may_change_agent(it) && !is_undone(it))
    {
        return Script::MayRemove(USER_DATA);
    }
    if is_opaque {
        return Script::Unread;
    }
    let words = [
        "install",
        "rpm -",
        "dpkg -i",
        "packages",
        "- amazon-ssm-agent",
    ];
    let installs = |text: &str| {
        line_does(text, &words)
            || installs_download(text, &words)
            || text.contains("AmazonSSMAgentSetup")
    };
    let run: Vec<&str> = lines.iter().copied().filter(|it| !is_written(it)).collect();
    if installs(text) && !installs(&run.join("\n")) {
        // A file that is written can run later, or never.
        return Script::Unknown;
    }
    if installs(text) {
        // A gateway endpoint does not serve the global bucket, which is in us-east-1.
        let global = text.contains("s3.amazonaws.com/ec2-downloads-windows")
            || text.contains("s3.amazonaws.com/amazon-ssm-");
        let named = regions().iter().find(|region| {
            let name = region.name;
            text.contains(&format!("s3.{name}.")) || text.contains(&format!("s3-{name}."))
        });
        let source = match (named, index.region()) {
            _ if global || text.contains("snap ") => Source::Internet,
            (None, _) => Source::Region,
            (Some(named), Some(known)) if named == known => Source::Region,
            (Some(_), Some(_)) => Source::Internet,
            (Some(_), None) => Source::NamedRegion,
        };
        return Script::Installs(source, version(text));
    }
    // A script can run the file that it downloads.
    let fetches = [
        "cfn-init",
        "curl ",
        "wget ",
        "aws s3 ",
        "ansible",
        "Invoke-WebRequest",
        "git clone",
    ];
    if !complete || text.contains("#include") || has(&fetches) {
        return Script::Unknown;
    }
    Script::Nothing
}
