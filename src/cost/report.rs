//! The cost report: text and JSON.

use std::fmt::Write as _;

use serde_json::{Value, json as object};

use super::{Alternative, Cost, Estimate, Line, Usd};

/// The version of the JSON format. A change that breaks readers increases it.
pub const VERSION: u32 = 1;

/// The JSON Schema of [`json`].
pub const SCHEMA: &str = include_str!("cost.schema.json");

/// An estimate with its alternatives.
#[derive(Debug)]
pub struct CostReport<'a> {
    /// The name of the stack or file.
    pub name: &'a str,
    /// The estimate. If conditions are unknown, the one with the highest total.
    pub estimate: &'a Estimate,
    /// The lowest total, if conditions are unknown. Default: none.
    pub cheapest: Option<Usd>,
    /// Whether the Region is assumed, because the input does not specify it.
    pub region_assumed: bool,
    /// The alternatives.
    pub alternatives: &'a [Alternative],
}

fn signed(usd: Usd) -> String {
    let plus = if usd > Usd::ZERO { "+" } else { "" };
    format!("{plus}{usd}")
}

/// Formats rows as a table. The columns in `right` are right-aligned.
fn table(rows: &[Vec<String>], right: &[usize]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (n, (cell, width)) in row.iter().zip(&widths).enumerate() {
            if n > 0 {
                line.push_str("  ");
            }
            let _ = match right.contains(&n) {
                true => write!(line, "{cell:>width$}"),
                false => write!(line, "{cell:<width$}"),
            };
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn row(line: &Line) -> Vec<String> {
    let mark = if line.certain { "" } else { " ?" };
    let (unit, monthly) = match &line.cost {
        Cost::Priced { price, monthly, .. } => (
            format!("{}/{}", price.usd, price.unit.as_str()),
            monthly.to_string(),
        ),
        Cost::Free => ("free".to_owned(), Usd::ZERO.to_string()),
        Cost::NotPriced(_) => (String::new(), "not priced".to_owned()),
    };
    vec![
        line.what.to_owned(),
        format!("{}{mark}", line.resource),
        line.quantity.clone(),
        unit,
        monthly,
    ]
}

/// Prints an estimate as text.
#[must_use]
pub fn text(report: &CostReport<'_>) -> String {
    let CostReport { estimate, .. } = report;
    let assumed = if report.region_assumed {
        " (assumed: the input specifies no Region)"
    } else {
        ""
    };
    let mut out = format!(
        "{}: an estimate per month at list prices in {}{assumed}\n\n",
        report.name, estimate.region.name
    );
    let head = ["item", "resource", "quantity", "unit price", "USD"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(estimate.lines.iter().map(row));
    let total = match estimate.is_complete() {
        true => "total",
        false => "total of priced items",
    };
    rows.push(vec![
        total.to_owned(),
        String::new(),
        String::new(),
        String::new(),
        estimate.total().to_string(),
    ]);
    out.push_str(&table(&rows, &[4]));
    if let Some(cheapest) = report.cheapest {
        let _ = writeln!(
            out,
            "\nConditions are unknown: this is the highest total. The lowest is {cheapest}."
        );
    }
    not_priced(&mut out, estimate);
    alternatives(&mut out, report.alternatives);
    closing(&mut out, estimate);
    out
}

fn not_priced(out: &mut String, estimate: &Estimate) {
    if !estimate.is_complete() {
        out.push_str("\nNot priced, and not in the total:\n");
        for line in estimate.not_priced() {
            if let Cost::NotPriced(reason) = &line.cost {
                let of = match line.resource.is_empty() {
                    true => line.what.to_owned(),
                    false => format!("{} {}", line.what, line.resource),
                };
                let _ = writeln!(out, "  - {of}: {reason}");
            }
        }
    }
    if !estimate.not_modeled.is_empty() {
        let _ = writeln!(out, "\nNot modeled: {}.", estimate.not_modeled.join(", "));
    }
}

/// Returns the flags that create an alternative, quoted for a shell.
fn flags(alternative: &Alternative) -> String {
    let quoted = |(path, value): &(String, String)| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        match value.chars().all(plain) {
            true => format!("--set {path}={value}"),
            false => format!("--set '{path}={value}'"),
        }
    };
    let flags: Vec<String> = alternative.settings.iter().map(quoted).collect();
    flags.join(" ")
}

fn alternatives(out: &mut String, all: &[Alternative]) {
    let cheaper = match all.iter().all(|it| it.is_comparison || it.is_reachable) {
        true => "Cheaper alternatives; every instance stays reachable:",
        false => "Cheaper alternatives; no instance has a worse verdict:",
    };
    for (comparison, head) in [(false, cheaper), (true, "For comparison:")] {
        let of: Vec<&Alternative> = all
            .iter()
            .filter(|it| it.is_comparison == comparison)
            .collect();
        if of.is_empty() {
            continue;
        }
        let rows: Vec<Vec<String>> = of
            .iter()
            .map(|it| {
                vec![
                    it.monthly.to_string(),
                    signed(it.difference),
                    it.name.clone(),
                ]
            })
            .collect();
        let _ = writeln!(out, "\n{head}\n");
        let lines = table(&rows, &[0, 1]);
        let indent = rows
            .iter()
            .map(|row| row[0].chars().count())
            .max()
            .unwrap_or(0)
            + rows
                .iter()
                .map(|row| row[1].chars().count())
                .max()
                .unwrap_or(0)
            + 4;
        for (line, alternative) in lines.lines().zip(&of) {
            let _ = writeln!(out, "{line}");
            let _ = writeln!(out, "{:indent$}trade-off: {}", "", alternative.trade_off);
            let how = match alternative.settings.is_empty() {
                true => alternative.instructions.clone().unwrap_or_default(),
                false => flags(alternative),
            };
            let _ = writeln!(out, "{:indent$}{how}", "");
        }
    }
}

fn closing(out: &mut String, estimate: &Estimate) {
    out.push_str("\nAssumptions:\n");
    for assumption in estimate.assumptions() {
        let _ = writeln!(out, "  - {assumption}");
    }
    out.push('\n');
    let prices = estimate.prices();
    let when = estimate.dates_text();
    let known = prices
        .iter()
        .filter(|it| !it.source.starts_with("https://"))
        .count();
    let _ = writeln!(
        out,
        "This is an estimate, not a bill: AWS list prices in {}{when}, in US dollars without taxes.",
        estimate.region.name
    );
    if known > 0 {
        let _ = writeln!(
            out,
            "{known} of its {} prices are not verified; `--format json` shows the source of each.",
            prices.len()
        );
    }
    out.push_str(
        "Not included: data to the internet and between Availability Zones, requests, snapshots, CloudTrail, flow logs.\n",
    );
}

/// Prints an estimate as JSON.
#[must_use]
pub fn json(report: &CostReport<'_>) -> String {
    let CostReport { estimate, .. } = report;
    let lines: Vec<Value> = estimate.lines.iter().map(line).collect();
    let alternatives: Vec<Value> = report.alternatives.iter().map(alternative).collect();
    let root = object!({
        "version": VERSION,
        "name": report.name,
        "region": estimate.region.name,
        "region_assumed": report.region_assumed,
        "currency": "USD",
        "list_price": true,
        "estimate": true,
        "prices_from": estimate.dates().map(|it| it.0),
        "prices_to": estimate.dates().map(|it| it.1),
        "lines": lines,
        "total": estimate.total().as_f64(),
        "complete": estimate.is_complete(),
        "cheapest_total": report.cheapest.map(Usd::as_f64),
        "not_modeled": estimate.not_modeled,
        "assumptions": estimate.assumptions(),
        "alternatives": alternatives,
    });
    format!("{root:#}\n")
}

fn line(line: &Line) -> Value {
    let mut out = object!({
        "what": line.what,
        "resource": line.resource,
        "certain": line.certain,
        "quantity": line.quantity,
    });
    match &line.cost {
        Cost::Priced {
            amount,
            price,
            monthly,
        } => {
            out["amount"] = amount.as_f64().into();
            out["unit"] = price.unit.as_str().into();
            out["unit_price"] = price.usd.as_f64().into();
            out["monthly"] = monthly.as_f64().into();
            out["price"] = object!({
                "item": price.item,
                "region": price.region,
                "date": price.date,
                "source": price.source,
            });
        }
        Cost::Free => out["monthly"] = 0.into(),
        Cost::NotPriced(reason) => {
            out["monthly"] = Value::Null;
            out["not_priced"] = reason.as_str().into();
        }
    }
    out
}

fn alternative(alternative: &Alternative) -> Value {
    let settings: serde_json::Map<String, Value> = alternative
        .settings
        .iter()
        .map(|(path, value)| (path.clone(), value.as_str().into()))
        .collect();
    object!({
        "name": alternative.name,
        "settings": settings,
        "how": alternative.instructions,
        "trade_off": alternative.trade_off,
        "monthly": alternative.monthly.as_f64(),
        "difference": alternative.difference.as_f64(),
        "comparison": alternative.is_comparison,
        "checked": alternative.is_reachable,
    })
}
