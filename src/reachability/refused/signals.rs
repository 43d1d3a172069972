//! Resources that wait for signals, which CloudFormation rolls back without them.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-creationpolicy.html>

use super::{Refusal, is_in_stack};
use crate::ir::{Expr, NodeId};
use crate::reachability::cfn_init;
use crate::reachability::functions;
use crate::reachability::graph_index::GraphIndex;
use crate::reachability::hop::{Connection, s3_gateway};
use crate::reachability::iam::{CallContext, Caller};
use crate::reachability::image::{self, Users, classify};
use crate::reachability::instance::{self, InstanceConfig, Placement};
use crate::reachability::path::S3Request;
use crate::reachability::script::{Script, script};
use crate::reachability::script_text::{self, commands};
use crate::reachability::setting::Setting;
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop, HopStatus};
use crate::resource::{Map, Node, RawValue, Resource};

/// The longest timeout of a creation policy, in seconds.
const MAX_SECONDS: u64 = 43_200;

/// An instance takes longer to start and run user data.
const MIN_SECONDS: u64 = 60;

/// A command that sends a signal.
#[derive(Debug, PartialEq, Eq)]
struct Signal {
    /// The resource that it names, or none if the file does not show the name.
    resource: Option<String>,
    /// Whether the script can send it several times.
    is_repeated: bool,
    /// Whether it certainly reports a failure.
    is_failure: bool,
}

/// The signals of the user data of an instance.
struct Sender<'g> {
    instance: InstanceConfig<'g>,
    signals: Vec<Signal>,
    /// Whether a script installs the commands of CloudFormation.
    installs: bool,
    /// Whether a script starts what the file does not show.
    runs_elsewhere: bool,
}

/// Resources whose creation policy, or wait condition, certainly or perhaps never gets its signals.
pub(super) fn missing(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let waits = |id: &NodeId| {
        let node = index.graph.node(*id);
        node.is_some_and(|it| signal_of(it).is_some() || is_wait_condition(it))
    };
    let waiting: Vec<NodeId> = index
        .graph
        .nodes()
        .map(|(id, _)| id)
        .filter(waits)
        .collect();
    if waiting.is_empty() {
        return Vec::new();
    }
    let senders: Vec<Sender<'_>> = instance::all(index)
        .into_iter()
        .map(|it| sender(index, it))
        .collect();
    let found = waiting.into_iter().filter_map(|id| {
        let node = index.graph.node(id)?;
        match signal_of(node) {
            Some(policy) => by_policy(index, id, policy, &senders),
            None => by_handle(index, id, &senders),
        }
    });
    found.collect()
}

fn signal_of(node: &Node) -> Option<&Map<'static>> {
    match node.origin.as_ref()?.signal.as_ref()? {
        RawValue::Object(map) if !node.is_absent() => Some(map),
        _ => None,
    }
}

fn is_wait_condition(node: &Node) -> bool {
    let type_name = node.resource.type_name(node.dialect());
    type_name == Some("AWS::CloudFormation::WaitCondition") && !node.is_absent()
}

fn refuse(
    index: &GraphIndex<'_>,
    id: NodeId,
    certain: Ternary,
    reason: impl Into<String>,
) -> Option<Refusal> {
    let certain = certain.and(is_in_stack(index.graph.node(id)?));
    let refusal = Refusal::new(Hop::Agent, (id, ""), certain, reason)?;
    let fix = "send the signal with `cfn-signal` in the user data, or remove `CreationPolicy`";
    Some(refusal.fix(Fix::manual(fix)))
}

fn number(value: Option<&RawValue<'_>>) -> Option<u64> {
    match value {
        None => Some(1),
        Some(RawValue::Int(number)) => u64::try_from(*number).ok(),
        Some(RawValue::Str(text)) => text.parse().ok(),
        Some(_) => None,
    }
}

/// Returns the seconds of a duration such as `PT10M`.
fn seconds(text: &str) -> Option<u64> {
    let mut rest = text.strip_prefix("PT").filter(|it| !it.is_empty())?;
    let mut sum = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let (digits, unit) = rest.split_at(end);
        let factor = match unit.chars().next()? {
            'H' => 3600,
            'M' => 60,
            'S' => 1,
            _ => return None,
        };
        sum += digits.parse::<u64>().ok()?.checked_mul(factor)?;
        rest = &unit[1..];
    }
    Some(sum)
}

/// Checks a resource with a creation policy.
fn by_policy<'g>(
    index: &GraphIndex<'g>,
    id: NodeId,
    policy: &Map<'_>,
    senders: &[Sender<'g>],
) -> Option<Refusal> {
    let count = number(policy.get("Count"));
    if count == Some(0) {
        return None;
    }
    let name = index.name(id);
    let own = index.logical_id(id);
    if let Some(RawValue::Str(timeout)) = policy.get("Timeout") {
        let reason = |what: &str| {
            format!("`{name}` waits for a signal with timeout `{timeout}`, which {what}")
        };
        let problem = match seconds(timeout) {
            None => Some((Ternary::Yes, "is not a duration such as `PT10M`")),
            Some(it) if it > MAX_SECONDS => Some((Ternary::Yes, "is longer than 12 hours")),
            Some(it) if it < MIN_SECONDS => {
                Some((Ternary::Unknown, "can end before the instance starts"))
            }
            Some(_) => None,
        };
        if let Some((certain, what)) = problem {
            let refusal = refuse(index, id, certain, reason(what))?;
            return Some(refusal.fix(Fix::manual("set a timeout such as `PT15M`")));
        }
    }
    let is_for = |it: &Signal| it.resource.as_deref().is_none_or(|it| it == own);
    let ours = |it: &&Sender<'_>| it.signals.iter().any(is_for);
    let ours: Vec<&Sender<'g>> = senders.iter().filter(ours).collect();
    if ours.is_empty() {
        let others = senders.iter().flat_map(|it| &it.signals);
        let other = others.filter_map(|it| it.resource.as_deref()).next();
        let reason = match other {
            Some(other) => format!("`{name}` waits for a signal, and user data signals `{other}`"),
            None => format!("`{name}` waits for a signal, and no script of the template sends one"),
        };
        return refuse(index, id, only_shown(index, id, senders), reason);
    }
    let mut signals = ours
        .iter()
        .flat_map(|it| &it.signals)
        .filter(|it| is_for(it));
    if signals.all(|it| it.is_failure) {
        let reason = format!("`{name}` waits for a signal, and user data signals only a failure");
        return refuse(index, id, Ternary::Yes, reason);
    }
    let sent = ours.iter().map(|it| sent(index, it, &is_for));
    let sent: Option<u64> = sent.sum();
    if let (Some(count), Some(sent)) = (count, sent)
        && count > sent
    {
        let reason = format!("`{name}` waits for {count} signals, and user data sends {sent}");
        return refuse(index, id, only_shown(index, id, senders), reason);
    }
    let reached = |connection: &Connection<'_, '_>| {
        let worst = connection.check().into_iter().min_by_key(|it| it.status);
        worst.map(|it| (it.status, it.detail, it.fix))
    };
    lost(index, id, &ours, "CloudFormation", |instance, placement| {
        let service = "cloudformation";
        reached(&Connection::new(index, instance, placement, service, None))
    })
}

/// Beginnings of the types whose resources run no code. Any other resource can send a signal.
const NO_CODE: &[&str] = &[
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::AutoScaling::Launch",
    "AWS::AutoScaling::Scal",
    "AWS::CloudFormation::WaitCondition",
    "AWS::CloudWatch::",
    "AWS::DynamoDB::",
    "AWS::EC2::",
    "AWS::EFS::",
    "AWS::ElasticLoadBalancing",
    "AWS::IAM::",
    "AWS::KMS::",
    "AWS::Logs::",
    "AWS::RDS::",
    "AWS::Route53",
    "AWS::S3::",
    "AWS::SNS::",
    "AWS::SQS::",
    "AWS::SSM::Parameter",
    "AWS::SecretsManager::Secret",
];

/// Types whose instances run code of which the file does not show all.
const FLEETS: &[&str] = &["AWS::EC2::EC2Fleet", "AWS::EC2::SpotFleet"];

/// Parts of commands, in lowercase, that run containers or call AWS, whose effect is elsewhere.
const ELSEWHERE: &[&str] = &[
    "docker ", "podman ", "nerdctl ", "aws ", "boto", "-ssm", "invoke-",
];

/// Returns yes if the file shows every signal that a resource can get, else unknown. An image of the
/// author, what a script downloads, and other code can send one.
fn only_shown<'g>(index: &GraphIndex<'g>, id: NodeId, senders: &[Sender<'g>]) -> Ternary {
    let stack = index.graph.node(id).map(Node::stack);
    let is_near = |node: NodeId| index.graph.node(node).map(Node::stack) == stack;
    let is_of_sender = |id: &NodeId| senders.iter().any(|it| it.instance.sources.contains(id));
    // Such as an automation that a script starts, or a policy that allows the call.
    let mentions_signals = |node: &Node| {
        let mut text = String::new();
        let properties = node.resource.put(node.dialect());
        properties.iter().for_each(|(_, value)| {
            functions::show(value, &mut text);
        });
        let text = text.to_ascii_lowercase();
        ["signalresource", "signal-resource", "cfn-signal"]
            .iter()
            .any(|it| text.contains(it))
    };
    let runs_code = index.graph.nodes().any(|(other, node)| {
        let of = node.resource.type_name(node.dialect()).unwrap_or_default();
        let is_code = FLEETS.contains(&of) || !NO_CODE.iter().any(|it| of.starts_with(it));
        is_near(other)
            && !node.is_absent()
            && (is_code || !is_of_sender(&other) && mentions_signals(node))
    });
    let is_open = |it: &Sender<'g>| {
        let image = match &it.instance.image {
            Setting::Known(_, _, link) => classify(index, link),
            _ => return true,
        };
        let is_own = matches!(image, image::Image::Opaque(_));
        let script = script(index, &it.instance);
        is_own || it.runs_elsewhere || !matches!(script, Script::Nothing)
    };
    let ours = senders.iter().filter(|it| is_near(it.instance.node));
    match runs_code || ours.into_iter().any(is_open) {
        true => Ternary::Unknown,
        false => Ternary::Yes,
    }
}

/// Returns how many signals an instance or its group sends, or none if the file does not show it.
fn sent(
    index: &GraphIndex<'_>,
    sender: &Sender<'_>,
    is_for: &dyn Fn(&Signal) -> bool,
) -> Option<u64> {
    let mut ours = sender.signals.iter().filter(|it| is_for(it));
    if ours.clone().any(|it| it.is_repeated) {
        return None;
    }
    let each = u64::try_from(ours.by_ref().count()).ok()?;
    let instances = match &index.graph.node(sender.instance.node)?.resource {
        Resource::AutoScalingGroup(it) => {
            let desired = it.desired_capacity.as_ref().or(it.min_size.as_ref());
            u64::try_from(*desired?.lit()?).ok()?
        }
        _ => 1,
    };
    each.checked_mul(instances)
}

type Reached = Option<(HopStatus, String, Option<Fix>)>;

/// Refuses a resource if no sender, or perhaps none, reaches the service that takes its signals.
fn lost<'g>(
    index: &GraphIndex<'g>,
    id: NodeId,
    senders: &[&Sender<'g>],
    service: &str,
    reach: impl Fn(&InstanceConfig<'g>, &Placement<'g>) -> Reached,
) -> Option<Refusal> {
    let mut best: Reached = None;
    for sender in senders {
        let of_each = sender.instance.placements.iter();
        let worst = of_each
            .filter_map(|placement| reach(&sender.instance, placement))
            .min_by_key(|it| it.0)?;
        let worst = match (worst.0, has_command(index, sender)) {
            (HopStatus::Pass, Ternary::Unknown) => {
                let detail = "the file does not show whether the image includes `cfn-signal`";
                (HopStatus::Unknown, detail.to_owned(), None)
            }
            (HopStatus::Pass | HopStatus::Unknown, Ternary::No) => {
                let detail = "the image does not include `cfn-signal`";
                let fix = "install `aws-cfn-bootstrap` in the user data";
                (HopStatus::Fail, detail.to_owned(), Some(Fix::manual(fix)))
            }
            _ => worst,
        };
        if best.as_ref().is_none_or(|it| worst.0 > it.0) {
            best = Some(worst);
        }
    }
    let (status, detail, fix) = best?;
    let certain = match status {
        HopStatus::Pass => return None,
        HopStatus::Fail => Ternary::Yes,
        HopStatus::Unknown => Ternary::Unknown,
    };
    let reason = format!(
        "CloudFormation rolls back `{}`: its signal must reach {service}; {detail}",
        index.name(id)
    );
    let refusal = refuse(index, id, certain, reason)?;
    Some(match fix {
        Some(fix) => refusal.fix(fix),
        None => refusal,
    })
}

/// Returns whether an instance has the command. Amazon Linux and Windows images of AWS include it.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-helper-scripts-reference.html>
fn has_command<'g>(index: &GraphIndex<'g>, sender: &Sender<'g>) -> Ternary {
    let Setting::Known(_, _, link) = &sender.instance.image else {
        return Ternary::Yes;
    };
    match image::users(&classify(index, link).into_name()) {
        Users::Known("ubuntu" | "admin") if !sender.installs => {
            match script(index, &sender.instance) {
                Script::Nothing => Ternary::No,
                _ => Ternary::Unknown,
            }
        }
        _ => Ternary::Yes,
    }
}

/// Checks a wait condition, whose handle is a URL of Amazon S3.
fn by_handle<'g>(index: &GraphIndex<'g>, id: NodeId, senders: &[Sender<'g>]) -> Option<Refusal> {
    let Resource::Raw(raw) = &index.graph.node(id)?.resource else {
        return None;
    };
    if number(raw.property_value("Count")) == Some(0) {
        return None;
    }
    let handle = match raw.property_value("Handle") {
        Some(RawValue::Expr(expr)) => match expr.as_ref() {
            Expr::Attr(id, _) | Expr::Other(id, _) => *id,
            _ => return None,
        },
        _ => return None,
    };
    let users = index.graph.nodes().filter(|(_, node)| {
        !is_wait_condition(node) && !node.is_absent() && node.references().contains(&handle)
    });
    let users: Vec<NodeId> = users.map(|(id, _)| id).collect();
    if users.is_empty() {
        let reason = format!(
            "`{}` waits for a signal, and nothing uses its handle",
            index.name(id)
        );
        return refuse(index, id, Ternary::Yes, reason);
    }
    let is_ours = |it: &&Sender<'_>| it.instance.sources.iter().any(|it| users.contains(it));
    let ours: Vec<&Sender<'g>> = senders.iter().filter(is_ours).collect();
    let of_instances = |it: &NodeId| {
        ours.iter()
            .any(|sender| sender.instance.sources.contains(it))
    };
    // Another resource, such as a function, can send the signal.
    if !users.iter().all(of_instances) {
        return None;
    }
    lost(index, id, &ours, "Amazon S3", |instance, placement| {
        let region = crate::reachability::iam::sample_region(index);
        let object = Expr::Text(format!("cloudformation-waitcondition-{region}/signal").into());
        let request = S3Request {
            action: "s3:PutObject",
            on: CallContext {
                resource: Some(&object),
                ..CallContext::of(Caller::Unknown)
            },
        };
        let connection = Connection::new(index, instance, placement, "s3", None);
        let status = match connection.reaches_s3(&request) {
            Ternary::Yes => HopStatus::Pass,
            Ternary::Unknown => HopStatus::Unknown,
            Ternary::No => HopStatus::Fail,
        };
        let detail = format!(
            "the subnet of `{}` has no path to it",
            index.name(instance.node)
        );
        Some((status, detail, Some(s3_gateway(&connection, &request))))
    })
}

/// Returns the signals that an instance sends.
fn sender<'g>(index: &GraphIndex<'g>, instance: InstanceConfig<'g>) -> Sender<'g> {
    let texts = match &instance.user_data {
        Setting::Known(_, _, value) => index.texts(value),
        Setting::Unset | Setting::Unknown(..) => Vec::new(),
    };
    let (mut signals, mut installs, mut runs_elsewhere) = (Vec::new(), false, false);
    for text in &texts {
        let init = cfn_init::scripts(index, &instance, text, false);
        for script in std::iter::once(text).chain(init.iter().map(|it| &it.text)) {
            let lines = script_text::lines(script).shown.text;
            installs |= lines.contains("cfn-bootstrap");
            let lower = lines.to_ascii_lowercase();
            runs_elsewhere |= ELSEWHERE.iter().any(|it| lower.contains(it));
            signals.extend(found(&lines));
        }
    }
    Sender {
        instance,
        signals,
        installs,
        runs_elsewhere,
    }
}

/// Returns the commands of a script that send signals.
fn found(text: &str) -> Vec<Signal> {
    let is_repeated = ["for ", "while ", "until ", "xargs"]
        .iter()
        .any(|it| text.contains(it));
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|it| !it.starts_with('#'));
    let lines = lines.flat_map(commands);
    let signals = lines.filter(|it| it.contains("cfn-signal") || it.contains("signal-resource"));
    let signal = |line: &str| {
        let words: Vec<&str> = line
            .split(|c: char| c.is_whitespace() || matches!(c, '=' | '"' | '\'' | ',' | '[' | ']'))
            .filter(|it| !it.is_empty())
            .collect();
        let option = |it: &&str| matches!(*it, "--resource" | "-r" | "--logical-resource-id");
        let at = words.iter().position(option);
        let name = at.and_then(|at| words.get(at + 1)).copied();
        let is_failure = words.windows(2).any(|it| match it {
            ["-s" | "--success", value] => value.eq_ignore_ascii_case("false"),
            ["-e" | "--exit-code", value] => value.parse().is_ok_and(|code: i64| code != 0),
            ["--status", value] => *value == "FAILURE",
            _ => false,
        });
        Signal {
            is_failure,
            resource: name
                .filter(|it| !it.contains(['$', '%', '<']))
                .map(str::to_owned),
            is_repeated,
        }
    };
    signals.map(signal).collect()
}

#[cfg(test)]
mod tests {
    use super::{found, seconds};

    #[test]
    fn durations_are_read() {
        assert_eq!(seconds("PT10M"), Some(600));
        assert_eq!(seconds("PT1H30M5S"), Some(5405));
        for text in ["10M", "PT", "PT5", "P1D", "PT1X"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn the_resource_of_a_signal_is_found() {
        let of = |text: &str| {
            let all = found(text);
            all.into_iter().map(|it| it.resource).collect::<Vec<_>>()
        };
        let app = Some("App".to_owned());
        for text in [
            "/opt/aws/bin/cfn-signal -e $? --stack s --resource App --region r",
            "cfn-signal.exe -e 0 --resource=App",
            "yum update && aws cloudformation signal-resource --logical-resource-id App --status SUCCESS",
        ] {
            assert_eq!(of(text), std::slice::from_ref(&app), "{text}");
        }
        assert_eq!(of("cfn-signal --resource $NAME"), [None]);
        assert!(of("# cfn-signal --resource App\necho done").is_empty());
    }

    #[test]
    fn a_signal_of_a_failure_is_found() {
        let of = |text: &str| found(text).into_iter().all(|it| it.is_failure);
        assert!(of("cfn-signal --success false --resource App"));
        assert!(of("cfn-signal -e 1 --resource App"));
        assert!(!of("cfn-signal -e 0 --resource App"));
        assert!(!of("cfn-signal -e $? --resource App"));
    }
}
