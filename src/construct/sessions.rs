//! Session preferences: logs, encryption, time limits and user.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-logging.html>

use super::arn::ArnContext;
use super::duplicates::check_arn;
#[cfg(feature = "config")]
use super::option_types::{Kind, OptionType};
use super::options::{Ranges, options};
#[cfg(feature = "config")]
use super::reader::{Item, Reader};
use super::scope::{Construct, Scope};
use super::service::Service;
use super::shared::{WRITE_LOGS, allow_cloudwatch_logs, delegate_to_iam, require_tls, rotated_key};
use crate::ir::{
    Diagnostic, Expr, Handle, Id, IntoValue, Link, Text, Value, by_reference, kebab, quoted, words,
};
use crate::resource::{
    Bucket, BucketPolicy, Content, Document, EncryptionByDefault, KmsKey, LifecycleRule, LogGroup,
    Map, PolicyDocument, RawValue, RemovalPolicy, Statement, Tags, Typed,
};
use crate::session_manager::{
    BUCKET_ACTION, DEFAULT_DOCUMENT, LOG_GROUP_ACTION, SESSION_KEY_ACTION,
};
use crate::validate::ArnOf;

/// The user of sessions on Linux without Run As, which the agent creates.
const DEFAULT_USER: &str = "ssm-user";

/// The end of the name of the output with the document.
pub(crate) const DOCUMENT_OUTPUT: &str = "DocumentName";

/// The KMS key of sessions and their logs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SessionKey {
    /// A key of the stack, rotated each year.
    Created,
    /// An existing key, by ARN. If CloudWatch Logs receives sessions, its policy must allow that
    /// service to use it.
    Existing(Link<KmsKey>),
    /// No key: TLS encrypts sessions, and keys of AWS encrypt what is stored.
    None,
}

by_reference!(Handle<KmsKey> => SessionKey, Id<KmsKey> => SessionKey);

#[diagnostic::do_not_recommend]
impl IntoValue<SessionKey> for Handle<KmsKey> {
    fn into_value(self) -> SessionKey {
        SessionKey::Existing(self.into_value())
    }
}

#[diagnostic::do_not_recommend]
impl IntoValue<SessionKey> for Id<KmsKey> {
    fn into_value(self) -> SessionKey {
        SessionKey::Existing(self.into_value())
    }
}

#[cfg(feature = "config")]
impl OptionType for SessionKey {
    const KIND: Kind = Link::<KmsKey>::KIND;

    fn read(item: &Item, _: &Kind, reader: &mut Reader) -> Option<Self> {
        match item.as_text().as_deref() {
            Some("create") => Some(SessionKey::Created),
            Some("none") => Some(SessionKey::None),
            _ => {
                let key = reader.read(item, &Link::<KmsKey>::KIND);
                key.map(SessionKey::Existing)
            }
        }
    }

    fn shown(&self) -> Option<String> {
        match self {
            SessionKey::Created => Some("create".to_owned()),
            SessionKey::Existing(key) => key.shown(),
            SessionKey::None => Some("none".to_owned()),
        }
    }
}

words! {
    /// The sessions that a session document applies to.
    #[non_exhaustive]
    pub enum SessionScope {
        /// Sessions that name the document of the stack.
        Stack = "stack",
        /// All sessions of the account in the Region without another document: the document is
        /// `SSM-SessionManagerRunShell`, which exists once per account and Region.
        Account = "account",
    }
}

options! {
    /// The log group of sessions in CloudWatch Logs.
    #[derive(Clone, Debug, PartialEq)]
    pub struct SessionLogs;
    options {
        /// Days until CloudWatch Logs deletes session logs: one of its retention periods.
        retention_days: def Value<i64> = 365, in 1..=3653;
        /// Enables streaming of output during the session, not only at its end.
        streaming: def bool = true;
    }
}

options! {
    /// The bucket of session logs, which the agent writes at the end of a session.
    #[derive(Clone, Debug, PartialEq)]
    pub struct SessionBucket;
    options {
        /// Prefix of the object keys. The instances can write only below it.
        prefix: def Text = "sessions";
        /// Days until S3 deletes session logs, and overwritten logs after they were overwritten.
        expiration_days: opt Value<i64>, in 1..=36500, shown "never";
    }
}

options! {
    /// Session preferences in a document of the stack: logs, encryption, time limits and user.
    ///
    /// The stack also gets the endpoints and permissions that they need. AWS does not log or
    /// encrypt port forwarding and SSH sessions with the key.
    ///
    /// <https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-schema.html>
    #[derive(Clone, Debug, PartialEq)]
    pub struct Sessions, start |preset| preset.sessions().unwrap_or_default();
    options {
        /// Scope of the session document: sessions that name it, or all sessions of the account in
        /// the Region (`SSM-SessionManagerRunShell`).
        scope: def SessionScope = SessionScope::Stack;
        /// KMS key of sessions and their logs: `create`, the ARN of an existing key, or `none`.
        kms_key: def SessionKey = SessionKey::Created;
        /// Creates a log group for sessions in CloudWatch Logs.
        cloudwatch_logs: opt SessionLogs = Some(SessionLogs::default());
        /// Creates a bucket for session logs.
        s3_logs: opt SessionBucket;
        // https://docs.aws.amazon.com/systems-manager/latest/userguide/session-preferences-timeout.html
        /// Minutes without input before a session ends.
        idle_timeout_minutes: def i64 = 20, in 1..=60;
        /// Minutes before a session ends, also with input.
        max_duration_minutes: opt i64, in 1..=1440;
        /// Operating system user of sessions on Linux. The user must exist: only without this
        /// setting, the agent creates `ssm-user`.
        run_as_user: opt Text, shown "`ssm-user`, which the agent creates";
        /// Commands that run first in a shell on Linux.
        linux_shell_profile: opt Text;
        /// Commands that run first in a shell on Windows.
        windows_shell_profile: opt Text;
        /// Tags of the key, log group, bucket and document, in addition to the tags of the stack.
        tags: tags Tags;
    }
}

/// The session preferences, for other constructs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SessionHandles {
    /// The document. Sessions that do not name it are not logged, unless its scope is the account.
    pub document: Handle<Document>,
    /// The key, if it exists.
    pub key: Option<Link<KmsKey>>,
    /// The log group, if it exists.
    pub logs: Option<Handle<LogGroup>>,
    /// The bucket, if it exists.
    pub bucket: Option<Handle<Bucket>>,
    pub(crate) scope: SessionScope,
    pub(crate) max_duration_minutes: Option<i64>,
    /// The prefix of the objects in the bucket.
    pub(crate) prefix: Text,
    /// The user of Run As, if it is enabled.
    pub(crate) run_as: Option<Text>,
    /// What the roles of the instances may do.
    pub(crate) permissions: Vec<Statement>,
}

/// Returns the command that starts a session with an instance, with the document of the stack.
pub(super) fn start_session(
    instance: Expr,
    region: Expr,
    sessions: Option<&SessionHandles>,
) -> Expr {
    let mut parts = vec![
        Expr::text("aws ssm start-session --target "),
        instance,
        Expr::text(" --region "),
        region,
    ];
    if let Some(sessions) = sessions.filter(|it| it.scope == SessionScope::Stack) {
        parts.push(Expr::text(" --document-name "));
        parts.push(sessions.document.attr(Document::LINK));
    }
    Expr::concat(parts)
}

impl SessionHandles {
    /// Returns the services that the agent calls in addition to its own.
    pub(crate) fn services(&self) -> Vec<Service> {
        let kms = self.key.is_some().then_some("kms");
        let logs = self.logs.is_some().then_some("logs");
        kms.into_iter().chain(logs).map(Service::new).collect()
    }
}

/// Sessions in a stack.
#[derive(Clone, Debug)]
pub(crate) struct PlacedSessions(pub(crate) Sessions);

fn expr_of(key: &Link<KmsKey>) -> Value<Text> {
    Expr::from(key.clone()).into()
}

impl PlacedSessions {
    /// The name of the log group: the key's policy names it, and it names the key.
    fn group_name(scope: &Scope<'_>) -> String {
        format!("/session-manager/{}", kebab(scope.stack_name()))
    }

    fn key(&self, context: &ArnContext, scope: &mut Scope<'_>) -> Option<Link<KmsKey>> {
        match &self.0.kms_key {
            SessionKey::None => None,
            SessionKey::Existing(key) => {
                check_arn("kms_key", ArnOf::Key, key, scope);
                if key.lit().is_some_and(|it| it.as_str().contains(":alias/")) {
                    let message = "`sessions.kms_key` is an alias; expected the ARN of the key";
                    scope.add_diagnostic(
                        Diagnostic::error("session-key", message)
                            .about(&["kms_key"])
                            .help("find the ARN of the key with `aws kms describe-key --key-id alias/...`"),
                    );
                }
                Some(key.clone())
            }
            SessionKey::Created => {
                let mut statements = delegate_to_iam(context);
                if self.0.cloudwatch_logs.is_some() {
                    statements.push(allow_cloudwatch_logs(
                        &[Self::group_name(scope)],
                        context,
                        scope,
                    ));
                }
                let key = rotated_key("Sessions and their logs", statements);
                let key = scope.add("Key", key);
                // What is kept could not be read without it; else KMS keeps it for the window.
                let kept = self.0.cloudwatch_logs.is_some() || self.0.s3_logs.is_some();
                let removal = if kept {
                    RemovalPolicy::Retain
                } else {
                    RemovalPolicy::Delete
                };
                scope.set_removal_policy(key, removal);
                Some(key.into_value())
            }
        }
    }

    fn bucket(
        &self,
        asked: &SessionBucket,
        key: Option<&Link<KmsKey>>,
        scope: &mut Scope<'_>,
    ) -> Handle<Bucket> {
        let encryption = match key {
            Some(key) => EncryptionByDefault::new("aws:kms").kms_master_key_id(expr_of(key)),
            None => EncryptionByDefault::new("AES256"),
        };
        let bucket = Bucket::private(encryption)
            .lifecycle([LifecycleRule::tidy(asked.expiration_days.clone())]);
        let bucket = scope.add("Bucket", bucket);
        scope.set_removal_policy(bucket, RemovalPolicy::Retain);
        let policy = BucketPolicy::new(bucket, PolicyDocument::new([require_tls(bucket)]));
        let policy = scope.add("BucketPolicy", policy);
        scope.set_removal_policy(policy, RemovalPolicy::Retain);
        scope.depends_on(policy, [bucket.node()]);
        bucket
    }

    /// The user of Run As. With Run As, the agent creates no user, not even `ssm-user`.
    /// <https://docs.aws.amazon.com/systems-manager/latest/userguide/session-preferences-run-as.html>
    fn run_as(&self) -> Option<&Text> {
        let user = self.0.run_as_user.as_ref();
        user.filter(|user| *user != DEFAULT_USER)
    }

    /// What the roles of the instances may do for it.
    fn permissions(&self, handles: &LogTargets, context: &ArnContext) -> Vec<Statement> {
        let mut statements = Vec::new();
        if let Some((_, name)) = &handles.logs {
            let group = [Expr::text("log-group:"), Expr::text(name.clone())];
            let streams = context.arn("logs", group.into_iter().chain([Expr::text(":*")]));
            statements.push(Statement::allow(WRITE_LOGS).sid("WriteLogs").on([streams]));
            // The agent looks for the group by its name, and IAM knows no group then.
            statements.push(
                Statement::allow([LOG_GROUP_ACTION])
                    .sid("FindGroup")
                    .on(["*"]),
            );
        }
        if let (Some(bucket), Some(asked)) = (handles.bucket, &self.0.s3_logs) {
            let keys = format!("/{}/*", asked.prefix);
            let objects = Expr::concat([bucket.attr(Bucket::ARN), Expr::text(keys)]);
            statements.push(
                Statement::allow(["s3:PutObject"])
                    .sid("WriteObjects")
                    .on([objects]),
            );
            statements.push(
                Statement::allow([BUCKET_ACTION])
                    .sid("SeeEncryption")
                    .on([bucket.attr(Bucket::ARN)]),
            );
        }
        if let Some(key) = &handles.key {
            let mut actions = vec![SESSION_KEY_ACTION];
            actions.extend(handles.bucket.map(|_| "kms:GenerateDataKey"));
            statements.push(Statement::allow(actions).sid("UseKey").on([expr_of(key)]));
        }
        statements
    }

    fn content(&self, handles: &LogTargets) -> Content {
        let asked = &self.0;
        let with_key = handles.key.is_some();
        let mut inputs: Map<'static> = Map::default();
        if let (Some(bucket), Some(of)) = (handles.bucket, &asked.s3_logs) {
            inputs.insert("s3BucketName", RawValue::from(bucket));
            inputs.insert("s3KeyPrefix", RawValue::Str(of.prefix.clone()));
        }
        // A session is refused where the flag is on and what it is about is not encrypted; the
        // bucket always is.
        inputs.insert(
            "s3EncryptionEnabled",
            RawValue::Bool(handles.bucket.is_some()),
        );
        if let Some((group, _)) = &handles.logs {
            inputs.insert("cloudWatchLogGroupName", RawValue::from(*group));
        }
        let encrypted = handles.logs.is_some() && with_key;
        inputs.insert("cloudWatchEncryptionEnabled", RawValue::Bool(encrypted));
        let streaming = asked
            .cloudwatch_logs
            .as_ref()
            .is_some_and(|it| it.streaming);
        inputs.insert("cloudWatchStreamingEnabled", RawValue::Bool(streaming));
        if let Some(key) = &handles.key {
            inputs.insert("kmsKeyId", RawValue::from(Expr::from(key.clone())));
        }
        inputs.insert("runAsEnabled", RawValue::Bool(self.run_as().is_some()));
        if let Some(user) = self.run_as() {
            inputs.insert("runAsDefaultUser", RawValue::Str(user.clone()));
        }
        inputs.insert(
            "idleSessionTimeout",
            RawValue::str(asked.idle_timeout_minutes.to_string()),
        );
        if let Some(minutes) = asked.max_duration_minutes {
            inputs.insert("maxSessionDuration", RawValue::str(minutes.to_string()));
        }
        let profiles = [
            ("linux", &asked.linux_shell_profile),
            ("windows", &asked.windows_shell_profile),
        ];
        let profiles: Map<'static> = profiles
            .into_iter()
            .filter_map(|(of, text)| Some((of.into(), RawValue::Str(text.clone()?))))
            .collect();
        if !profiles.is_empty() {
            inputs.insert("shellProfile", RawValue::Object(profiles));
        }
        let mut content: Map<'static> = Map::default();
        content.insert("schemaVersion", RawValue::str("1.0"));
        content.insert(
            "description",
            RawValue::str("How sessions are logged, encrypted and ended"),
        );
        content.insert("sessionType", RawValue::str("Standard_Stream"));
        content.insert("inputs", RawValue::Object(inputs));
        Content(RawValue::Object(content))
    }

    fn check(&self, scope: &mut Scope<'_>) {
        self.0.check_ranges(&[], scope);
        if self.0.run_as_user.as_deref() == Some(DEFAULT_USER) {
            let message =
                "`ssm-user` is the default user, which the agent does not create with Run As";
            scope.add_diagnostic(
                Diagnostic::warning("session-user", message)
                    .about(&["run_as_user"])
                    .help("remove `sessions.run_as_user`"),
            );
        }
        // Documents replace `{{ NAME }}` with a parameter, and this one has none.
        // https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-schema.html
        for (key, profile) in [
            ("linux_shell_profile", &self.0.linux_shell_profile),
            ("windows_shell_profile", &self.0.windows_shell_profile),
        ] {
            if profile.as_ref().is_some_and(|it| it.contains("{{")) {
                let message = "the shell profile contains `{{`, which documents of Systems Manager reserve for parameters";
                scope.add_diagnostic(
                    Diagnostic::warning("session-profile", message)
                        .about(&[key])
                        .help("write `{` and `{` apart, or call a script on the instance"),
                );
            }
        }
        let bucket = self.0.s3_logs.as_ref();
        let taken = |c: char| c.is_ascii_alphanumeric() || "!_.'()/-".contains(c);
        let fits = |it: &str| {
            !it.is_empty() && it.chars().all(taken) && !it.starts_with('/') && !it.ends_with('/')
        };
        if let Some(prefix) = bucket.map(|it| &it.prefix).filter(|it| !fits(it)) {
            let message = format!("{} is not a prefix of object keys", quoted(prefix));
            scope.add_diagnostic(
                Diagnostic::error("session-prefix", message)
                    .about(&["s3_logs", "prefix"])
                    .help("use letters, digits and !_.'()/-, without `/` at the start or end"),
            );
        }
    }
}

/// The resources that the document names.
struct LogTargets {
    key: Option<Link<KmsKey>>,
    logs: Option<(Handle<LogGroup>, String)>,
    bucket: Option<Handle<Bucket>>,
}

impl Construct for PlacedSessions {
    type Handle = SessionHandles;

    fn build(self, scope: &mut Scope<'_>) -> SessionHandles {
        self.check(scope);
        scope.tags(self.0.tags.clone());
        let context = ArnContext::of(scope);
        let key = self.key(&context, scope);
        let logs = self.0.cloudwatch_logs.as_ref().map(|logs| {
            let name = Self::group_name(scope);
            let mut group = LogGroup::new()
                .log_group_name(name.clone())
                .retention_in_days(logs.retention_days.clone());
            group.kms_key = key.clone();
            let group = scope.add("Logs", group);
            scope.set_removal_policy(group, RemovalPolicy::Retain);
            (group, name)
        });
        let asked = self.0.s3_logs.as_ref();
        let bucket = asked.map(|asked| self.bucket(asked, key.as_ref(), scope));
        let made = LogTargets { key, logs, bucket };
        let name = match self.0.scope {
            SessionScope::Account => DEFAULT_DOCUMENT.to_owned(),
            SessionScope::Stack => format!("{}-SessionPreferences", scope.stack_name()),
        };
        let document = Document::new(self.content(&made))
            .name(name)
            .document_type("Session")
            .document_format("JSON")
            .update_method("NewVersion");
        let document = scope.add("Preferences", document);
        if self.0.scope == SessionScope::Account {
            // Everybody's sessions in the region follow it.
            scope.set_removal_policy(document, RemovalPolicy::Retain);
        }
        let permissions = self.permissions(&made, &context);
        scope.output(
            DOCUMENT_OUTPUT,
            document.attr(Document::LINK),
            "The document that sessions are opened with",
        );
        SessionHandles {
            document,
            key: made.key,
            logs: made.logs.map(|(group, _)| group),
            bucket: made.bucket,
            scope: self.0.scope,
            max_duration_minutes: self.0.max_duration_minutes,
            prefix: self
                .0
                .s3_logs
                .as_ref()
                .map_or(Text::default(), |it| it.prefix.clone()),
            run_as: self.run_as().cloned(),
            permissions,
        }
    }
}
