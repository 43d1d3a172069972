//! Operators: principals that start sessions on the instances.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-restrict-access-quickstart.html>

use super::arn::ArnContext;
use super::options::options;
use super::scope::{Construct, Scope};
use super::sessions::SessionHandles;
use crate::ir::{Diagnostic, Expr, Handle, IntoValue, Link, Text, Value, quoted};
use crate::resource::{
    Document, Instance, ManagedPolicy, PolicyDocument, Principal, Role, Statement, Typed,
};
use crate::session_manager::{DEFAULT_DOCUMENT, OPEN_DATA_CHANNEL};

/// AWS's documents that forward ports; such sessions are neither logged nor encrypted by a key.
const FORWARDING: [&str; 2] = [
    "AWS-StartPortForwardingSession",
    "AWS-StartPortForwardingSessionToRemoteHost",
];

/// AWS's document for SSH; such sessions are neither logged nor encrypted by a key.
const SSH: &str = "AWS-StartSSHSession";

/// The instances that sessions may be opened on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SessionTargets {
    /// Those that have all of these tags: key, and values of which one fits; `*` and `?` are
    /// patterns.
    Tagged(Vec<(Text, Vec<Text>)>),
    /// These instances, by ID.
    Ids(Vec<Value<Text>>),
}

/// The permissions of operators: start sessions on some instances with some documents, and end and
/// resume their own sessions.
///
/// ```
/// use ssm_synth::construct::{OperatorPolicy, SessionTargets};
///
/// let team = SessionTargets::Tagged(vec![("Team".into(), vec!["core".into()])]);
/// let policy = OperatorPolicy::new(team).allow_port_forwarding(true);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct OperatorPolicy {
    targets: SessionTargets,
    documents: Vec<Value<Text>>,
    allow_port_forwarding: bool,
    allow_ssh: bool,
    kms_keys: Vec<Value<Text>>,
}

impl OperatorPolicy {
    /// For sessions on these instances.
    pub fn new(instances: impl IntoValue<SessionTargets>) -> OperatorPolicy {
        OperatorPolicy {
            targets: instances.into_value(),
            documents: Vec::new(),
            allow_port_forwarding: false,
            allow_ssh: false,
            kms_keys: Vec::new(),
        }
    }

    /// A session document, by name. Default: [`DEFAULT_DOCUMENT`].
    pub fn document(mut self, name: impl IntoValue<Value<Text>>) -> Self {
        self.documents.push(name.into_value());
        self
    }

    /// Whether to allow port forwarding, which no log shows. Default: `false`.
    pub fn allow_port_forwarding(mut self, allow: bool) -> Self {
        self.allow_port_forwarding = allow;
        self
    }

    /// Whether to allow SSH through a session, which no log shows. Default: `false`.
    pub fn allow_ssh(mut self, allow: bool) -> Self {
        self.allow_ssh = allow;
        self
    }

    /// The ARN of a key that sessions are encrypted with. Default: none.
    pub fn kms_key(mut self, arn: impl IntoValue<Value<Text>>) -> Self {
        self.kms_keys.push(arn.into_value());
        self
    }

    /// Returns the policy.
    ///
    /// Instances and documents have separate statements: documents do not have the tags of the
    /// instances, so one condition on both would deny everything. Each statement requires the
    /// document check; without it, IAM allows the default document regardless of the list.
    /// `BoolIfExists` is necessary because plain `Bool` also denies listed documents. Two statements
    /// match the operator's own sessions. For IAM users, the ID starts with the username. For
    /// everyone, AWS sets a tag. The ID of a role's session starts with the
    /// role session name, which no policy variable contains.
    /// <https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-restrict-access-examples.html>
    ///
    /// The data channel is allowed on all sessions, as in the managed policies of AWS. No variable
    /// matches the IDs. The channel also requires the token that `StartSession` returned.
    pub fn to_policy_document(&self, context: &ArnContext) -> PolicyDocument {
        let validated = |statement: Statement| {
            statement.when(
                "BoolIfExists",
                "ssm:SessionDocumentAccessCheck",
                [text("true")],
            )
        };
        let instance = |id: Expr| context.arn("ec2", [Expr::text("instance/"), id]);
        let reachable: Vec<Value<Text>> = match &self.targets {
            SessionTargets::Ids(ids) => ids.iter().map(|id| instance(expr(id))).collect(),
            SessionTargets::Tagged(_) => vec![instance(Expr::text("*"))],
        };
        let start = Statement::allow(["ssm:StartSession"]).on(reachable.iter().cloned());
        let start = match &self.targets {
            // Written once, since a policy has room for so many.
            SessionTargets::Ids(_) => Statement {
                actions: ["ssm:GetConnectionStatus", "ssm:StartSession"]
                    .map(text)
                    .into(),
                ..start
            },
            SessionTargets::Tagged(tags) => {
                let all = start;
                tags.iter().fold(all, |statement, (key, values)| {
                    let key = format!("ssm:resourceTag/{key}");
                    statement.when("StringLike", key, values.iter().map(literal))
                })
            }
        };
        let mut documents: Vec<Value<Text>> = match self.documents.is_empty() {
            true => vec![account_document(context, Expr::text(DEFAULT_DOCUMENT))],
            false => self
                .documents
                .iter()
                .map(|it| account_document(context, expr(it)))
                .collect(),
        };
        let forwarding = FORWARDING.iter().filter(|_| self.allow_port_forwarding);
        let ssh = Some(&SSH).filter(|_| self.allow_ssh);
        documents.extend(
            forwarding
                .chain(ssh)
                .map(|name| aws_document(context, name)),
        );
        let anywhere = ArnContext {
            partition: context.partition.clone(),
            region: Expr::text("*"),
            account: Expr::text("*"),
        };
        let session =
            |rest: &'static str| anywhere.arn("ssm", [Expr::text("session/"), Expr::text(rest)]);
        let mine = ["ssm:TerminateSession", "ssm:ResumeSession"];
        let mut statements = vec![
            validated(start).sid("StartOnInstances"),
            validated(Statement::allow(["ssm:StartSession"]).on(documents.iter().cloned()))
                .sid("StartWithDocuments"),
            // The Session Manager console reads the document that the operator selects.
            Statement::allow(["ssm:GetDocument"])
                .on(documents)
                .sid("ReadDocuments"),
            Statement::allow([OPEN_DATA_CHANNEL])
                .on([session("*")])
                .sid("DataChannel"),
            // Without the variable, as for roles, the resource matches nothing.
            Statement::allow(mine)
                .on([session("${aws:username}-*")])
                .sid("OwnSessionsById"),
            Statement::allow(mine)
                .on([session("*")])
                .when(
                    "StringLike",
                    "ssm:resourceTag/aws:ssmmessages:session-id",
                    [text("${aws:userid}")],
                )
                .sid("OwnSessionsByTag"),
            Statement::allow([
                "ec2:DescribeInstances",
                "ssm:DescribeInstanceInformation",
                "ssm:DescribeInstanceProperties",
                "ssm:DescribeSessions",
                "ssm:ListDocuments",
            ])
            .on([text("*")])
            .sid("Look"),
        ];
        if let SessionTargets::Tagged(_) = self.targets {
            let look = Statement::allow(["ssm:GetConnectionStatus"]).on(reachable);
            statements.push(look.sid("LookAtInstances"));
        }
        if !self.kms_keys.is_empty() {
            statements.push(
                Statement::allow(["kms:GenerateDataKey"])
                    .on(self.kms_keys.iter().cloned())
                    .sid("EncryptSessions"),
            );
        }
        PolicyDocument::new(statements)
    }
}

options! {
    /// The principals that can start sessions on the instances of the stack: a managed policy, and
    /// a role if `trusted_principals` are set.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Operators, start |preset| preset.operators().unwrap_or_default();
    options {
        /// Tags of the instances that operators can reach. An instance needs all tags, each with one
        /// of the values.
        instance_tags: many (Text, Vec<Text>), shown "the IDs of the instances";
        /// Enables port forwarding, which no log shows.
        allow_port_forwarding: def bool = false;
        /// Enables SSH through a session, which no log shows.
        allow_ssh: def bool = false;
        /// ARNs of the principals that can assume the operator role.
        trusted_principals: many Value<Text>, shown "none, and no role";
        /// Enables a multi-factor authentication (MFA) requirement for the role. Identity providers
        /// have their own.
        require_mfa: def bool = false;
    }
}

/// The operators, for other constructs.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct OperatorHandles {
    /// The policy.
    pub policy: Handle<ManagedPolicy>,
    /// The role, if there is one.
    pub role: Option<Handle<Role>>,
}

/// Operators with the instances that they may reach.
#[derive(Clone, Debug)]
pub(crate) struct PlacedOperators<'a> {
    pub(crate) operators: Operators,
    pub(crate) instances: &'a [Handle<Instance>],
    pub(crate) sessions: Option<&'a SessionHandles>,
    /// The most that the role can ever be allowed.
    pub(crate) boundary: Option<Link<ManagedPolicy>>,
}

impl Construct for PlacedOperators<'_> {
    type Handle = OperatorHandles;

    fn build(self, scope: &mut Scope<'_>) -> OperatorHandles {
        let context = ArnContext::of(scope);
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
        const MAX: usize = 40;
        if self.operators.instance_tags.is_empty() && self.instances.len() > MAX {
            let count = self.instances.len();
            let message =
                format!("a policy has room for the IDs of {MAX} instances, found {count}");
            scope.add_diagnostic(
                Diagnostic::error("operator-instances", message)
                    .help("select them by a tag with `operators.instance_tags`"),
            );
        }
        for (key, _) in self
            .operators
            .instance_tags
            .iter()
            .filter(|(_, of)| of.is_empty())
        {
            let message = format!(
                "`operators.instance_tags` has no values for {}",
                quoted(key)
            );
            scope.add_diagnostic(
                Diagnostic::error("operator-tags", message)
                    .about(&["instance_tags", key])
                    .help("list the values, or use `*` for any value"),
            );
        }
        if self.operators.require_mfa && self.operators.trusted_principals.is_empty() {
            scope.warn_unused(
                "operators.require_mfa",
                "without an operator role",
                "set `operators.trusted_principals` to create the role",
            );
        }
        let instances = match self.operators.instance_tags.is_empty() {
            false => SessionTargets::Tagged(self.operators.instance_tags),
            true => {
                let ids = self.instances.iter().map(|it| it.attr(Instance::LINK));
                SessionTargets::Ids(ids.map(Value::Expr).collect())
            }
        };
        let mut policy = OperatorPolicy::new(instances)
            .allow_port_forwarding(self.operators.allow_port_forwarding)
            .allow_ssh(self.operators.allow_ssh);
        if let Some(sessions) = self.sessions {
            policy = policy.document(sessions.document.attr(Document::LINK));
            if let Some(key) = &sessions.key {
                let key: Value<Text> = Expr::from(key.clone()).into();
                policy = policy.kms_key(key);
            }
        }
        let policy = scope.add(
            "Policy",
            ManagedPolicy::new(policy.to_policy_document(&context)),
        );
        scope.output(
            "PolicyArn",
            policy.attr(ManagedPolicy::LINK),
            "Allows operators to open sessions",
        );
        let role = (!self.operators.trusted_principals.is_empty()).then(|| {
            for (n, arn) in self.operators.trusted_principals.iter().enumerate() {
                if let Some(arn) = arn.lit().filter(|arn| !is_principal(arn)) {
                    let message = format!("{} is not a principal that can assume a role", quoted(arn));
                    scope.add_diagnostic(
                        Diagnostic::error("operator-trust", message)
                            .about(&["trusted_principals", &n.to_string()])
                            .help("use `arn:aws:iam::123456789012:root`, or the ARN of a role or user"),
                    );
                }
            }
            let mut who = self.operators.trusted_principals;
            let who = match who.len() {
                1 => Principal::Aws(who.swap_remove(0)),
                _ => Principal::Several(vec![(Text::Borrowed("AWS"), who)]),
            };
            let mut trust = Statement::allow(["sts:AssumeRole"]).principal(who);
            if self.operators.require_mfa {
                trust = trust.when("Bool", "aws:MultiFactorAuthPresent", ["true"]);
            }
            let mut role = Role::new(PolicyDocument::new([trust])).managed_policies([policy]);
            role.permissions_boundary = self.boundary;
            // Expired credentials cannot resume a session that still lasts.
            role.max_session_duration = self
                .sessions
                .and_then(|it| it.max_duration_minutes)
                .map(|minutes| Value::Lit(minutes.clamp(60, 720) * 60));
            let role = scope.add("Role", role);
            scope.output("RoleArn", role.attr(Role::ARN), "The role of operators");
            role
        });
        OperatorHandles { policy, role }
    }
}

/// Whether it is an account, a role or a user by ARN.
fn is_principal(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [start, _, "iam", "", account, resource] = parts[..] else {
        return false;
    };
    let named = |kind: &str| {
        resource
            .strip_prefix(kind)
            .is_some_and(|name| !name.is_empty())
    };
    start == "arn"
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && (resource == "root" || named("role/") || named("user/"))
        && !resource.contains(['*', '?'])
}

/// A tag's value in a policy, where `${…}` would be a variable; `*` and `?` stay patterns.
fn literal(value: &Text) -> Value<Text> {
    match value.contains("${") {
        true => Value::Lit(Text::Owned(value.replace("${", "${$}{"))),
        false => Value::Lit(value.clone()),
    }
}

fn text(text: &'static str) -> Value<Text> {
    Value::Lit(Text::Borrowed(text))
}

fn expr(value: &Value<Text>) -> Expr {
    match value {
        Value::Lit(text) => Expr::text(text.clone()),
        Value::Expr(expr) => expr.clone(),
    }
}

/// The ARN of a document of the account.
fn account_document(context: &ArnContext, name: Expr) -> Value<Text> {
    context.arn("ssm", [Expr::text("document/"), name])
}

/// The ARN of a document of AWS.
fn aws_document(context: &ArnContext, name: &'static str) -> Value<Text> {
    context.aws_arn("ssm", [Expr::text("document/"), Expr::text(name)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value as Json;

    /// A call by a principal, as a policy sees it.
    struct Call<'a> {
        action: &'a str,
        resource: &'a str,
        user_name: Option<&'a str>,
        user_id: &'a str,
        /// The value of the tag `aws:ssmmessages:session-id` of the resource.
        owner: Option<&'a str>,
    }

    fn matches(pattern: &str, text: &str) -> bool {
        match pattern.split_once('*') {
            None => pattern == text,
            Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
                let ends = (0..=text.len()).filter(|n| text.is_char_boundary(*n));
                ends.into_iter().any(|n| matches(rest, &text[n..]))
            }),
        }
    }

    /// Whether a statement allows the call: the part of IAM that statements on sessions use.
    fn allows(policy: &str, call: &Call<'_>) -> bool {
        let fill = |text: &str| {
            let text = text.replace("${aws:userid}", call.user_id);
            match call.user_name {
                Some(name) => Some(text.replace("${aws:username}", name)),
                None => (!text.contains("${aws:username}")).then_some(text),
            }
        };
        let lists = |list: &Json, text: &str| {
            let texts = list
                .as_array()
                .map_or(std::slice::from_ref(list), Vec::as_slice);
            let mut texts = texts.iter().filter_map(|it| fill(it.as_str().unwrap()));
            texts.any(|pattern| matches(&pattern, text))
        };
        let value: Json = serde_json::from_str(policy).unwrap();
        value["Statement"].as_array().unwrap().iter().any(|it| {
            let tag = &it["Condition"]["StringLike"]["ssm:resourceTag/aws:ssmmessages:session-id"];
            let owned = tag.is_null() || call.owner.is_some_and(|owner| lists(tag, owner));
            lists(&it["Action"], call.action) && lists(&it["Resource"], call.resource) && owned
        })
    }

    /// The principals that start sessions: name and ID in IAM, and the start of their session IDs.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>
    const WHO: [(Option<&str>, &str, &str); 4] = [
        (Some("ada"), "AIDAEXAMPLE", "ada"),
        (None, "AROAEXAMPLE:deploy", "deploy"),
        // IAM Identity Center names the role session by the user name.
        (None, "AROASSO:ada@example.com", "ada@example.com"),
        (None, "123456789012:federated", "federated"),
    ];

    #[test]
    fn every_kind_of_operator_opens_resumes_and_ends_only_their_own_sessions() {
        let text = policy(tagged("core"), "aws", "eu-central-1");
        for (user_name, user_id, start) in WHO {
            let mine = format!("arn:aws:ssm:eu-central-1:123456789012:session/{start}-0a1b2c");
            let theirs = "arn:aws:ssm:eu-central-1:123456789012:session/other-0a1b2c";
            let call = |action, resource, owner| {
                let call = Call {
                    action,
                    resource,
                    user_name,
                    user_id,
                    owner,
                };
                allows(&text, &call)
            };
            let open = "ssmmessages:OpenDataChannel";
            assert!(call(open, &mine, Some(user_id)), "{user_id}");
            for action in ["ssm:TerminateSession", "ssm:ResumeSession"] {
                assert!(call(action, &mine, Some(user_id)), "{user_id} {action}");
                assert!(!call(action, theirs, Some("AROAOTHER:other")), "{user_id}");
            }
        }
    }

    #[test]
    fn the_console_finds_and_reads_the_session_document() {
        let text = policy(tagged("core").document("team"), "aws", "eu-central-1");
        let call = |action, resource: &str| {
            let (user_name, user_id, owner) = (None, "AROAEXAMPLE:deploy", None);
            let call = Call {
                action,
                resource,
                user_name,
                user_id,
                owner,
            };
            allows(&text, &call)
        };
        let document =
            |name: &str| format!("arn:aws:ssm:eu-central-1:123456789012:document/{name}");
        let [team, other] = ["team", "other"].map(document);
        assert!(call("ssm:ListDocuments", "*"));
        assert!(call("ssm:GetDocument", &team));
        assert!(!call("ssm:GetDocument", &other));
    }

    fn policy(policy: OperatorPolicy, partition: &'static str, region: &'static str) -> String {
        let context = ArnContext {
            partition: Expr::text(partition),
            region: Expr::text(region),
            account: Expr::text("123456789012"),
        };
        policy
            .to_policy_document(&context)
            .to_json()
            .expect("it holds no functions")
    }

    fn tagged(value: &'static str) -> OperatorPolicy {
        OperatorPolicy::new(SessionTargets::Tagged(vec![(
            "Team".into(),
            vec![value.into()],
        )]))
    }

    #[test]
    fn documents_do_not_carry_the_tags_of_instances() {
        let text = policy(tagged("core"), "aws", "eu-central-1");
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let starts: Vec<&serde_json::Value> = value["Statement"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|it| it["Action"][0] == "ssm:StartSession")
            .collect();
        assert_eq!(starts.len(), 2);
        for start in starts {
            let of_instance = start["Resource"][0]
                .as_str()
                .unwrap()
                .contains(":instance/");
            let tagged = start["Condition"]["StringLike"].is_object();
            assert_eq!(of_instance, tagged);
            let check = &start["Condition"]["BoolIfExists"]["ssm:SessionDocumentAccessCheck"];
            assert_eq!(check, "true");
        }
    }

    #[test]
    fn unlogged_access_requires_a_setting() {
        let text = policy(tagged("core"), "aws", "eu-central-1");
        assert!(!text.contains("AWS-Start"));
        let text = policy(tagged("core").allow_ssh(true), "aws-cn", "cn-north-1");
        assert!(text.contains("arn:aws-cn:ssm:cn-north-1::document/AWS-StartSSHSession"));
        assert!(!text.contains("PortForwarding"));
    }

    #[test]
    fn a_tag_is_no_variable() {
        let text = policy(tagged("${aws:userid}"), "aws", "*");
        assert!(text.contains("\"${$}{aws:userid}\""), "{text}");
    }
}
