//! The parts of a stack in the configuration file.

use super::audit::Audit;
use super::endpoints::Endpoints;
use super::existing_network::Network;
use super::instance::PrivateInstance;
use super::instance_role::InstanceRole;
use super::monitoring::Monitoring;
use super::network::PrivateNetwork;
use super::operators::Operators;
use super::options::options;
use super::patching::Patching;
use super::preset::Preset;
use super::sessions::Sessions;
use crate::resource::Tags;

options! {
    /// The parts of a stack in the configuration file.
    #[derive(Clone, Debug)]
    pub(crate) struct Parts, start |preset| Parts::of(preset);
    options {
        /// Tags of all resources.
        tags: tags Tags;
        /// Network of the instances and endpoints: a new VPC, or an existing one.
        network: def Network = Network::New(PrivateNetwork::default()), shown "a new VPC";
        /// VPC endpoints of the network.
        endpoints: def Endpoints = Endpoints::default(), shown "those of the agent";
        /// IAM role and instance profile of the instances.
        instance_role: def InstanceRole = InstanceRole::default(), shown "a new role";
        /// Creates a session document: logs, encryption and time limits of sessions.
        sessions: opt Sessions, shown "the preferences of the account";
        /// Creates an IAM policy for operators, who start sessions on the instances.
        operators: opt Operators;
        /// Enables updates of SSM Agent, patches and inventory.
        patching: opt Patching;
        /// Creates an SNS topic for session events and status check alarms.
        monitoring: opt Monitoring;
        /// Creates a CloudTrail trail and VPC flow logs.
        audit: opt Audit;
        /// Instances of the stack.
        instances: many PrivateInstance, shown "one, named `main`";
    }
}

impl Parts {
    /// The parts of a preset.
    fn of(preset: Preset) -> Parts {
        Parts {
            network: Network::New(preset.network()),
            endpoints: preset.endpoints(),
            instance_role: preset.instance_role(),
            sessions: preset.sessions(),
            operators: preset.operators(),
            patching: preset.patching(),
            monitoring: preset.monitoring(),
            audit: preset.audit(),
            ..Parts::default()
        }
    }
}
