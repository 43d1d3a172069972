//! From the operator to the shell, as it really goes: the agent dials out, and nothing dials in.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html>

use super::{Path, Scene};
use crate::reachability::{Hop, HopStatus};

/// Who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Party {
    /// A person with the AWS CLI and its session plugin.
    Operator,
    /// The service `ssm`.
    Ssm,
    /// The service `ssmmessages`.
    Messages,
    /// The endpoints, or what else leads out of the VPC.
    EgressPoint,
    /// The agent on the instance.
    Agent,
    /// The instance's metadata service and the VPC's resolver.
    Local,
}

impl Party {
    /// All, from left to right.
    pub const ALL: &'static [Party] = &[
        Party::Operator,
        Party::Ssm,
        Party::Messages,
        Party::EgressPoint,
        Party::Agent,
        Party::Local,
    ];

    /// Returns its two lines.
    pub(crate) fn label(self, path: Option<&Path>) -> (&'static str, &'static str) {
        let endpoints = path.map_or(Some(true), |it| it.by_endpoints);
        match self {
            Party::Operator => ("Operator", "AWS CLI, plugin"),
            Party::Ssm => ("ssm", "Systems Manager"),
            Party::Messages => ("ssmmessages", "Session Manager"),
            Party::EgressPoint => match endpoints {
                Some(true) => ("VPC endpoints", "private DNS"),
                Some(false) => ("Way out", "of the subnet"),
                None => ("Way out", "not told which"),
            },
            Party::Agent => ("SSM Agent", "on the instance"),
            Party::Local => ("In the VPC", "metadata, resolver"),
        }
    }
}

/// A message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Step {
    /// Who sends it.
    pub from: Party,
    /// Who gets it.
    pub to: Party,
    /// What it passes on its way.
    pub through: Option<Party>,
    /// What it says.
    pub text: String,
    /// Whether it goes both ways.
    pub is_bidirectional: bool,
    /// What the proof says of it; nothing where the file does not say how it goes.
    pub status: Option<HopStatus>,
}

/// How many steps there are up to the control channel.
const CHANNEL: usize = 4;

/// The way whose sequence is told: the worst.
pub(crate) fn shown_path(scene: &Scene) -> Option<&Path> {
    scene.paths.first()
}

/// The steps in order.
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
    let dialled = |to, text: String, hops: &[Hop]| Step {
        through: Some(Party::EgressPoint),
        ..step(Party::Agent, to, &text, hops)
    };
    let route: &[Hop] = &[
        Hop::RolePermissions,
        Hop::Endpoint,
        Hop::EndpointPrivateDns,
        Hop::EndpointPolicy,
        Hop::EndpointSecurityGroup,
        Hop::InstanceSecurityGroup,
        Hop::NetworkAcl,
        Hop::Route,
    ];
    let mut steps = vec![
        step(
            Party::Agent,
            Party::Local,
            "The agent asks the metadata service for its instance id and the role's credentials",
            &[Hop::Agent, Hop::Imds, Hop::InstanceProfile, Hop::RoleTrust],
        ),
        step(
            Party::Agent,
            Party::Local,
            &match endpoints {
                Some(true) => format!(
                    "It asks the VPC's resolver for ssm.{region} and ssmmessages.{region}: private \
                     DNS answers with addresses of the endpoints"
                ),
                Some(false) => format!(
                    "It asks the VPC's resolver for ssm.{region} and ssmmessages.{region}: public \
                     addresses"
                ),
                None => format!(
                    "It asks the VPC's resolver for ssm.{region} and ssmmessages.{region}: addresses \
                     of endpoints, if there are, else public ones"
                ),
            },
            &[Hop::VpcDns, Hop::Endpoint, Hop::EndpointPrivateDns],
        ),
        dialled(
            Party::Ssm,
            "It dials out, TCP 443, and registers: UpdateInstanceInformation".to_owned(),
            route,
        ),
        dialled(
            Party::Messages,
            "It dials out again and keeps a web socket open: the control channel".to_owned(),
            route,
        ),
        step(
            Party::Operator,
            Party::Ssm,
            "The operator calls StartSession with the instance's id",
            &[],
        ),
        step(
            Party::Ssm,
            Party::Operator,
            "The answer is a session id, a token and the address of a web socket",
            &[],
        ),
        step(
            Party::Operator,
            Party::Messages,
            "The session plugin opens that web socket: the operator's data channel",
            &[],
        ),
        step(
            Party::Messages,
            Party::Agent,
            "The service tells the agent, inside the control channel that the agent opened",
            &[],
        ),
        dialled(
            Party::Messages,
            "The agent dials out a third time: its own data channel".to_owned(),
            route,
        ),
    ];
    // Without a control channel nobody is told of a session.
    let fails = |it: &Step| it.status == Some(HopStatus::Fail);
    if let Some(first) = steps[..CHANNEL].iter().position(fails) {
        steps.drain(first + 1..CHANNEL);
        steps.truncate(first + 2);
        steps.push(Step {
            status: Some(HopStatus::Fail),
            ..step(
                Party::Ssm,
                Party::Operator,
                "The answer is TargetNotConnected: no agent has opened a control channel",
                &[],
            )
        });
        return steps;
    }
    // An answer takes the connection that is open: nothing dials into the VPC.
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
            "Both web sockets meet in the service: what is typed goes in at one, the shell's \
             output comes out of the other",
            &[Hop::SessionPreferences],
        )
    });
    steps.push(Step {
        through: Some(Party::EgressPoint),
        is_bidirectional: true,
        ..step(
            Party::Agent,
            Party::Messages,
            "The agent runs the shell, and passes its bytes on",
            &[Hop::SessionPreferences],
        )
    });
    steps
}
