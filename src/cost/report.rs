//! An estimate printed: for people, and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json as object};

use super::{Alternative, Cost, Estimate, Line, Price, Usd};

/// The version of the JSON; a change that breaks readers raises it.
pub const VERSION: u32 = 1;

/// The JSON Schema of [`json`].
pub const SCHEMA: &str = include_str!("cost.schema.json");

/// An estimate with what is said beside it.
#[derive(Debug)]
pub struct CostReport<'a> {
    /// The file's or the stack's name.
    pub name: &'a str,
    /// What it costs; of several answers to what the file leaves open, the dearest.
    pub estimate: &'a Estimate,
    /// The cheapest of these answers. Default: there is one answer alone.
    pub cheapest: Option<Usd>,
    /// Whether nothing told the region.
    pub region_assumed: bool,
    /// Other ways.
    pub alternatives: &'a [Alternative],
}

fn signed(usd: Usd) -> String {
    let plus = if usd > Usd::ZERO { "+" } else { "" };
    format!("{plus}{usd}")
}

/// Rows with each column as wide as its widest cell; the columns named are set to the right.
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

/// Prints an estimate for people.
#[must_use]
pub fn text(report: &CostReport<'_>) -> String {
    let CostReport { estimate, .. } = report;
    let usage = if report.region_assumed {
        " (assumed: nothing tells the region)"
    } else {
        ""
    };
    let mut out = format!(
        "{}: an estimate for a month at list prices in {}{usage}\n\n",
        report.name, estimate.region.name
    );
    let head = ["what", "resource", "quantity", "unit price", "USD"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(estimate.lines.iter().map(row));
    let total = match estimate.is_complete() {
        true => "total",
        false => "total of what is priced",
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
            "\nThe file leaves open what is in it: this is the dearest answer, the cheapest costs {}.",
            cheapest
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
                    false => format!("{} of {}", line.what, line.resource),
                };
                let _ = writeln!(out, "  - {of}: {reason}");
            }
        }
    }
    if !estimate.not_modeled.is_empty() {
        let _ = writeln!(out, "\nNot looked at: {}.", estimate.not_modeled.join(", "));
    }
}

/// The flags that make a variant, ready for a shell.
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
        true => "Cheaper, and sessions still work according to the reachability check:",
        false => "Cheaper, and no verdict of the reachability check gets worse:",
    };
    for (comparison, head) in [(false, cheaper), (true, "To compare with:")] {
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
            let _ = writeln!(out, "{:indent$}gives up: {}", "", alternative.trade_off);
            let how = match alternative.settings.is_empty() {
                true => alternative.instructions.clone().unwrap_or_default(),
                false => flags(alternative),
            };
            let _ = writeln!(out, "{:indent$}{how}", "");
        }
    }
}

/// The first and the last date of the prices that were used.
fn dates(prices: &[&Price]) -> Option<(&'static str, &'static str)> {
    let first = prices.iter().map(|it| it.date).min()?;
    let last = prices.iter().map(|it| it.date).max()?;
    Some((first, last))
}

fn closing(out: &mut String, estimate: &Estimate) {
    out.push_str("\nAssumed:\n");
    for assumption in estimate.assumptions() {
        let _ = writeln!(out, "  - {assumption}");
    }
    out.push('\n');
    let prices = estimate.prices();
    let when = match dates(&prices) {
        None => String::new(),
        Some((first, last)) if first == last => format!(" of {first}"),
        Some((first, last)) => format!(" of {first} to {last}"),
    };
    let known = prices
        .iter()
        .filter(|it| !it.source.starts_with("https://"))
        .count();
    let _ = writeln!(
        out,
        "This is an estimate, and no bill: list prices of AWS in {}{when}, in US dollars without taxes.",
        estimate.region.name
    );
    if known > 0 {
        let _ = writeln!(
            out,
            "Of its {} prices {known} are as known on their date, and not verified; `--format json` has the source of each.",
            prices.len()
        );
    }
    out.push_str(
        "Data to the internet and between zones, requests, snapshots, CloudTrail and flow logs are not in it.\n",
    );
}

/// Prints an estimate for programs.
#[must_use]
pub fn json(report: &CostReport<'_>) -> String {
    let CostReport { estimate, .. } = report;
    let lines: Vec<Value> = estimate.lines.iter().map(line).collect();
    let alternatives: Vec<Value> = report.alternatives.iter().map(alternative).collect();
    let prices = estimate.prices();
    let root = object!({
        "version": VERSION,
        "name": report.name,
        "region": estimate.region.name,
        "region_assumed": report.region_assumed,
        "currency": "USD",
        "list_price": true,
        "estimate": true,
        "prices_from": dates(&prices).map(|it| it.0),
        "prices_to": dates(&prices).map(|it| it.1),
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
