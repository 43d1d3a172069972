//! A runbook for one stack: deploy, verify, connect, troubleshoot by hop, and tear down.
//!
//! `tests/runbook.py` validates the `aws` commands with the models of the AWS CLI.

mod markdown;
mod names;
mod shell;

use serde_json::{Value, json};

use crate::diagram::{Path, Scene, several};
use crate::ir::{Dialect, NodeId};
use crate::reachability::{self, Assumptions, Hop, InstanceTopology, Reachability, Verdict};
use crate::resource::{Graph, Resource};
use crate::session_manager::{
    CHANNEL_ACTIONS, DEFAULT_DOCUMENT, OPEN_DATA_CHANNEL, REGISTER_ACTION,
};
use crate::template::{self, TemplateError};
use names::{location_of, variables};
use shell::Line;

/// The source of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// A configuration, with the flags that generate it.
    Config(Vec<String>),
    /// The file of a CloudFormation template, and the values of its parameters as `Key=Value`.
    Template(String, Vec<String>),
    /// A Terraform plan.
    Plan,
}

/// The input of a runbook.
#[derive(Clone, Debug)]
pub struct RunbookInput<'a> {
    /// The name of the program in the commands, such as `ssm-synth`.
    pub program: &'a str,
    /// The name of the stack. Hyphens replace characters that CloudFormation does not accept.
    pub stack: &'a str,
    /// The source of the stack.
    pub source: Source,
    /// The resources of the stack.
    pub graph: &'a Graph,
    /// The results of the reachability check.
    pub reachability: &'a Reachability,
    /// The assumptions of the check.
    pub assumptions: Assumptions,
}

/// Number of paths with their own variables.
const MAX_GROUPS: usize = 3;

/// Writes a runbook in Markdown.
///
/// # Errors
///
/// If the built-in template is invalid.
pub fn runbook(input: &RunbookInput<'_>) -> Result<String, TemplateError> {
    let stack = stack_name(input.stack);
    let input = &RunbookInput {
        stack: &stack,
        ..input.clone()
    };
    let mut engine = template::engine(markdown::escaped);
    markdown::register(&mut engine);
    template::render(
        &engine,
        "runbook.md",
        include_str!("../../templates/runbook.md.hbs"),
        &values(input),
    )
}

/// Returns a name that CloudFormation accepts.
fn stack_name(text: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = text.chars().map(letter).take(128).collect();
    let is_start = |c: char| c.is_ascii_alphabetic();
    let name = name
        .trim_start_matches(|c| !is_start(c))
        .trim_end_matches('-');
    match name.is_empty() {
        true => "stack".to_owned(),
        false => name.to_owned(),
    }
}

fn values(input: &RunbookInput<'_>) -> Value {
    let graph = input.graph;
    let scene = Scene::new(input.stack, graph, input.reachability, &input.assumptions);
    let topology = reachability::topology(graph, &input.assumptions);
    let cfn = input.source != Source::Plan;
    let tf = !matches!(input.source, Source::Template(..));
    let of = |path: &Path| topology.instances.get(path.instance_index);
    let groups = scene.paths.iter().take(MAX_GROUPS).filter_map(|path| {
        let instance = of(path)?;
        let mut out = json!({
            "names": several(&path.names, 4),
            "verdict": path.verdict.as_str(),
        });
        if cfn {
            out["cfn"] = variables(graph, &topology, instance, Dialect::Cfn).into();
        }
        if tf {
            out["tf"] = variables(graph, &topology, instance, Dialect::Tf).into();
        }
        Some(out)
    });
    let groups: Vec<Value> = groups.collect();
    let more: usize = scene
        .paths
        .iter()
        .skip(MAX_GROUPS)
        .map(|it| it.names.len())
        .sum();
    let region = scene.region.as_deref();
    json!({
        "program": input.program,
        "stack": input.stack,
        "summary": scene.summary,
        "region": region.unwrap_or("determined at deployment"),
        "set_region": set_region(region),
        "deploy": deploy(input, cfn, tf, region),
        "cfn": cfn,
        "tf": tf,
        "physical_cfn": [Line::new("physical() { aws cloudformation describe-stack-resource")
            .raw("--stack-name").word(input.stack)
            .raw("--logical-resource-id \"$1\" --query StackResourceDetail.PhysicalResourceId")
            .raw("--output text; }").end()],
        "physical_tf": [
            "physical() { terraform state show -no-color \"$1\" | sed -n 's/^ \\{4\\}id *= \"\\(.*\\)\"$/\\1/p'; }",
        ],
        "groups": groups,
        "more_groups": more,
        "instances": instances(input, &topology.instances),
        "connect": connect(input, &topology.instances, cfn, region),
        "hops": hops(&scene, input.program),
        "s3": topology.endpoints.iter().any(|it| it.service.as_deref() == Some("s3")),
        "away": removal(input, &topology.instances, cfn, tf, region),
        "wait_cfn": wait(input, cfn, region),
        "client_action": OPEN_DATA_CHANNEL,
        "account_document": DEFAULT_DOCUMENT,
    })
}

fn set_region(region: Option<&str>) -> Vec<String> {
    vec![match region {
        Some(region) => format!(
            "export AWS_REGION={0} AWS_DEFAULT_REGION={0}",
            shell::quoted(region)
        ),
        None => "export AWS_REGION=\"${AWS_REGION:?the region of the stack}\" \
                 AWS_DEFAULT_REGION=\"$AWS_REGION\""
            .to_owned(),
    }]
}

/// Adds the Region if it is known. In another Region, a session fails with `TargetNotConnected`.
fn within(line: Line, region: Option<&str>) -> Line {
    match region {
        Some(region) => line.raw("--region").word(region),
        None => line,
    }
}

/// Adds the name of the stack.
fn of_stack(line: Line, input: &RunbookInput<'_>) -> Line {
    line.raw("--stack").word(input.stack)
}

/// Returns the parameters without a default, by their names in a language.
fn parameters(graph: &Graph, dialect: Dialect) -> Vec<String> {
    let declared = graph.stacks().flat_map(|it| &it.parameters);
    declared
        .filter_map(|id| graph.parameter(*id))
        .filter(|it| it.default.is_none() && it.only.is_none_or(|only| only == dialect))
        .map(|it| match dialect {
            Dialect::Cfn => it.id.clone(),
            Dialect::Tf => crate::ir::terraform_name(&it.id),
        })
        .collect()
}

fn capabilities(graph: &Graph) -> &'static str {
    let nodes = graph.stacks().flat_map(|it| graph.nodes_of(it));
    let named = nodes.into_iter().any(|(_, node)| match &node.resource {
        Resource::Role(it) => it.role_name.is_some(),
        Resource::InstanceProfile(it) => it.instance_profile_name.is_some(),
        Resource::ManagedPolicy(it) => it.managed_policy_name.is_some(),
        _ => false,
    });
    match (named, graph.has_macros()) {
        (false, false) => "--capabilities CAPABILITY_IAM",
        (true, false) => "--capabilities CAPABILITY_NAMED_IAM",
        (false, true) => "--capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND",
        (true, true) => "--capabilities CAPABILITY_NAMED_IAM CAPABILITY_AUTO_EXPAND",
    }
}

fn deploy(input: &RunbookInput<'_>, cfn: bool, tf: bool, region: Option<&str>) -> Value {
    let mut needed: Vec<String> = parameters(input.graph, Dialect::Cfn)
        .iter()
        .map(|name| format!("{name}=VALUE"))
        .collect();
    let mut out = json!({ "parameters": !needed.is_empty(), "template": false });
    let config = |line: Line| match &input.source {
        Source::Config(flags) => flags.iter().fold(line, |line, flag| line.word(flag)),
        _ => line,
    };
    if cfn {
        let (mut ours, mut theirs) = (Line::command(input.program, "deploy"), Vec::new());
        let file = match &input.source {
            Source::Template(file, values) => {
                needed.extend(values.iter().cloned());
                let file = if file == "-" { "TEMPLATE" } else { file };
                ours = ours.word(file);
                out["template"] = true.into();
                file.to_owned()
            }
            _ => {
                ours = config(ours);
                let line = config(Line::command(input.program, "--format cfn -o stack.json"));
                theirs.push(within(line, region).end());
                "stack.json".to_owned()
            }
        };
        ours = of_stack(ours, input);
        for value in &needed {
            ours = ours.raw("--parameter").word(value);
        }
        let mut line = Line::new("aws cloudformation deploy --template-file")
            .word(&file)
            .raw("--stack-name")
            .word(input.stack)
            .raw(capabilities(input.graph));
        if !needed.is_empty() {
            line = line.raw("--parameter-overrides");
            for value in &needed {
                line = line.word(value);
            }
        }
        theirs.push(within(line, region).end());
        out["ours"] = vec![within(ours, region).end()].into();
        out["theirs"] = theirs.into();
    }
    if tf {
        let mut lines = Vec::new();
        if let Source::Config(_) = input.source {
            let line = config(Line::command(input.program, "--format tf -o main.tf.json"));
            lines.push(within(line, region).end());
        }
        lines.push("terraform init".to_owned());
        let mut apply = Line::new("terraform apply");
        for name in parameters(input.graph, Dialect::Tf) {
            apply = apply.raw("-var").word(&format!("{name}=VALUE"));
        }
        lines.push(apply.end());
        out["terraform"] = lines.into();
    }
    out
}

fn wait(input: &RunbookInput<'_>, cfn: bool, region: Option<&str>) -> Value {
    if !cfn {
        return Value::Null;
    }
    let ours = of_stack(Line::command(input.program, "status --wait"), input);
    json!([within(ours, region).end()])
}

/// Returns the name of an instance for `ssm-synth connect`.
fn short(graph: &Graph, id: NodeId) -> String {
    let cfn_id = graph.node(id).map_or("", |it| it.cfn_id.as_str());
    match cfn_id.strip_suffix("Instance") {
        Some(name) if !name.is_empty() => name.to_lowercase(),
        _ => cfn_id.to_owned(),
    }
}

fn verdicts(input: &RunbookInput<'_>) -> impl Iterator<Item = (usize, Verdict)> {
    let verdicts: Vec<_> = input
        .reachability
        .instances
        .iter()
        .map(|it| it.verdict)
        .collect();
    verdicts
        .into_iter()
        .enumerate()
        .filter(|(_, it)| *it != Verdict::NotCreated)
}

fn instances(input: &RunbookInput<'_>, members: &[InstanceTopology]) -> Vec<Value> {
    let names = crate::diagram::Names::new(input.graph);
    verdicts(input)
        .filter_map(|(at, verdict)| {
            let id = members.get(at)?.node;
            Some(json!({
                "name": names.instance(id),
                "cfn": location_of(input.graph, id, Dialect::Cfn),
                "tf": location_of(input.graph, id, Dialect::Tf),
                "verdict": verdict.as_str(),
            }))
        })
        .collect()
}

/// Returns a command for each of the first instances. The table has the names of the others.
fn connect(
    input: &RunbookInput<'_>,
    members: &[InstanceTopology],
    cfn: bool,
    region: Option<&str>,
) -> Value {
    const MAX: usize = 10;
    let here: Vec<NodeId> = verdicts(input)
        .filter_map(|(at, _)| members.get(at).map(|it| it.node))
        .collect();
    // The instances of an Auto Scaling group have no name in the stack.
    let named: Vec<NodeId> = here
        .iter()
        .copied()
        .filter(|id| {
            cfn && matches!(
                input.graph.node(*id).map(|it| &it.resource),
                Some(Resource::Instance(_))
            )
        })
        .collect();
    let ours = named.iter().take(MAX).map(|id| {
        let line = Line::command(input.program, "connect").word(&short(input.graph, *id));
        within(of_stack(line, input), region).end()
    });
    let first = named
        .first()
        .map(|id| short(input.graph, *id))
        .unwrap_or_default();
    let forward = |options: &'static str| {
        let line = Line::command(input.program, "connect")
            .word(&first)
            .raw(options);
        within(of_stack(line, input), region).end()
    };
    let outputs = input.graph.stacks().flat_map(|it| &it.outputs);
    let terraform = outputs
        .filter(|it| it.tf_name.ends_with("_start_session"))
        .take(MAX)
        .map(|it| Line::new("terraform output -raw").word(&it.tf_name).end());
    let document = document(input.graph);
    let mut shell = Line::new("aws ssm start-session --target \"$INSTANCE\"");
    if let Some(name) = document {
        shell = shell.raw("--document-name").word(name);
    }
    let theirs = vec![
        shell.end(),
        Line::new("aws ssm start-session --target \"$INSTANCE\"")
            .raw("--document-name AWS-StartNonInteractiveCommand")
            .raw("--parameters '{\"command\":[\"uptime\"]}'")
            .end(),
    ];
    json!({
        "document": document.is_some(),
        "theirs": theirs,
        "ours": ours.collect::<Vec<_>>(),
        "more": named.len().saturating_sub(MAX),
        "terraform": terraform.collect::<Vec<_>>(),
        "forward": if !named.is_empty() { vec![forward("--port-forward 8080:80")] } else { Vec::new() },
        "remote": if !named.is_empty() {
            vec![forward("--port-forward 3306 --remote-host db.example.internal")]
        } else {
            Vec::new()
        },
    })
}

/// Returns the name of the session document of the stack if sessions must name it.
fn document(graph: &Graph) -> Option<&str> {
    let nodes = graph.stacks().flat_map(|stack| graph.nodes_of(stack));
    nodes
        .into_iter()
        .find_map(|(_, node)| match &node.resource {
            Resource::Document(it) if it.is_shell() => {
                let name = it.name.as_ref()?.lit()?;
                (name != DEFAULT_DOCUMENT).then_some(name.as_ref())
            }
            _ => None,
        })
}

fn hops(scene: &Scene, program: &str) -> Vec<Value> {
    Hop::ALL
        .iter()
        .map(|&hop| {
            let here = scene.paths.iter().take(MAX_GROUPS).filter_map(|path| {
                let mark = path.marks.iter().find(|it| it.hop == hop)?;
                Some(json!({
                    "names": several(&path.names, 4),
                    "status": mark.status.as_str(),
                    "detail": mark.detail(),
                }))
            });
            json!({
                "hop": hop.as_str(),
                "name": hop.name(),
                "reason": hop.reason(),
                "expected": hop.entry().expected,
                "here": here.collect::<Vec<_>>(),
                "commands": commands(hop),
                "explain": format!("{program} explain {hop}"),
            })
        })
        .collect()
}

/// Returns the commands of a hop.
fn commands(hop: Hop) -> Vec<String> {
    let actions = [&[REGISTER_ACTION], CHANNEL_ACTIONS.as_slice()].concat();
    let commands = hop.entry().commands.iter();
    commands
        .map(|command| {
            command
                .replace("{actions}", &actions.join(" "))
                .replace("{document}", DEFAULT_DOCUMENT)
        })
        .collect()
}

fn removal(
    input: &RunbookInput<'_>,
    members: &[InstanceTopology],
    cfn: bool,
    tf: bool,
    region: Option<&str>,
) -> Value {
    let names = crate::diagram::Names::new(input.graph);
    let protected: Vec<String> = members
        .iter()
        .filter(|instance| {
            input
                .graph
                .node(instance.node)
                .is_some_and(|node| match &node.resource {
                    Resource::Instance(it) => {
                        it.disable_api_termination.as_ref().and_then(|it| it.lit()) == Some(&true)
                    }
                    _ => false,
                })
        })
        .map(|instance| names.instance(instance.node))
        .collect();
    let mut out = json!({
        "protected": several(&protected, 4),
        "unprotect": ["aws ec2 modify-instance-attribute --instance-id \"$INSTANCE\" --no-disable-api-termination"],
    });
    if cfn {
        let stack = |line: &'static str| within(Line::new(line).word(input.stack), region).end();
        out["ours"] = vec![
            within(
                of_stack(Line::command(input.program, "destroy"), input),
                region,
            )
            .end(),
        ]
        .into();
        out["theirs"] = vec![
            stack("aws cloudformation delete-stack --stack-name"),
            stack("aws cloudformation wait stack-delete-complete --stack-name"),
        ]
        .into();
    }
    if tf {
        let mut destroy = Line::new("terraform destroy");
        for name in parameters(input.graph, Dialect::Tf) {
            destroy = destroy.raw("-var").word(&format!("{name}=VALUE"));
        }
        out["terraform"] = vec![destroy.end()].into();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::stack_name;

    #[test]
    fn a_file_name_becomes_a_valid_stack_name() {
        assert_eq!(stack_name("team"), "team");
        assert_eq!(stack_name("1 my.stack_"), "my-stack");
        assert_eq!(stack_name("$(id)"), "id");
        assert_eq!(stack_name("\u{fc}"), "stack");
    }
}
