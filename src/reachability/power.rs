//! Commands that power off or restart the instance.

use super::shell::Step;
use super::ternary::Ternary;

/// What a command does with the power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Power {
    Off,
    Restart,
    /// It powers off later, or cancels that.
    Unclear,
}

/// Returns whether commands power off the instance, and removes them.
pub(super) fn powers_off(steps: &mut Vec<Step>) -> Ternary {
    let mut result = Ternary::No;
    steps.retain(|step| {
        let Some(power) = power(step) else {
            return true;
        };
        let off = match power {
            Power::Off if step.is_certain => Ternary::Yes,
            Power::Off | Power::Unclear => Ternary::Unknown,
            Power::Restart => Ternary::No,
        };
        // A command that cancels can have the last word.
        result = match (power, result) {
            (Power::Unclear, _) => Ternary::Unknown,
            (_, before) => before.or(off),
        };
        false
    });
    result
}

/// Returns whether a command restarts the instance.
pub(super) fn restarts(step: &Step) -> bool {
    power(step) == Some(Power::Restart)
}

fn power(step: &Step) -> Option<Power> {
    let words: Vec<String> = step
        .words
        .iter()
        .map(|it| it.text.to_ascii_lowercase())
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (name, arguments) = words.split_first()?;
    let name = name.rsplit(['/', '\\']).next()?.trim_end_matches(".exe");
    let has = |options: &[&str]| arguments.iter().any(|it| options.contains(it));
    let is_known = step.words.iter().all(|it| it.is_known);
    let power = match name {
        "poweroff" | "halt" if has(&["--help", "-w", "--wtmp-only"]) => return None,
        "poweroff" | "halt" if has(&["--reboot"]) => Power::Restart,
        "poweroff" | "halt" | "stop-computer" => Power::Off,
        "reboot" if has(&["-p", "--poweroff", "--halt"]) => Power::Off,
        "reboot" | "restart-computer" => Power::Restart,
        "init" | "telinit" if has(&["0"]) => Power::Off,
        "init" | "telinit" if has(&["6"]) => Power::Restart,
        "systemctl" if has(&["poweroff", "halt"]) => Power::Off,
        "systemctl" if has(&["reboot", "soft-reboot"]) => Power::Restart,
        "shutdown" => shutdown(arguments),
        _ => return None,
    };
    Some(if is_known { power } else { Power::Unclear })
}

fn shutdown(arguments: &[&str]) -> Power {
    let has = |options: &[&str]| arguments.iter().any(|it| options.contains(it));
    let is_short = |letter: char| {
        arguments.iter().any(|it| {
            it.strip_prefix(['-', '/'])
                .is_some_and(|it| !it.starts_with('-') && it.len() <= 3 && it.contains(letter))
        })
    };
    if is_short('r') || is_short('g') || has(&["--reboot"]) {
        return Power::Restart;
    }
    // It cancels, or only warns.
    if is_short('c') || is_short('a') || is_short('k') {
        return Power::Unclear;
    }
    let is_soon =
        |it: &&str| it.starts_with(['-', '/']) || ["now", "0", "+0", "1", "+1"].contains(it);
    // The text of a message, or a later time.
    match arguments.iter().all(is_soon) {
        true => Power::Off,
        false => Power::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::powers_off;
    use crate::reachability::shell::steps;
    use crate::reachability::ternary::Ternary;

    #[test]
    fn commands_that_power_off_are_found() {
        for (script, expected) in [
            ("touch /x\npoweroff", Ternary::Yes),
            ("sudo shutdown -h now", Ternary::Yes),
            ("shutdown", Ternary::Yes),
            ("systemctl poweroff", Ternary::Yes),
            ("init 0", Ternary::Yes),
            ("/sbin/halt -p", Ternary::Yes),
            ("trap x EXIT\nshutdown -P +1", Ternary::Yes),
            ("shutdown -h +60", Ternary::Unknown),
            ("shutdown -h 20:00", Ternary::Unknown),
            ("shutdown -h now\nshutdown -c", Ternary::Unknown),
            ("if [ -f /x ]; then poweroff; fi", Ternary::Unknown),
            ("yum -y update || poweroff", Ternary::Unknown),
            ("reboot", Ternary::No),
            ("shutdown -r now", Ternary::No),
            ("systemctl reboot", Ternary::No),
            ("echo poweroff", Ternary::No),
            ("exit 0\npoweroff", Ternary::No),
            ("systemctl stop nginx", Ternary::No),
        ] {
            let mut steps = steps(script).unwrap();
            assert_eq!(powers_off(&mut steps), expected, "{script}");
        }
    }
}
