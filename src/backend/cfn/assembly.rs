//! Cloud assemblies for the AWS CDK CLI: templates and a manifest.

use serde_json::{Map, Value, json};

use super::template;
use crate::backend::error::{OutputError, check_language};
use crate::ir::{Dialect, Severity};
use crate::validate::Validated;

/// The version of the manifest schema. CDK CLIs read all versions up to their own, so a low version
/// supports old ones.
const VERSION: &str = "36.0.0";

/// A file of a cloud assembly.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AssemblyFile {
    /// The name of the file.
    pub name: String,
    /// The content.
    pub text: String,
}

/// Generates the files of a cloud assembly from all stacks, with the manifest last. Pass their
/// directory to `cdk --app`.
///
/// ```
/// use ssm_synth::{App, SessionAccess, backend};
///
/// let mut app = App::new();
/// app.stack("Access").add_inline(SessionAccess::new());
/// let validated = app.validate().expect("the built-in pattern is sound");
/// let files = backend::cfn::assembly(&validated).expect("the app is for both languages");
/// let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
/// assert_eq!(names, ["Access.template.json", "manifest.json"]);
/// ```
///
/// <https://docs.aws.amazon.com/cdk/v2/guide/deploy.html>
///
/// # Errors
///
/// If the app is only for Terraform.
pub fn assembly(validated: &Validated<'_>) -> Result<Vec<AssemblyFile>, OutputError> {
    check_language(validated, Dialect::Cfn)?;
    let graph = validated.graph();
    let mut files = Vec::new();
    let mut artifacts = Map::new();
    for name in validated.deployment_order() {
        let Some(stack) = graph.stack(name) else {
            continue;
        };
        let text = template(validated, name)?;
        let file = format!("{name}.template.json");
        let region = stack.region.map_or("unknown-region", |region| region.name);
        let account = stack.account.as_deref().unwrap_or("unknown-account");
        let mut artifact = json!({
            "type": "aws:cloudformation:stack",
            "environment": format!("aws://{account}/{region}"),
            "properties": { "templateFile": file, "stackName": name },
            "displayName": name,
        });
        let before = validated.dependencies_of(name);
        if !before.is_empty() {
            artifact["dependencies"] = before.into();
        }
        artifact["metadata"] = metadata(validated, name).into();
        artifacts.insert(name.to_owned(), artifact);
        files.push(AssemblyFile {
            name: file,
            text: text.to_json(),
        });
    }
    let manifest = json!({ "version": VERSION, "artifacts": artifacts });
    files.push(AssemblyFile {
        name: "manifest.json".to_owned(),
        text: format!("{manifest:#}\n"),
    });
    Ok(files)
}

/// Returns the metadata of a stack: the constructs of logical IDs, and warnings.
fn metadata(validated: &Validated<'_>, stack: &str) -> Map<String, Value> {
    let graph = validated.graph();
    let mut out = Map::new();
    let mut add = |path: &str, kind: &str, data: String| {
        let entries = out.entry(format!("/{path}")).or_insert_with(|| json!([]));
        if let Value::Array(entries) = entries {
            entries.push(json!({ "type": kind, "data": data }));
        }
    };
    for (id, node) in graph
        .stack(stack)
        .into_iter()
        .flat_map(|it| graph.nodes_of(it))
    {
        let inside = node.resource.cfn_inside(id, graph).is_some();
        if !inside && node.resource.type_name(Dialect::Cfn).is_some() {
            add(&node.path, "aws:cdk:logicalId", node.cfn_id.clone());
        }
    }
    let below = |path: &&String| {
        let rest = path.strip_prefix(stack);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    for warning in validated.warnings().iter() {
        if warning.severity == Severity::Warning && warning.only != Some(Dialect::Tf) {
            for path in warning.paths.iter().filter(below) {
                add(path, "aws:cdk:warning", warning.message.clone());
            }
        }
    }
    out
}
