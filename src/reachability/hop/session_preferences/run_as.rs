//! Run As: the user that sessions use.
//!
//! The agent does not create the user, and rejects a session without it. The tag `SSMSessionRunAs` of
//! an operator overrides the user of the preferences.
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/session-preferences-run-as.html>

use super::{HOP, flag, input_value};
use crate::ir::{NodeId, Value};
use crate::reachability::graph_index::GraphIndex;
use crate::reachability::image::{self, Users, classify};
use crate::reachability::instance::InstanceConfig;
use crate::reachability::script_text::{self, commands};
use crate::reachability::setting::Setting;
use crate::reachability::ternary::Ternary;
use crate::reachability::written_file;
use crate::reachability::{Fix, HopResult, HopStatus};
use crate::resource::{Association, Document, Map, RawValue, Role};

/// The tag of an operator with the user of their sessions.
const TAG: &str = "SSMSessionRunAs";

/// Accounts that an image can have for its services.
const SYSTEM: &[&str] = &[
    "root",
    "adm",
    "backup",
    "bin",
    "chrony",
    "daemon",
    "dbus",
    "ftp",
    "games",
    "gnats",
    "halt",
    "irc",
    "list",
    "lp",
    "lxd",
    "mail",
    "man",
    "messagebus",
    "news",
    "nobody",
    "operator",
    "postfix",
    "proxy",
    "rpc",
    "rpcuser",
    "shutdown",
    "sshd",
    "sync",
    "sys",
    "syslog",
    "tcpdump",
    "tss",
    "uucp",
    "uuidd",
    "www-data",
];

/// Words of user data that can create users which the file does not show.
const HIDDEN: &[&str] = &[
    "cfn-init",
    "curl ",
    "wget ",
    "aws s3",
    "aws ssm",
    "git clone",
    "ansible",
    "chef",
    "puppet",
    "realm ",
    "sssd",
    "ldap",
    "#include",
    "newusers",
];

/// Checks that the user of Run As exists.
pub(super) fn check(
    index: &GraphIndex<'_>,
    instance: &InstanceConfig<'_>,
    (at, document): (NodeId, &Document),
    inputs: &Map<'_>,
) -> Option<HopResult> {
    let enabled = flag(inputs, "runAsEnabled");
    if enabled.is_no() {
        return None;
    }
    let image = match &instance.image {
        Setting::Known(_, _, link) => classify(index, link).into_name(),
        Setting::Unknown(..) | Setting::Unset => "unknown".to_owned(),
    };
    let users = image::users(&image);
    if users == Users::NoRunAs {
        return None;
    }
    let unknown = |detail: String| HopResult::unknown(HOP, detail);
    let user = match input_value(inputs, "runAsDefaultUser") {
        None => {
            return Some(unknown(format!(
                "sessions fail for each operator without the tag `{TAG}`: Run As has no default user"
            )));
        }
        Some(None) => None,
        Some(Some(expr)) => match index.texts(&Value::Expr(expr)).as_slice() {
            [one] if one.is_complete && !one.text.is_empty() => Some(one.text.clone()),
            _ => None,
        },
    };
    let Some(user) = user else {
        return Some(unknown(
            "the file does not show the user of Run As".to_owned(),
        ));
    };
    let exists = match (of_image(&users, &user), of_script(index, instance, &user)) {
        (_, Some(by_script)) => by_script,
        (of_image, None) => of_image,
    };
    // A command of State Manager can create the user, and a tag in the file can name another one.
    let is_created = index.all::<Association>().next().is_some() || has_tag(index);
    Some(match exists {
        Ternary::Yes => HopResult::pass(
            HOP,
            format!("image `{image}` has user `{user}`, or user data creates it"),
        ),
        Ternary::No if !is_created => {
            let status = match enabled {
                Ternary::Yes => HopStatus::Fail,
                _ => HopStatus::Unknown,
            };
            let detail = format!(
                "sessions run as user `{user}`, which image `{image}` does not have, and user data does \
                 not create it"
            );
            HopResult::new(HOP, status, detail).fix(fix(&users, (at, document)))
        }
        _ => unknown(format!(
            "the file does not show whether user `{user}` exists, which sessions run as"
        )),
    })
}

fn fix(users: &Users, (at, document): (NodeId, &Document)) -> Fix {
    let mut content = document.content.0.clone();
    let (Users::Known(user), RawValue::Object(map)) = (users, &mut content) else {
        return Fix::manual("set `runAsDefaultUser` to a user of the image");
    };
    if let Some(RawValue::Object(inputs)) = map.get_mut("inputs")
        && let Some(value) = inputs.get_mut("runAsDefaultUser")
    {
        *value = RawValue::str(*user);
    }
    Fix::set(at, "content", RawValue::Json(Box::new(content)))
}

fn of_image(users: &Users, user: &str) -> Ternary {
    match users {
        Users::Known(own) if *own == user => Ternary::Yes,
        Users::Known(_) if SYSTEM.contains(&user) || user.starts_with("systemd-") => {
            Ternary::Unknown
        }
        Users::Known(_) => Ternary::No,
        Users::NoRunAs | Users::Unknown => Ternary::Unknown,
    }
}

/// Returns whether the user exists after user data, or none if user data does not affect it.
fn of_script(index: &GraphIndex<'_>, instance: &InstanceConfig<'_>, user: &str) -> Option<Ternary> {
    let texts = match &instance.user_data {
        Setting::Unset => return None,
        Setting::Unknown(..) => return Some(Ternary::Unknown),
        Setting::Known(_, _, value) => index.texts(value),
    };
    let of_each: Vec<Option<Ternary>> = texts
        .iter()
        .map(|text| {
            let lines = script_text::lines(text);
            let is_hidden = lines.is_opaque || !lines.shown.is_complete;
            effect(&lines.shown.text, user).or(is_hidden.then_some(Ternary::Unknown))
        })
        .collect();
    match of_each.as_slice() {
        [first, rest @ ..] if rest.iter().all(|it| it == first) => *first,
        _ => Some(Ternary::Unknown),
    }
}

/// Returns whether the user exists after a script, or none if the script does not affect it.
fn effect(text: &str, user: &str) -> Option<Ternary> {
    let words = |line: &str| {
        let parts = line.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ':'));
        parts.map(str::to_owned).collect::<Vec<_>>()
    };
    let is_named = |line: &str| words(line).iter().any(|it| it == user);
    let run = || {
        text.lines()
            .filter(|it| !written_file::is_written(it) && !it.trim_start().starts_with('#'))
    };
    let starts = |command: &str, with: &[&str]| {
        let first = command.split_whitespace().next().unwrap_or_default();
        with.contains(&first.rsplit('/').next().unwrap_or_default())
    };
    let has = |with: &[&str]| {
        let mut all = run().flat_map(commands);
        all.any(|it| starts(it, with) && is_named(it))
    };
    let is_config = text.starts_with("#cloud-config");
    // Cloud-init creates these users, and the user of the image only as `default`.
    let lists = is_config
        && run().any(|it| {
            matches!(it.trim_end(), "users:" | "system_info:") || it.starts_with("user:")
        });
    let in_config = lists && run().any(|it| it.trim_start().starts_with("- name:") && is_named(it));
    let renames = run()
        .flat_map(commands)
        .any(|it| starts(it, &["usermod"]) && (it.contains(" -l") || it.contains("--login")));
    if has(&["userdel", "deluser"]) || renames {
        Some(Ternary::Unknown)
    } else if in_config || has(&["useradd", "adduser"]) {
        Some(Ternary::Yes)
    } else if lists || HIDDEN.iter().any(|it| text.contains(it)) {
        Some(Ternary::Unknown)
    } else {
        None
    }
}

/// Returns whether a role of the file has the tag.
fn has_tag(index: &GraphIndex<'_>) -> bool {
    let mut roles = index.all::<Role>();
    roles.any(|(_, _, it)| it.tags.get(TAG).is_some())
}

#[cfg(test)]
mod tests {
    use super::effect;
    use crate::reachability::ternary::Ternary;

    #[test]
    fn users_that_a_script_creates_are_found() {
        let of = |text: &str| effect(text, "app");
        for text in [
            "#!/bin/bash\nuseradd -m app",
            "#!/bin/bash\nid app || sudo /usr/sbin/useradd --create-home 'app'",
            "adduser --disabled-password app\n",
            "#cloud-config\nusers:\n- default\n- name: app\n  shell: /bin/bash\n",
        ] {
            assert_eq!(of(text), Some(Ternary::Yes), "{text}");
        }
        for text in [
            "userdel -r app",
            "usermod -l app ubuntu",
            "#cloud-config\nusers:\n- name: other\n",
            "curl -sL https://example.com/users.sh | bash",
        ] {
            assert_eq!(of(text), Some(Ternary::Unknown), "{text}");
        }
        for text in [
            "# useradd app",
            "useradd other",
            "usermod -aG wheel app",
            "dnf install -y httpd",
            "#cloud-config\npackages:\n- httpd\n",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
