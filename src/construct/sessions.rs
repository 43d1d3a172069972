//! How sessions are: logged, encrypted, ended, by which user.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-logging.html>

use super::arn::ArnContext;
use super::duplicates::check_arn;
use super::endpoints::Service;
use super::scope::{Construct, Scope};
use super::shared::{WRITE_LOGS, allow_cloudwatch_logs, delegate_to_iam, require_tls, rotated_key};
use crate::ir::{
    Diagnostic, Expr, Handle, IntoValue, Link, NodeId, RemovalPolicy, Text, Value, kebab, quoted,
};
use crate::resource::{
    Bucket, BucketPolicy, Content, Document, EncryptionByDefault, KmsKey, LifecycleRule, LogGroup,
    Map, PolicyDocument, RawValue, Role, RolePolicy, Statement, Tags, Typed,
};
use crate::session_manager::{
    BUCKET_ACTION, DEFAULT_DOCUMENT, LOG_GROUP_ACTION, SESSION_KEY_ACTION,
};
use crate::validate::ArnOf;

/// The end of the name of the output that tells the document.
pub(crate) const DOCUMENT_OUTPUT: &str = "DocumentName";

/// What encrypts sessions and their logs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SessionKey {
    /// A key of the stack, which changes its material each year.
    Created,
    /// This one, by ARN; where sessions are logged to CloudWatch Logs, its policy lets that
    /// service use it.
    Existing(Link<KmsKey>),
    /// None: TLS encrypts sessions, and AWS's own keys what is stored.
    None,
}

/// The group of CloudWatch Logs that sessions are written to.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionLogs {
    /// How many days lines are kept. Default: 365.
    pub retention_days: Value<i64>,
    /// Whether lines are written as they come, rather than at the session's end. Default: they
    /// are.
    pub streaming: bool,
}

impl Default for SessionLogs {
    fn default() -> Self {
        SessionLogs {
            retention_days: Value::Lit(365),
            streaming: true,
        }
    }
}

/// The bucket that sessions are written to at their end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionBucket {
    /// What the keys of its objects begin with. Default: nothing.
    pub prefix: Option<Text>,
    /// After how many days logs end. Default: never.
    pub expiration_days: Option<Value<i64>>,
}

/// How sessions are, as a document of the stack says it: logged to CloudWatch Logs and encrypted
/// by a key, unless told otherwise.
///
/// With it come the endpoints and permissions that it needs. Sessions that forward ports, and SSH
/// through sessions, are never logged nor encrypted by a key.
///
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-schema.html>
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Sessions {
    /// Whether these are the preferences of the whole account in the region
    /// (`SSM-SessionManagerRunShell`), which there is one of, rather than a document that is named
    /// when a session is opened. Default: they are not.
    pub account_wide: bool,
    /// What encrypts sessions and their logs. Default: a key of the stack.
    pub kms_key: SessionKey,
    /// The log group. Default: one that keeps lines for a year.
    pub cloudwatch_logs: Option<SessionLogs>,
    /// The bucket. Default: none.
    pub s3_logs: Option<SessionBucket>,
    /// After how many minutes without input a session ends, from 1 to 60. Default: 20.
    pub idle_timeout_minutes: i64,
    /// After how many minutes a session ends in any case, from 1 to 1,440. Default: never.
    pub max_duration_minutes: Option<i64>,
    /// The user of the operating system (Linux) that sessions run as. Default: `ssm-user`.
    pub run_as_user: Option<Text>,
    /// What a shell runs first, on Linux. Default: nothing.
    pub linux_shell_profile: Option<Text>,
    /// What a shell runs first, on Windows. Default: nothing.
    pub windows_shell_profile: Option<Text>,
    /// Tags, over the stack's. Default: none.
    pub tags: Tags,
}

impl Default for Sessions {
    fn default() -> Self {
        Sessions {
            account_wide: false,
            kms_key: SessionKey::Created,
            cloudwatch_logs: Some(SessionLogs::default()),
            s3_logs: None,
            idle_timeout_minutes: 20,
            max_duration_minutes: None,
            run_as_user: None,
            linux_shell_profile: None,
            windows_shell_profile: None,
            tags: Tags::default(),
        }
    }
}

/// What sessions are to their users.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SessionHandles {
    /// The document; a session opened without its name is not logged, unless it is the account's.
    pub document: Handle<Document>,
    /// The key, if there is one.
    pub key: Option<Link<KmsKey>>,
    /// The log group, if there is one.
    pub logs: Option<Handle<LogGroup>>,
    /// The bucket, if there is one.
    pub bucket: Option<Handle<Bucket>>,
    pub(crate) account_wide: bool,
    /// What an instance waits for.
    pub(crate) ready: Vec<NodeId>,
}

impl SessionHandles {
    /// The services that the agent asks beside its own.
    pub(crate) fn services(&self) -> Vec<Service> {
        let kms = self.key.is_some().then_some("kms");
        let logs = self.logs.is_some().then_some("logs");
        kms.into_iter().chain(logs).map(Service::new).collect()
    }
}

/// Sessions with the role of the instances that they are on.
#[derive(Clone, Debug)]
pub(crate) struct PlacedSessions {
    pub(crate) sessions: Sessions,
    pub(crate) role: Handle<Role>,
}

fn expr_of(key: &Link<KmsKey>) -> Value<Text> {
    Expr::from(key.clone()).into()
}

impl PlacedSessions {
    /// The name of the log group: the key's policy names it, and it names the key.
    fn group_name(scope: &Scope<'_>) -> String {
        format!("/session-manager/{}", kebab(scope.stack_name()))
    }

    fn key(&self, context: &ArnContext, scope: &mut Scope<'_>) -> Option<Link<KmsKey>> {
        match &self.sessions.kms_key {
            SessionKey::None => None,
            SessionKey::Existing(key) => {
                check_arn("key", ArnOf::Key, key, scope);
                if key.lit().is_some_and(|it| it.as_str().contains(":alias/")) {
                    let message = "`key` is an alias, and policies need the key itself";
                    scope.add_diagnostic(
                        Diagnostic::error("session-key", message)
                            .about(&["key"])
                            .help("give the key's ARN: aws kms describe-key --key-id alias/…"),
                    );
                }
                Some(key.clone())
            }
            SessionKey::Created => {
                let mut statements = delegate_to_iam(context);
                if self.sessions.cloudwatch_logs.is_some() {
                    statements.push(allow_cloudwatch_logs(
                        &[Self::group_name(scope)],
                        context,
                        scope,
                    ));
                }
                let key = rotated_key("Sessions and their logs", statements);
                let key = scope.add("Key", key);
                // What is kept could not be read without it; else KMS keeps it for the window.
                let kept =
                    self.sessions.cloudwatch_logs.is_some() || self.sessions.s3_logs.is_some();
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
        scope.depends_on(policy, [bucket.node()]);
        bucket
    }

    /// What the instances' role may do for it.
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
        if let (Some(bucket), Some(asked)) = (handles.bucket, &self.sessions.s3_logs) {
            let prefix = asked
                .prefix
                .as_ref()
                .map_or(String::new(), |it| format!("{it}/"));
            let objects =
                Expr::concat([bucket.attr(Bucket::ARN), Expr::text(format!("/{prefix}*"))]);
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
        let asked = &self.sessions;
        let with_key = handles.key.is_some();
        let mut inputs: Map<'static> = Map::default();
        if let (Some(bucket), Some(of)) = (handles.bucket, &asked.s3_logs) {
            inputs.insert("s3BucketName", RawValue::from(bucket));
            if let Some(prefix) = &of.prefix {
                inputs.insert("s3KeyPrefix", RawValue::Str(prefix.clone()));
            }
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
        inputs.insert("runAsEnabled", RawValue::Bool(asked.run_as_user.is_some()));
        if let Some(user) = &asked.run_as_user {
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
        // https://docs.aws.amazon.com/systems-manager/latest/userguide/session-preferences-timeout.html
        let limits = [
            ("idle_timeout", Some(self.sessions.idle_timeout_minutes), 60),
            ("max_duration", self.sessions.max_duration_minutes, 1440),
        ];
        for (field, minutes, max) in limits {
            if let Some(minutes) = minutes.filter(|it| !(1..=max).contains(it)) {
                let message =
                    format!("`{field}` is {minutes}, and sessions take 1 to {max} minutes");
                scope.add_diagnostic(
                    Diagnostic::error("session-time", message)
                        .about(&[field])
                        .help("take a number between these"),
                );
            }
        }
        let bucket = self.sessions.s3_logs.as_ref();
        let taken = |c: char| c.is_ascii_alphanumeric() || "!_.'()/-".contains(c);
        let fits = |it: &str| {
            !it.is_empty() && it.chars().all(taken) && !it.starts_with('/') && !it.ends_with('/')
        };
        if let Some(prefix) = bucket
            .and_then(|it| it.prefix.as_ref())
            .filter(|it| !fits(it))
        {
            let message = format!("{} begins no key of an object", quoted(prefix));
            scope.add_diagnostic(
                Diagnostic::error("session-prefix", message)
                    .about(&["bucket", "prefix"])
                    .help("take letters, digits and !_.'()/-, without `/` at its ends"),
            );
        }
    }
}

/// What was made before the document.
struct LogTargets {
    key: Option<Link<KmsKey>>,
    logs: Option<(Handle<LogGroup>, String)>,
    bucket: Option<Handle<Bucket>>,
}

impl Construct for PlacedSessions {
    type Handle = SessionHandles;

    fn build(self, scope: &mut Scope<'_>) -> SessionHandles {
        self.check(scope);
        scope.tags(self.sessions.tags.clone());
        let context = ArnContext::of(scope);
        let key = self.key(&context, scope);
        let logs = self.sessions.cloudwatch_logs.as_ref().map(|logs| {
            let name = Self::group_name(scope);
            let mut group = LogGroup::new()
                .log_group_name(name.clone())
                .retention_in_days(logs.retention_days.clone());
            group.kms_key = key.clone();
            let group = scope.add("Logs", group);
            scope.set_removal_policy(group, RemovalPolicy::Retain);
            (group, name)
        });
        let asked = self.sessions.s3_logs.as_ref();
        let bucket = asked.map(|asked| self.bucket(asked, key.as_ref(), scope));
        let made = LogTargets { key, logs, bucket };
        let name = match self.sessions.account_wide {
            true => DEFAULT_DOCUMENT.to_owned(),
            false => format!("{}-SessionPreferences", scope.stack_name()),
        };
        let document = Document::new(self.content(&made))
            .name(name)
            .document_type("Session")
            .document_format("JSON")
            .update_method("NewVersion");
        let document = scope.add("Preferences", document);
        if self.sessions.account_wide {
            // Everybody's sessions in the region follow it.
            scope.set_removal_policy(document, RemovalPolicy::Retain);
        }
        let statements = self.permissions(&made, &context);
        let mut ready = Vec::new();
        if !statements.is_empty() {
            let policy =
                RolePolicy::new("session-logs", self.role, PolicyDocument::new(statements));
            ready.push(scope.add("Permissions", policy).node());
        }
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
            account_wide: self.sessions.account_wide,
            ready,
        }
    }
}
