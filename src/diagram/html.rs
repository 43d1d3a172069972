//! The report: a self-contained HTML file without scripts.

use handlebars::{Context, Handlebars, Helper, HelperResult, Output, RenderContext, html_escape};
use serde_json::{Value, json};

use super::scene::{Names, verdict_status};
use super::svg::{Layout, figure};
use super::{Mark, Part, Scene, several};
use crate::ir::NodeId;
use crate::reachability::{Hop, HopResult, HopStatus, InstanceReachability, assumptions};
use crate::report::CheckReport;
use crate::template::{self, TemplateError};

/// Writes a report: both diagrams, every hop with its fix, and every resource.
///
/// # Errors
///
/// If the built-in template is invalid.
pub fn html(scene: &Scene, report: &CheckReport<'_>) -> Result<String, TemplateError> {
    let mut engine = template::engine(html_escape);
    // The diagrams are markup, and escape names themselves.
    let diagrams = [
        ("network", figure(scene, Part::Network, Layout::Wide)),
        (
            "network-narrow",
            figure(scene, Part::Network, Layout::Narrow),
        ),
        ("sequence", figure(scene, Part::Sequence, Layout::Wide)),
        (
            "sequence-narrow",
            figure(scene, Part::Sequence, Layout::Narrow),
        ),
    ];
    engine.register_helper(
        "diagram",
        Box::new(
            move |helper: &Helper<'_>,
                  _: &Handlebars<'_>,
                  _: &Context,
                  _: &mut RenderContext<'_, '_>,
                  out: &mut dyn Output|
                  -> HelperResult {
                let name = helper.param(0).and_then(|it| it.value().as_str());
                for (_, diagram) in diagrams.iter().filter(|(own, _)| Some(*own) == name) {
                    out.write(diagram)?;
                }
                Ok(())
            },
        ),
    );
    engine.register_helper("words", Box::new(words));
    template::render(
        &engine,
        "report.html",
        include_str!("../../templates/report.html.hbs"),
        &values(scene, report),
    )
}

/// Writes text, with code between backticks.
fn words(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let text = helper
        .param(0)
        .and_then(|it| it.value().as_str())
        .unwrap_or_default();
    for (n, part) in text.split('`').enumerate() {
        let part = html_escape(part);
        match n % 2 {
            0 => out.write(&part)?,
            _ => out.write(&format!("<code>{part}</code>"))?,
        }
    }
    Ok(())
}

fn class(status: HopStatus) -> &'static str {
    match status {
        HopStatus::Pass => "good",
        HopStatus::Unknown => "doubt",
        HopStatus::Fail => "bad",
    }
}

fn sign(status: HopStatus) -> &'static str {
    match status {
        HopStatus::Pass => "\u{2713}",
        HopStatus::Unknown => "?",
        HopStatus::Fail => "\u{2717}",
    }
}

fn values(scene: &Scene, report: &CheckReport<'_>) -> Value {
    let names = Names::new(report.graph);
    let mut paths: Vec<Value> = Vec::new();
    for (n, path) in scene.paths.iter().enumerate() {
        let Some(reachability) = report.reachability.instances.get(path.instance_index) else {
            continue;
        };
        let status = verdict_status(path.verdict);
        let first = path.names.first().filter(|_| path.names.len() > 1);
        let warnings = reachability.warnings.iter();
        let mut causes = causes(&names, report, reachability, &path.marks);
        causes.iter_mut().for_each(|it| refer(it, &paths));
        paths.push(json!({
            "id": format!("path-{}", n + 1),
            "names": several(&path.names, 6),
            "all": path.names.join(", "),
            "many": path.names.len() > 7,
            // The location and the fix are those of one instance.
            "first": first,
            "verdict": path.verdict.as_str(),
            "class": class(status),
            "sign": sign(status),
            "causes": causes,
            "hops": hops(&path.marks),
            "warnings": warnings.map(|it| cause(&names, report, it)).collect::<Vec<_>>(),
        }));
    }
    let resources = resources(&names, report);
    let differs = |one: &str, other: &str| resources.iter().any(|it| it[one] != it[other]);
    json!({
        "title": scene.title,
        "summary": scene.summary,
        "class": scene.paths.first().map_or("", |it| class(verdict_status(it.verdict))),
        "sign": scene.paths.first().map_or("", |it| sign(verdict_status(it.verdict))),
        "region": scene.region.as_deref().unwrap_or("determined at deployment"),
        "version": env!("CARGO_PKG_VERSION"),
        "paths": paths,
        "has_ids": differs("name", "id"),
        "has_conditions": resources.iter().any(|it| it["exists"] != "yes"),
        "resources": resources,
        "assumptions": assumptions(report.graph, report.reachability).iter().map(|it| json!({ "hop": it.hop.map(Hop::as_str), "text": it.text })).collect::<Vec<_>>(),
    })
}

/// Returns the hops that determine a verdict: those that fail, or else the unknown ones.
fn causes(
    names: &Names<'_>,
    report: &CheckReport<'_>,
    reachability: &InstanceReachability,
    marks: &[Mark],
) -> Vec<Value> {
    let results = reachability.hops.iter().zip(marks);
    let not_passing = results.filter(|(it, _)| it.status != HopStatus::Pass);
    not_passing
        .map(|(result, mark)| {
            let mut value = cause(names, report, result);
            value["detail"] = mark.detail().into();
            value
        })
        .collect()
}

/// Replaces the location and the fix of a cause by a reference to an earlier path with the same cause.
fn refer(cause: &mut Value, earlier: &[Value]) {
    let has = |path: &Value| {
        let mut causes = path["causes"].as_array().into_iter().flatten();
        causes.any(|it| it == cause)
    };
    if !cause["fix"].is_null()
        && let Some(path) = earlier.iter().find(|it| has(it))
    {
        // A later path with this cause refers to the same one, since a reference is not equal to it.
        cause["same"] = path["names"].clone();
        cause["in"] = path["id"].clone();
    }
}

/// Returns the hops with their facts.
fn hops(marks: &[Mark]) -> Vec<Value> {
    let marks = marks.iter().enumerate();
    marks
        .map(|(n, mark)| {
            let details = mark.details.iter().map(|it| {
                // Facts that differ name their instances.
                let names = (mark.details.len() > 1).then(|| several(&it.names, 4));
                json!({ "names": names, "text": it.text })
            });
            json!({
                "number": n + 1,
                "hop": mark.hop.as_str(),
                "status": mark.status.as_str(),
                "class": class(mark.status),
                "passes": mark.status == HopStatus::Pass,
                "details": details.collect::<Vec<_>>(),
            })
        })
        .collect()
}

/// Returns a hop that does not pass, or a warning, with its location and fix.
fn cause(names: &Names<'_>, report: &CheckReport<'_>, result: &HopResult) -> Value {
    let at = report.display_location(result);
    json!({
        "hop": result.hop.as_str(),
        "status": result.status.as_str(),
        "class": class(result.status),
        "detail": names.detail(&result.detail),
        "reason": result.hop.reason(),
        "at": at.map(|it| names.detail(&format!("`{it}`"))),
        "fix": crate::report::fixed(report, result),
    })
}

fn resources(names: &Names<'_>, report: &CheckReport<'_>) -> Vec<Value> {
    let nodes = report
        .graph
        .stacks()
        .flat_map(|it| report.graph.nodes_of(it));
    nodes
        .map(|(id, node): (NodeId, _)| {
            let exists = match (node.is_absent(), node.is_certain()) {
                (true, _) => "no",
                (_, true) => "yes",
                _ => "conditional",
            };
            json!({
                "name": names.node(id),
                "id": node.dialect().pick(node.cfn_id.as_str(), node.tf_name.as_str()),
                "type": node.resource.type_name(node.dialect()).unwrap_or_default(),
                "exists": exists,
            })
        })
        .collect()
}
