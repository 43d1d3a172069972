//! From template to prompt: change sets, events, status, sessions.
//!
//! ```text
//!  cli/{deploy,diff,status,doctor,destroy}      what is asked and printed
//!        |
//!  rollout, removal, wait                       what is done, and what is true afterwards
//!        |                \
//!  aws (the SDK)          aws_cli               the two doors
//! ```
//!
//! CloudFormation is asked through the SDK. EC2, Systems Manager, S3 and IAM are asked through the
//! AWS CLI, which `connect` needs anyway for the session's plugin: `aws-sdk-ssm` costs 132 CPU
//! seconds and 2.5 GB of memory to build, `aws-sdk-ec2` many times that.
//!
//! Every call that changes something carries a token or is safe to repeat, so that it is retried
//! whenever its answer is lost. What a message says of the stack, AWS said last.

pub(crate) mod aws;
pub(crate) mod aws_cli;
pub(crate) mod cause;
mod change_sets;
pub(crate) mod error;
mod hint;
mod https;
pub(crate) mod outcome;
pub(crate) mod parameters;
pub(crate) mod removal;
pub(crate) mod rollout;
pub(crate) mod stop;
mod strict;
pub(crate) mod template;
pub(crate) mod values;
pub(crate) mod wait;

pub(crate) use crate::report::printable as plain;
