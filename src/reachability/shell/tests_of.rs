//! Commands that only test something, and the results that a script shows.

use super::words::Word;

/// The status of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Succeeds,
    Fails,
    /// It succeeds unless something is wrong.
    Assumed,
    Unknown,
}

/// Commands whose status is the result of a test.
const TESTS: &[&str] = &[
    "grep",
    "egrep",
    "fgrep",
    "command",
    "which",
    "type",
    "hash",
    "pgrep",
    "pidof",
    "diff",
    "cmp",
    "dpkg-query",
    "getent",
    "id",
    "ping",
    "nc",
    "mountpoint",
    "ls",
    "stat",
    "expr",
    "lsof",
    "read",
    "host",
    "nslookup",
    "dig",
    "lsblk",
    "blkid",
    "file",
    "findmnt",
    "curl",
    "wget",
    "timeout",
];

/// Words of a command that is a test only with one of these options.
const QUERIES: &[(&str, &[&str])] = &[
    (
        "systemctl",
        &[
            "is-active",
            "is-enabled",
            "is-failed",
            "status",
            "cat",
            "show",
            "list-units",
            "list-unit-files",
        ],
    ),
    ("rpm", &["-q", "-qa", "--query", "-V"]),
    ("dpkg", &["-s", "-l", "--status", "--list"]),
    ("snap", &["list", "info"]),
    ("yum", &["list", "check-update"]),
    ("dnf", &["list", "check-update"]),
    ("service", &["status"]),
];

/// Returns whether the status of a command says something other than success.
pub(super) fn is_test(words: &[Word]) -> bool {
    let Some((name, arguments)) = words.split_first() else {
        return false;
    };
    let name = name.text.rsplit('/').next().unwrap_or_default();
    let queries = |(of, options): &(&str, &[&str])| {
        *of == name
            && arguments
                .iter()
                .any(|it| options.contains(&it.text.as_str()))
    };
    TESTS.contains(&name) || QUERIES.iter().any(queries)
}

/// Returns the status of `true`, `false` and `test`.
pub(super) fn result(command: &str, arguments: &[Word]) -> Status {
    match command {
        ":" | "true" => return Status::Succeeds,
        "false" => return Status::Fails,
        "((" => return Status::Unknown,
        _ => {}
    }
    let arguments = match arguments {
        [inner @ .., last] if ["]", "]]"].contains(&last.text.as_str()) => inner,
        all => all,
    };
    match holds(arguments) {
        Some(true) => Status::Succeeds,
        Some(false) => Status::Fails,
        None => Status::Unknown,
    }
}

fn holds(words: &[Word]) -> Option<bool> {
    if words.iter().any(|it| !it.is_known) {
        return None;
    }
    let texts: Vec<&str> = words.iter().map(|it| it.text.as_str()).collect();
    match texts.as_slice() {
        [] => Some(false),
        ["!", _, ..] => Some(!holds(words.get(1..)?)?),
        ["-z", text] => Some(text.is_empty()),
        ["-n", text] => Some(!text.is_empty()),
        [text] => Some(!text.is_empty()),
        [one, "=" | "==", other] => Some(one == other),
        [one, "!=", other] => Some(one != other),
        [one, operator, other] => {
            let (one, other): (i64, i64) = (one.parse().ok()?, other.parse().ok()?);
            match *operator {
                "-eq" => Some(one == other),
                "-ne" => Some(one != other),
                "-lt" => Some(one < other),
                "-le" => Some(one <= other),
                "-gt" => Some(one > other),
                "-ge" => Some(one >= other),
                _ => None,
            }
        }
        _ => None,
    }
}
