//! What a changed property with a meaning does to access.

use std::cmp::Ordering;

use ipnet::IpNet;

use super::Direction;
use super::condition::matches;
use super::table::Meaning;
use super::word::is_off;

/// Values whose content the file does not show.
pub(super) const HIDDEN: [&str; 2] = ["(sensitive)", "(known after apply)"];

/// The maximum length of a value in a sentence.
const MAX_VALUE: usize = 160;

fn shown(value: &str) -> String {
    if let Some(hidden) = HIDDEN.iter().find(|it| value.starts_with(**it)) {
        return (*hidden).to_owned();
    }
    match value.char_indices().nth(MAX_VALUE) {
        Some((at, _)) => format!("{}…", &value[..at]),
        None => value.to_owned(),
    }
}

/// Returns a number, or the seconds of a duration such as `PT1H30M`.
fn number(text: &str) -> Option<i64> {
    let Some(duration) = text.strip_prefix("PT") else {
        return text.parse().ok();
    };
    let (mut seconds, mut digits) = (0_i64, String::new());
    for letter in duration.chars() {
        let unit = match letter {
            'H' => 3600,
            'M' => 60,
            'S' => 1,
            _ => {
                digits.push(letter);
                continue;
            }
        };
        let count: i64 = std::mem::take(&mut digits).parse().ok()?;
        seconds = seconds.checked_add(count.checked_mul(unit)?)?;
    }
    digits.is_empty().then_some(seconds)
}

fn listed(values: &[&String]) -> String {
    let all: Vec<String> = values.iter().map(|it| shown(it)).collect();
    all.join(", ")
}

/// The values of a property in both versions.
pub(super) struct Property<'a> {
    pub(super) path: &'a str,
    pub(super) was: &'a [String],
    pub(super) is: &'a [String],
    /// Whether the resource is new.
    pub(super) is_new: bool,
}

impl Property<'_> {
    /// Returns whether an old value is a CIDR range that contains another one, or a pattern of it.
    fn had(&self, value: &str) -> bool {
        let net = |it: &str| it.parse::<IpNet>().ok();
        let contains = |it: &String| match (net(it), net(value)) {
            (Some(range), Some(value)) => range.contains(&value),
            _ => it.contains('*') && matches(it, value),
        };
        self.was.iter().any(contains)
    }

    /// Returns the changes of access.
    pub(super) fn judge(&self, meaning: Meaning) -> Vec<(Direction, String)> {
        use Direction::{Broader, Narrower, Unknown};
        let gone: Vec<&String> = self.was.iter().filter(|it| !self.is.contains(it)).collect();
        let more: Vec<&String> = self.is.iter().filter(|it| !self.was.contains(it)).collect();
        let path = self.path;
        // One of two equal limits can be missing.
        let counts = matches!(meaning, Meaning::Limits(of) if !of.is_empty());
        if gone.is_empty() && more.is_empty() && !counts && !matches!(meaning, Meaning::SafeOnly(_))
        {
            return Vec::new();
        }
        let hidden = |it: &&String| HIDDEN.iter().any(|word| it.starts_with(word));
        if meaning != Meaning::Harmless && gone.iter().chain(&more).any(hidden) && !self.is_new {
            let both = [&gone, &more].iter().all(|it| it.iter().any(hidden));
            let sensitive = gone.iter().chain(&more).any(|it| it.starts_with(HIDDEN[0]));
            if both || sensitive {
                return vec![(Unknown, format!("{path} changes, and its value is hidden"))];
            }
        }
        let added = || format!("{path} adds {}", listed(&more));
        let removed = || format!("{path} removes {}", listed(&gone));
        let mut out = Vec::new();
        match meaning {
            Meaning::Harmless | Meaning::Modeled => {}
            Meaning::OpensAll if self.is.is_empty() => {
                out.push((Broader, removed()));
            }
            Meaning::OpensAll if self.was.is_empty() && !self.is_new => {
                out.push((Narrower, format!("{path} is only {}", listed(&more))));
            }
            Meaning::Opens | Meaning::OpensAll | Meaning::Uses => {
                // A smaller range gives no more.
                let more: Vec<&String> = more.into_iter().filter(|it| !self.had(it)).collect();
                let counts = !self.is_new || meaning != Meaning::Uses;
                if counts && !more.is_empty() {
                    out.push((Broader, format!("{path} adds {}", listed(&more))));
                }
                if !gone.is_empty() {
                    out.push((Narrower, removed()));
                }
            }
            Meaning::Limits(of) if !of.is_empty() => {
                let count = |all: &[String]| all.iter().filter(|it| *it == of).count();
                match count(self.is).cmp(&count(self.was)) {
                    Ordering::Less => out.push((Broader, format!("{path} removes {of}"))),
                    Ordering::Greater if !self.is_new => {
                        out.push((Narrower, format!("{path} adds {of}")));
                    }
                    _ => {}
                }
            }
            // Another word for no limit.
            Meaning::Limits(_) if more.iter().any(|it| it.eq_ignore_ascii_case("none")) => {
                out.push((Broader, format!("{path} is {}", listed(&more))));
            }
            Meaning::Limits(_) => {
                // A pattern can become stricter.
                let is_stricter = !more.is_empty()
                    && gone
                        .iter()
                        .all(|was| more.iter().all(|is| matches(was, is)));
                if !gone.is_empty() && !is_stricter {
                    out.push((Broader, removed()));
                }
                if !more.is_empty() && !self.is_new {
                    out.push((Narrower, added()));
                }
            }
            Meaning::Order(levels) => {
                // The weakest value counts.
                let level = |value: &str| {
                    let mut all = levels.split(',');
                    all.position(|it| it.split('|').any(|it| it.eq_ignore_ascii_case(value)))
                };
                let weakest = |all: &[String]| match all {
                    [] => level("omitted"),
                    all => {
                        let all: Option<Vec<usize>> = all.iter().map(|it| level(it)).collect();
                        all.and_then(|it| it.into_iter().max())
                    }
                };
                let value = match self.is {
                    [] => "omitted".to_owned(),
                    _ => listed(&more),
                };
                match (weakest(self.was), weakest(self.is)) {
                    _ if self.is_new => {}
                    (Some(was), Some(is)) if is == was => {}
                    (Some(was), Some(is)) => {
                        out.push((Direction::of(is > was), format!("{path} is {value}")));
                    }
                    _ => out.push((Unknown, format!("{path} is {value}"))),
                }
            }
            Meaning::Kept => {
                if self.is.is_empty() {
                    if !gone.iter().all(|it| is_off(it)) {
                        out.push((Broader, removed()));
                    }
                } else if !self.is_new && more.iter().any(|it| is_off(it)) {
                    out.push((Broader, format!("{path} is {}", listed(&more))));
                }
            }
            Meaning::Weak(weak) => {
                let omitted = String::from("omitted");
                let of = |all: &[&String]| -> Vec<String> {
                    let all = all.iter().map(|it| (*it).clone());
                    let weak = |it: &String| {
                        weak.split(',')
                            .any(|weak| matches(&weak.to_lowercase(), &it.to_lowercase()))
                    };
                    all.filter(weak).collect()
                };
                let is = match self.is {
                    // It was as weak before.
                    [] if of(&gone).len() == gone.len() => Vec::new(),
                    [] => of(&[&omitted]),
                    _ => of(&more),
                };
                if !self.is_new && !is.is_empty() {
                    out.push((Broader, format!("{path} is {}", is.join(", "))));
                }
            }
            // It was already the open one of two values.
            Meaning::Safe(safe) | Meaning::SafeOnly(safe) | Meaning::SafeDefault(safe)
                if matches!(self.was, [was] if ["true", "false"].contains(&was.as_str())
                    && !safe.split(',').any(|it| it == was))
                    && more.iter().all(hidden) => {}
            Meaning::Safe(safe) | Meaning::SafeOnly(safe) | Meaning::SafeDefault(safe) => {
                let safe = |it: &String| safe.split(',').any(|safe| safe.eq_ignore_ascii_case(it));
                let omitted = !matches!(meaning, Meaning::SafeOnly(_));
                let [was, is] = [self.was, self.is].map(|it| match it {
                    [] => omitted,
                    values => values.iter().all(safe),
                });
                let value = match self.is {
                    [] => "omitted".to_owned(),
                    values => listed(&values.iter().collect::<Vec<_>>()),
                };
                if !is
                    && (was
                        || self.is_new
                        || more.iter().any(|it| !safe(it)) && !self.was.is_empty())
                {
                    out.push((Broader, format!("{path} is {value}")));
                } else if is
                    && !matches!(meaning, Meaning::SafeDefault(_))
                    && self.is.is_empty()
                    && !self.was.is_empty()
                    && self.was.iter().all(safe)
                {
                    out.push((Broader, format!("{path} is no longer {}", listed(&gone))));
                } else if is && !was && !self.is_new {
                    out.push((Narrower, format!("{path} is {value}")));
                }
            }
            Meaning::Open(values) => {
                let (open, closed) = match values.split_once(';') {
                    Some((open, closed)) => (open, Some(closed)),
                    None => (values, None),
                };
                let among = |all: &str, it: &str| {
                    let mut all = all.split(',');
                    all.any(|known| known.eq_ignore_ascii_case(it))
                };
                let open = |it: &String| among(open, it);
                // Another word can be another way in.
                let unfamiliar = |it: &String| closed.is_some_and(|all| !among(all, it));
                let literal = |it: &&&String| it.contains("${") || it.contains('{');
                let omitted = String::from("omitted");
                let is: Vec<&String> = match more.is_empty() && self.is.is_empty() {
                    true => vec![&omitted],
                    false => more,
                };
                let was_omitted = self.was.is_empty() && !self.is_new && open(&omitted);
                let was_open = was_omitted || gone.iter().any(|it| open(it));
                if is.iter().any(|it| open(it)) {
                    // Without the property, it is as open as with its default.
                    if !was_open || !self.is.is_empty() {
                        out.push((Broader, format!("{path} is {}", listed(&is))));
                    }
                } else if is.iter().any(|it| literal(&it)) {
                    out.push((Unknown, format!("{path} is {}", listed(&is))));
                } else if was_open {
                    let what = match was_omitted {
                        true => format!("{path} is {}", listed(&is)),
                        false => format!("{path} is no longer {}", listed(&gone)),
                    };
                    out.push((Narrower, what));
                } else if !self.is_new && is.iter().any(|it| unfamiliar(it)) {
                    out.push((Unknown, format!("{path} is {}", listed(&is))));
                }
            }
            Meaning::Number(default) | Meaning::Least(default) => {
                let number = |values: &[String]| match values {
                    [] => number(default),
                    values => values.iter().map(|it| number(it)).max().flatten(),
                };
                match (number(self.was), number(self.is)) {
                    (Some(was), Some(is)) if was == is => {}
                    (Some(was), Some(is)) => {
                        let is_broader = (is > was) == matches!(meaning, Meaning::Number(_));
                        let direction = Direction::of(is_broader);
                        out.push((direction, format!("{path} is {is} instead of {was}")));
                    }
                    _ => out.push((Unknown, format!("{path} changes"))),
                }
            }
            Meaning::Known
            | Meaning::Unreviewed
            | Meaning::Grants
            | Meaning::Protects
            | Meaning::Opaque
            | Meaning::Beside(_)
            | Meaning::Unknown => {
                let what = match (gone.is_empty(), more.is_empty()) {
                    (true, _) => added(),
                    (_, true) => removed(),
                    _ => format!("{path} changes from {} to {}", listed(&gone), listed(&more)),
                };
                out.push((Unknown, what));
            }
        }
        out
    }
}
