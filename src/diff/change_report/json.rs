//! Changes as JSON.

use serde_json::{Value, json};

use super::super::{Change, Difference, ReplacementReason};
use super::{ChangeReport, replacement_text};

impl ChangeReport {
    /// Returns the access and session changes.
    pub(crate) fn summary_json(&self) -> (Value, Value) {
        let access = self.access.iter().map(|it| {
            let direction = it.direction.as_str();
            json!({ "resource": it.owner, "direction": direction, "what": it.what })
        });
        let session = self
            .sessions
            .iter()
            .map(|it| json!({ "instance": it.instance, "before": it.before, "after": it.after }));
        (access.collect(), session.collect())
    }

    /// Returns the entire report.
    pub fn to_json(&self) -> Value {
        let (access, session) = self.summary_json();
        json!({
            "same": self.is_same(),
            "access": access,
            "session": session,
            "removal": self.losses,
            "unreadable": self.unreadable,
            "differences": self.differences.iter().map(one).collect::<Value>(),
        })
    }
}

fn one(it: &Difference) -> Value {
    let mut out = json!({ "section": it.section, "id": it.id, "type": it.kind });
    out["change"] = match &it.change {
        Change::Added => "added",
        Change::Removed => "removed",
        Change::Retyped(_) => "retyped",
        Change::Changed(_) => "changed",
        Change::Renamed(_) => "renamed",
        Change::Moved(_) => "moved",
        Change::Forgotten => "forgotten",
    }
    .into();
    if it.section == "Resources" {
        out["replaced"] = match () {
            () if it.is_replaced() => "yes",
            () if it.may_be_replaced() => "maybe",
            () => "no",
        }
        .into();
    }
    if it.may_be_replaced() {
        let properties = it.forced.iter().map(|it| {
            let through = match &it.reason {
                ReplacementReason::Through(id) | ReplacementReason::Version(id) => Some(id),
                _ => None,
            };
            json!({ "property": it.property, "through": through })
        });
        out["forced_by"] = properties.collect();
        out["reason"] = replacement_text(it).into();
    }
    if !it.notes.is_empty() {
        out["notes"] = it.notes.clone().into();
    }
    match &it.change {
        Change::Changed(properties) => {
            let properties = properties
                .iter()
                .map(|it| json!({ "path": it.path, "old": it.old, "new": it.new }));
            out["properties"] = properties.collect();
        }
        Change::Retyped(old) | Change::Renamed(old) | Change::Moved(old) => {
            out["from"] = old.as_str().into();
        }
        Change::Added | Change::Removed | Change::Forgotten => {}
    }
    out
}
