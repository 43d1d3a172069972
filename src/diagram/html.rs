//! The report: a self-contained HTML file without scripts.

use handlebars::{Context, Handlebars, Helper, HelperResult, Output, RenderContext, html_escape};
use serde_json::{Value, json};

use super::scene::Names;
use super::{Part, Scene, svg};
use crate::ir::NodeId;
use crate::reachability::{Hop, HopResult, HopStatus, InstanceReachability, Verdict, assumptions};
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
        ("network", svg(scene, Part::Network)),
        ("sequence", svg(scene, Part::Sequence)),
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

fn verdict_class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Reachable => "good",
        Verdict::Unreachable => "bad",
        Verdict::Unknown | Verdict::NotCreated => "doubt",
    }
}

fn values(scene: &Scene, report: &CheckReport<'_>) -> Value {
    let names = Names::new(report.graph);
    let paths = scene.paths.iter().filter_map(|path| {
        let reachability = report.reachability.instances.get(path.instance_index)?;
        Some(json!({
            "names": super::several(&path.names, 6),
            "all": path.names.join(", "),
            "many": path.names.len() > 7,
            "verdict": path.verdict.as_str(),
            "class": verdict_class(path.verdict),
            "hops": hops(&names, report, reachability),
            "warnings": reachability.warnings.iter().map(|it| hop_values(&names, report, it)).collect::<Vec<_>>(),
        }))
    });
    json!({
        "title": scene.title,
        "summary": scene.summary,
        "region": scene.region.as_deref().unwrap_or("determined at deployment"),
        "version": env!("CARGO_PKG_VERSION"),
        "paths": paths.collect::<Vec<_>>(),
        "resources": resources(&names, report),
        "assumptions": assumptions(report.graph, report.reachability).iter().map(|it| json!({ "hop": it.hop.map(Hop::as_str), "text": it.text })).collect::<Vec<_>>(),
    })
}

fn hops(
    names: &Names<'_>,
    report: &CheckReport<'_>,
    reachability: &InstanceReachability,
) -> Vec<Value> {
    let hops = reachability.hops.iter().enumerate();
    hops.map(|(n, result)| {
        let mut value = hop_values(names, report, result);
        value["number"] = (n + 1).into();
        value
    })
    .collect()
}

fn hop_values(names: &Names<'_>, report: &CheckReport<'_>, result: &HopResult) -> Value {
    let at = report.display_location(result);
    json!({
        "hop": result.hop.as_str(),
        "status": result.status.as_str(),
        "class": class(result.status),
        "detail": names.detail(&result.detail),
        "reason": result.hop.reason(),
        // The location of a hop that passes does not matter.
        "at": at.filter(|_| result.status != HopStatus::Pass).map(|it| names.detail(&format!("`{it}`"))),
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
