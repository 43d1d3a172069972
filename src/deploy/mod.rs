//! Deployment: change sets, events, status, sessions.
//!
//! ```text
//!  cli/{deploy,diff,status,doctor,destroy}      prompts and output
//!        |
//!  rollout, removal, wait                       operations and their outcome
//!        |                \
//!  aws (the SDK)          aws_cli               calls
//! ```
//!
//! CloudFormation calls use the SDK. EC2, Systems Manager, S3 and IAM calls use the AWS CLI, which
//! `connect` requires anyway for the Session Manager plugin. The SDK would slow down the build:
//! `aws-sdk-ssm` needs 132 CPU seconds and 2.5 GB of memory, and `aws-sdk-ec2` many times that.
//!
//! Every call that changes something has a token or is safe to repeat, so a lost response causes a
//! retry. Messages report the last state that AWS returned.

pub(crate) mod aws;
pub(crate) mod aws_cli;
pub(crate) mod cause;
mod change_sets;
pub(crate) mod error;
mod hint;
mod https;
pub(crate) mod jobs;
pub(crate) mod obstacles;
pub(crate) mod options;
pub(crate) mod outcome;
pub(crate) mod parameters;
pub(crate) mod precondition;
pub(crate) mod preflight;
pub(crate) mod progress;
pub(crate) mod removal;
pub(crate) mod rollout;
pub(crate) mod stop;
mod strict;
pub(crate) mod template;
pub(crate) mod values;
pub(crate) mod wait;

pub(crate) use crate::report::printable as plain;
