//! The request context: the condition keys of a call, as AWS sends them.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>

use super::super::graph_index::GraphIndex;
use super::pattern::{Atom, literal};
use super::text::{
    Variable, Variables, auto_scaling_role, instance_arn, plain, push_pseudo, role_arn, served_arn,
};
use crate::ir::{Expr, NodeId, Pseudo, Value};
use crate::resource::{Node, RawValue, Resource};

/// The principal that a policy is evaluated for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The role that the policy is attached to. Statements name no principal.
    Holder(Option<NodeId>),
    /// A role in the file.
    Role(NodeId),
    /// A role outside the file.
    Unknown,
    /// EC2, which assumes the role of an instance.
    Ec2,
    /// The deploying principal.
    Deployer,
    /// The service-linked role of an Auto Scaling group, which no policy of the account changes.
    AutoScaling(NodeId),
    /// Another service, which acts on a resource of the file.
    Service(&'static str, NodeId),
}

impl Caller {
    /// Returns the name of the service that calls in its own name.
    pub(super) fn service(self) -> Option<&'static str> {
        match self {
            Caller::Ec2 => Some("ec2"),
            Caller::Service(name, _) => Some(name),
            _ => None,
        }
    }
}

/// The path of a call, which determines the network keys.
#[derive(Clone, Debug, Default)]
pub(crate) enum NetworkPath {
    #[default]
    Unknown,
    /// Through an interface endpoint.
    Endpoint {
        /// The endpoint, unless the call can take several.
        endpoint: Option<NodeId>,
        vpc: Expr,
        subnet: Option<NodeId>,
    },
    /// Through the internet, from the Elastic IP address of a NAT gateway if the file contains it.
    Internet {
        address: Option<NodeId>,
        vpc: Expr,
        subnet: Option<NodeId>,
    },
}

/// A call: who, on what, from where.
#[derive(Clone, Debug)]
pub(crate) struct CallContext<'a> {
    pub(crate) caller: Caller,
    /// The resource if the file contains it.
    pub(crate) resource: Option<&'a Expr>,
    /// The instance, unless an Auto Scaling group launches it.
    pub(crate) instance: Option<NodeId>,
    pub(crate) network: NetworkPath,
}

impl CallContext<'_> {
    /// A call from an unknown place.
    pub(crate) const fn of(caller: Caller) -> CallContext<'static> {
        CallContext {
            caller,
            resource: None,
            instance: None,
            network: NetworkPath::Unknown,
        }
    }

    fn role(&self) -> Option<NodeId> {
        match self.caller {
            Caller::Holder(role) => role,
            Caller::Role(role) => Some(role),
            _ => None,
        }
    }
}

/// What is known of a condition key.
#[derive(Clone, Debug)]
pub(super) enum Fact {
    Absent,
    Value(Vec<Atom>),
    /// Sources disagree whether AWS sends the key. If so, with this value.
    AbsentOr(Vec<Atom>),
    /// The private address of an instance in a subnet.
    PrivateAddress(Option<NodeId>),
    /// A public address: an Elastic IP address of the file, or unknown.
    PublicAddress(Option<NodeId>),
    /// The current time.
    Now,
    /// Present with an unknown value.
    Present,
    Unknown,
}

fn text(value: &str) -> Fact {
    Fact::Value(literal(value))
}

impl Variables for CallContext<'_> {
    fn variable(&self, index: &GraphIndex<'_>, action: &str, key: &str) -> Variable {
        match self.fact(index, action, key) {
            Fact::Value(value) => Variable::Value(value),
            Fact::Absent => Variable::Absent,
            _ => Variable::Unknown,
        }
    }
}

impl CallContext<'_> {
    /// Returns what is known of a key in lowercase.
    pub(super) fn fact(&self, index: &GraphIndex<'_>, action: &str, key: &str) -> Fact {
        let service = self.caller == Caller::Ec2;
        match key {
            "aws:currenttime" | "aws:epochtime" => Fact::Now,
            "aws:securetransport" => text("true"),
            _ if service => service_fact(self, key),
            _ => match self.caller {
                Caller::Service(_, on) => other_service_fact(index, on, key),
                Caller::Deployer | Caller::AutoScaling(_) => creator_fact(index, self.caller, key),
                _ => self.session_fact(index, action, key),
            },
        }
    }

    /// A key of a call with the credentials that EC2 provides to an instance.
    fn session_fact(&self, index: &GraphIndex<'_>, action: &str, key: &str) -> Fact {
        let pseudo = |of| {
            let mut out = Vec::new();
            push_pseudo(index, of, &mut out);
            out
        };
        // https://docs.aws.amazon.com/service-authorization/latest/reference/list_ssmmessages.html
        let has_resource = !action.starts_with("ssmmessages:");
        if let Some(tag) = key.strip_prefix("aws:principaltag/") {
            return self.role_tag(index, tag);
        }
        if key.starts_with("aws:requesttag/") {
            return Fact::Absent;
        }
        if key.starts_with("aws:resourcetag/") || key.starts_with("ssm:resourcetag/") {
            return if has_resource {
                Fact::Unknown
            } else {
                Fact::Absent
            };
        }
        match key {
            "aws:viaawsservice" | "aws:principalisawsservice" => text("false"),
            // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_ec2_require-mfa.html
            "aws:multifactorauthpresent" => Fact::AbsentOr(literal("false")),
            "aws:principaltype" => text("AssumedRole"),
            "aws:requestedregion" => Fact::Value(pseudo(Pseudo::Region)),
            "aws:principalaccount" | "kms:calleraccount" => Fact::Value(pseudo(Pseudo::AccountId)),
            "aws:resourceaccount" if self.resource.is_some() => Fact::Unknown,
            "aws:resourceaccount" if has_resource => Fact::Value(pseudo(Pseudo::AccountId)),
            "aws:resourceaccount" => Fact::AbsentOr(pseudo(Pseudo::AccountId)),
            "aws:principalarn" => Fact::Value(role_arn(index, self.role())),
            "aws:userid" => {
                let mut id = vec![Atom::Unknown];
                id.extend(literal(":i-"));
                id.push(Atom::InstanceId(self.instance));
                Fact::Value(id)
            }
            // EC2 issues the credentials after the deployment.
            "aws:tokenissuetime" => Fact::Now,
            "aws:useragent" => Fact::Present,
            "aws:multifactorauthage"
            | "aws:username"
            | "aws:federatedprovider"
            | "aws:principalservicename"
            | "aws:principalservicenameslist"
            | "aws:calledvia"
            | "aws:calledviafirst"
            | "aws:calledvialast"
            | "aws:sourceaccount"
            | "aws:sourcearn"
            | "aws:sourceorgid"
            | "aws:sourceorgpaths"
            | "aws:sourceidentity"
            | "aws:tagkeys"
            | "kms:viaservice" => Fact::Absent,
            // SSM Agent reads the credentials with IMDSv2.
            // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
            "ec2:roledelivery" => text("2.0"),
            "ec2:sourceinstancearn" => Fact::Value(instance_arn(index, self.instance)),
            _ => self.network_fact(index, key),
        }
    }

    fn network_fact(&self, index: &GraphIndex<'_>, key: &str) -> Fact {
        let on_path = match &self.network {
            NetworkPath::Unknown => return Fact::Unknown,
            NetworkPath::Endpoint { .. } => true,
            NetworkPath::Internet { .. } => false,
        };
        let (NetworkPath::Endpoint { vpc, subnet, .. } | NetworkPath::Internet { vpc, subnet, .. }) =
            &self.network
        else {
            return Fact::Unknown;
        };
        match key {
            "aws:sourcevpce" => match &self.network {
                NetworkPath::Endpoint {
                    endpoint: Some(endpoint),
                    ..
                } => {
                    let link = <crate::resource::VpcEndpoint as crate::resource::Typed>::LINK;
                    Fact::Value(plain(index, &endpoint.at(link)))
                }
                NetworkPath::Endpoint { .. } => Fact::Present,
                _ => Fact::Absent,
            },
            "aws:sourcevpc" if on_path => Fact::Value(plain(index, vpc)),
            "aws:vpcsourceip" if on_path => Fact::PrivateAddress(*subnet),
            "aws:sourceip" if on_path => Fact::Absent,
            "aws:sourceip" => match &self.network {
                NetworkPath::Internet { address, .. } => Fact::PublicAddress(*address),
                _ => Fact::Unknown,
            },
            "aws:sourcevpc" | "aws:vpcsourceip" | "aws:sourcevpcarn" | "aws:vpceaccount"
            | "aws:vpceorgid" | "aws:vpceorgpaths"
                if !on_path =>
            {
                Fact::Absent
            }
            "aws:ec2instancesourcevpc" => Fact::Value(plain(index, vpc)),
            "aws:ec2instancesourceprivateipv4" => Fact::PrivateAddress(*subnet),
            _ => Fact::Unknown,
        }
    }

    /// A tag of the role. EC2 passes no session tags.
    fn role_tag(&self, index: &GraphIndex<'_>, tag: &str) -> Fact {
        let node = self.role().and_then(|role| index.graph.node(role));
        let Some((node, Resource::Role(role))) = node.map(|node| (node, &node.resource)) else {
            return Fact::Unknown;
        };
        // Keys of tags ignore case in conditions.
        let own = role
            .tags
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(tag));
        match own {
            _ if node.is_unmodeled("tags") => Fact::Unknown,
            Some((_, Value::Lit(value))) => text(value),
            Some((_, Value::Expr(expr))) => Fact::Value(plain(index, expr)),
            None => inherited_tag(node, tag),
        }
    }
}

/// A tag of the default tags of a Terraform provider.
fn inherited_tag(node: &Node, tag: &str) -> Fact {
    let all = node
        .origin
        .as_ref()
        .and_then(|origin| origin.unknown_properties.get("tags_all"));
    match all {
        None => Fact::Absent,
        Some(RawValue::Object(tags) | RawValue::Block(tags)) => {
            match tags.iter().find(|(name, _)| name.eq_ignore_ascii_case(tag)) {
                Some((_, RawValue::Str(value))) => text(value),
                Some(_) => Fact::Unknown,
                None => Fact::Absent,
            }
        }
        Some(_) => Fact::Unknown,
    }
}

/// A key of the call with which EC2 assumes the role.
fn service_fact(call: &CallContext<'_>, key: &str) -> Fact {
    match key {
        "aws:principalisawsservice" => text("true"),
        "aws:principalservicename" => text("ec2.amazonaws.com"),
        "sts:rolesessionname" => {
            let mut name = literal("i-");
            name.push(Atom::InstanceId(call.instance));
            Fact::Value(name)
        }
        "sts:externalid"
        | "sts:sourceidentity"
        | "sts:transitivetagkeys"
        | "aws:sourceidentity"
        | "aws:multifactorauthpresent"
        | "aws:multifactorauthage"
        | "aws:principalorgid"
        | "aws:principalorgpaths"
        | "aws:username"
        | "aws:federatedprovider"
        | "aws:tagkeys" => Fact::Absent,
        key if ["aws:principaltag/", "aws:requesttag/", "saml:"]
            .iter()
            .any(|prefix| key.starts_with(prefix)) =>
        {
            Fact::Absent
        }
        _ => Fact::Unknown,
    }
}

/// A key of a call of another service for a resource of the file.
fn other_service_fact(index: &GraphIndex<'_>, on: NodeId, key: &str) -> Fact {
    match key {
        "aws:principalisawsservice" => text("true"),
        "aws:sourcearn"
        | "kms:encryptioncontext:aws:logs:arn"
        | "kms:encryptioncontext:aws:cloudtrail:arn" => match served_arn(index, on) {
            Some(arn) => Fact::Value(arn),
            None => Fact::Unknown,
        },
        "aws:sourceaccount" => {
            let mut account = Vec::new();
            push_pseudo(index, Pseudo::AccountId, &mut account);
            Fact::Value(account)
        }
        _ => Fact::Unknown,
    }
}

/// A key of the call with which EC2 encrypts a volume for the creator of the instance.
fn creator_fact(index: &GraphIndex<'_>, caller: Caller, key: &str) -> Fact {
    let account = || {
        let mut out = Vec::new();
        push_pseudo(index, Pseudo::AccountId, &mut out);
        Fact::Value(out)
    };
    match (key, caller) {
        ("kms:grantisforawsresource", _) => text("true"),
        ("kms:calleraccount" | "aws:principalaccount", _) => account(),
        ("aws:principalarn", Caller::AutoScaling(group)) => {
            Fact::Value(auto_scaling_role(index, group))
        }
        _ => Fact::Unknown,
    }
}
