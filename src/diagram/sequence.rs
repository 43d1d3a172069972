//! The sequence of a session: the agent opens every connection.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html>

use super::{Path, Scene};
use crate::reachability::{Hop, HopStatus, SequenceStep};
use crate::session_manager::REGISTER_ACTION;

/// A participant of the sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Party {
    /// The operator, with the AWS CLI and the Session Manager plugin.
    Operator,
    /// The service `ssm`.
    Ssm,
    /// The service `ssmmessages`.
    Messages,
    /// The endpoints, or the route to the internet.
    EgressPoint,
    /// The agent on the instance.
    Agent,
    /// The instance metadata service and the VPC resolver.
    Local,
}

impl Party {
    /// All participants, from left to right.
    pub const ALL: &'static [Party] = &[
        Party::Operator,
        Party::Ssm,
        Party::Messages,
        Party::EgressPoint,
        Party::Agent,
        Party::Local,
    ];

    /// Returns the two lines of the label.
    pub(crate) fn label(self, path: Option<&Path>) -> (&'static str, &'static str) {
        let endpoints = path.map_or(Some(true), |it| it.by_endpoints);
        match self {
            Party::Operator => ("Operator", "AWS CLI, plugin"),
            Party::Ssm => ("ssm", "Systems Manager"),
            Party::Messages => ("ssmmessages", "Session Manager"),
            Party::EgressPoint => match endpoints {
                Some(true) => ("VPC endpoints", "private DNS"),
                Some(false) => ("Internet", "route of the subnet"),
                None => ("Egress", "unknown path"),
            },
            Party::Agent => ("SSM Agent", "on the instance"),
            Party::Local => ("In the VPC", "IMDS, resolver"),
        }
    }
}

/// A message of the sequence.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Step {
    /// The sender.
    pub from: Party,
    /// The recipient.
    pub to: Party,
    /// The egress point that it passes.
    pub through: Option<Party>,
    /// The text.
    pub text: String,
    /// Whether data flows in both directions.
    pub is_bidirectional: bool,
    /// The worst status of the hops that it requires, if any.
    pub status: Option<HopStatus>,
}

/// The number of steps up to the control channel.
const CHANNEL: usize = 4;

/// Returns the API operation of an IAM action.
fn operation(action: &str) -> &str {
    action.rsplit(':').next().unwrap_or(action)
}

/// Returns the path that the sequence shows: the worst.
pub(crate) fn shown_path(scene: &Scene) -> Option<&Path> {
    scene.paths.first()
}

/// Returns the steps, in order.
pub(crate) fn steps(scene: &Scene) -> Vec<Step> {
    let path = shown_path(scene);
    let region = scene.region.as_deref().unwrap_or("REGION");
    let endpoints = path.map_or(Some(true), |it| it.by_endpoints);
    let step = |from, to, text: &str, hops: &[Hop]| Step {
        from,
        to,
        through: None,
        text: text.to_owned(),
        is_bidirectional: false,
        status: path.and_then(|it| it.status(hops)),
    };
    let connect = |to, text: String| Step {
        through: Some(Party::EgressPoint),
        ..step(
            Party::Agent,
            to,
            &text,
            &Hop::of_step(SequenceStep::Connect),
        )
    };
    let mut steps = vec![
        step(
            Party::Agent,
            Party::Local,
            "The agent reads its instance ID and the credentials of the role from the instance \
             metadata service",
            &Hop::of_step(SequenceStep::Credentials),
        ),
        step(
            Party::Agent,
            Party::Local,
            &match endpoints {
                Some(true) => format!(
                    "It resolves ssm.{region} and ssmmessages.{region}: private DNS returns the \
                     addresses of the endpoints"
                ),
                Some(false) => format!(
                    "It resolves ssm.{region} and ssmmessages.{region}: DNS returns public addresses"
                ),
                None => format!(
                    "It resolves ssm.{region} and ssmmessages.{region}: DNS returns the addresses of \
                     endpoints, or public addresses"
                ),
            },
            &Hop::of_step(SequenceStep::Resolve),
        ),
        connect(
            Party::Ssm,
            format!(
                "It connects on TCP 443 and registers: {}",
                operation(REGISTER_ACTION)
            ),
        ),
        connect(
            Party::Messages,
            "It connects again, and keeps a WebSocket open: the control channel".to_owned(),
        ),
        step(
            Party::Operator,
            Party::Ssm,
            "The operator calls StartSession with the instance ID",
            &[],
        ),
        step(
            Party::Ssm,
            Party::Operator,
            "The response contains a session ID, a token and the URL of a WebSocket",
            &[],
        ),
        step(
            Party::Operator,
            Party::Messages,
            "The Session Manager plugin opens the WebSocket: the data channel of the operator",
            &[],
        ),
        step(
            Party::Messages,
            Party::Agent,
            "The service notifies the agent through the control channel",
            &[],
        ),
        connect(
            Party::Messages,
            "The agent connects a third time: its data channel".to_owned(),
        ),
    ];
    // Without a control channel, no session starts.
    let fails = |it: &Step| it.status == Some(HopStatus::Fail);
    if let Some(first) = steps[..CHANNEL].iter().position(fails) {
        steps.drain(first + 1..CHANNEL);
        steps.truncate(first + 2);
        steps.push(Step {
            status: Some(HopStatus::Fail),
            ..step(
                Party::Ssm,
                Party::Operator,
                "The response is TargetNotConnected: no agent has opened a control channel",
                &[],
            )
        });
        return steps;
    }
    // The notification uses the open connection: nothing connects into the VPC.
    if let Some(inside) = steps.get_mut(7) {
        inside.through = Some(Party::EgressPoint);
        inside.status = None;
    }
    steps.push(Step {
        through: None,
        is_bidirectional: true,
        ..step(
            Party::Operator,
            Party::Messages,
            "The service joins both data channels: one carries the input, the other the output of \
             the shell",
            &Hop::of_step(SequenceStep::Shell),
        )
    });
    steps.push(Step {
        through: Some(Party::EgressPoint),
        is_bidirectional: true,
        ..step(
            Party::Agent,
            Party::Messages,
            "The agent runs the shell and forwards its input and output",
            &Hop::of_step(SequenceStep::Shell),
        )
    });
    steps
}
