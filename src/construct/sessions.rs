//! How sessions are: logged, encrypted, ended, by which user.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-logging.html>

use super::arn::ArnPlace;
use super::endpoints::Service;
use super::given::check_arn;
use super::operators::DEFAULT_DOCUMENT;
use super::scope::{Construct, Scope};
use super::shared::{WRITE_LOGS, iam_decides, logs_may_use, rotated_key, tls_only};
use crate::ir::{
    Diagnostic, Expr, IntoValue, Link, NodeId, Ref, Removal, Text, Value, kebab, quoted,
};
use crate::resource::{
    Bucket, BucketPolicy, Content, Document, EncryptionByDefault, KmsKey, LifecycleRule, LogGroup,
    Map, PolicyDocument, Role, RolePolicy, Statement, Tags, Term, Typed,
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
    Given(Link<KmsKey>),
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
    pub expire_days: Option<Value<i64>>,
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
    pub key: SessionKey,
    /// The log group. Default: one that keeps lines for a year.
    pub logs: Option<SessionLogs>,
    /// The bucket. Default: none.
    pub bucket: Option<SessionBucket>,
    /// After how many minutes without input a session ends, from 1 to 60. Default: 20.
    pub idle_timeout: i64,
    /// After how many minutes a session ends in any case, from 1 to 1,440. Default: never.
    pub max_duration: Option<i64>,
    /// The user of the operating system (Linux) that sessions run as. Default: `ssm-user`.
    pub run_as: Option<Text>,
    /// What a shell runs first, on Linux. Default: nothing.
    pub linux_profile: Option<Text>,
    /// What a shell runs first, on Windows. Default: nothing.
    pub windows_profile: Option<Text>,
    /// Tags, over the stack's. Default: none.
    pub tags: Tags,
}

impl Default for Sessions {
    fn default() -> Self {
        Sessions {
            account_wide: false,
            key: SessionKey::Created,
            logs: Some(SessionLogs::default()),
            bucket: None,
            idle_timeout: 20,
            max_duration: None,
            run_as: None,
            linux_profile: None,
            windows_profile: None,
            tags: Tags::default(),
        }
    }
}

/// What sessions are to their users.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SessionHandles {
    /// The document; a session opened without its name is not logged, unless it is the account's.
    pub document: Ref<Document>,
    /// The key, if there is one.
    pub key: Option<Link<KmsKey>>,
    /// The log group, if there is one.
    pub logs: Option<Ref<LogGroup>>,
    /// The bucket, if there is one.
    pub bucket: Option<Ref<Bucket>>,
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
    pub(crate) role: Ref<Role>,
}

fn expr_of(key: &Link<KmsKey>) -> Value<Text> {
    Expr::from(key.clone()).into()
}

impl PlacedSessions {
    /// The name of the log group: the key's policy names it, and it names the key.
    fn group_name(scope: &Scope<'_>) -> String {
        format!("/session-manager/{}", kebab(scope.stack_name()))
    }

    fn key(&self, place: &ArnPlace, scope: &mut Scope<'_>) -> Option<Link<KmsKey>> {
        match &self.sessions.key {
            SessionKey::None => None,
            SessionKey::Given(key) => {
                check_arn("key", ArnOf::Key, key, scope);
                if key.lit().is_some_and(|it| it.as_str().contains(":alias/")) {
                    let message = "`key` is an alias, and policies need the key itself";
                    scope.problem(
                        Diagnostic::error("session-key", message)
                            .about(&["key"])
                            .help("give the key's ARN: aws kms describe-key --key-id alias/…"),
                    );
                }
                Some(key.clone())
            }
            SessionKey::Created => {
                let mut statements = iam_decides(place);
                if self.sessions.logs.is_some() {
                    statements.push(logs_may_use(&[Self::group_name(scope)], place, scope));
                }
                let key = rotated_key("Sessions and their logs", statements);
                let key = scope.add("Key", key);
                // What is kept could not be read without it; else KMS keeps it for the window.
                let kept = self.sessions.logs.is_some() || self.sessions.bucket.is_some();
                let removal = if kept {
                    Removal::Retain
                } else {
                    Removal::Delete
                };
                scope.at_its_end(key, removal);
                Some(key.into_value())
            }
        }
    }

    fn bucket(
        &self,
        asked: &SessionBucket,
        key: Option<&Link<KmsKey>>,
        scope: &mut Scope<'_>,
    ) -> Ref<Bucket> {
        let encryption = match key {
            Some(key) => EncryptionByDefault::new("aws:kms").kms_master_key_id(expr_of(key)),
            None => EncryptionByDefault::new("AES256"),
        };
        let bucket =
            Bucket::private(encryption).lifecycle([LifecycleRule::tidy(asked.expire_days.clone())]);
        let bucket = scope.add("Bucket", bucket);
        scope.at_its_end(bucket, Removal::Retain);
        let policy = BucketPolicy::new(bucket, PolicyDocument::new([tls_only(bucket)]));
        let policy = scope.add("BucketPolicy", policy);
        scope.after(policy, [bucket.node()]);
        bucket
    }

    /// What the instances' role may do for it.
    fn permissions(&self, handles: &Made, place: &ArnPlace) -> Vec<Statement> {
        let mut statements = Vec::new();
        if let Some((_, name)) = &handles.logs {
            let group = [Expr::text("log-group:"), Expr::text(name.clone())];
            let streams = place.arn("logs", group.into_iter().chain([Expr::text(":*")]));
            statements.push(Statement::allow(WRITE_LOGS).sid("WriteLogs").on([streams]));
            // The agent looks for the group by its name, and IAM knows no group then.
            statements.push(
                Statement::allow(["logs:DescribeLogGroups"])
                    .sid("FindGroup")
                    .on(["*"]),
            );
        }
        if let (Some(bucket), Some(asked)) = (handles.bucket, &self.sessions.bucket) {
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
                Statement::allow(["s3:GetEncryptionConfiguration"])
                    .sid("SeeEncryption")
                    .on([bucket.attr(Bucket::ARN)]),
            );
        }
        if let Some(key) = &handles.key {
            let mut actions = vec!["kms:Decrypt"];
            actions.extend(handles.bucket.map(|_| "kms:GenerateDataKey"));
            statements.push(Statement::allow(actions).sid("UseKey").on([expr_of(key)]));
        }
        statements
    }

    fn content(&self, handles: &Made) -> Content {
        let asked = &self.sessions;
        let with_key = handles.key.is_some();
        let mut inputs: Map<'static> = Map::default();
        if let (Some(bucket), Some(of)) = (handles.bucket, &asked.bucket) {
            inputs.insert("s3BucketName", Term::from(bucket));
            if let Some(prefix) = &of.prefix {
                inputs.insert("s3KeyPrefix", Term::Str(prefix.clone()));
            }
        }
        // A session is refused where the flag is on and what it is about is not encrypted; the
        // bucket always is.
        inputs.insert("s3EncryptionEnabled", Term::Bool(handles.bucket.is_some()));
        if let Some((group, _)) = &handles.logs {
            inputs.insert("cloudWatchLogGroupName", Term::from(*group));
        }
        let encrypted = handles.logs.is_some() && with_key;
        inputs.insert("cloudWatchEncryptionEnabled", Term::Bool(encrypted));
        let streaming = asked.logs.as_ref().is_some_and(|it| it.streaming);
        inputs.insert("cloudWatchStreamingEnabled", Term::Bool(streaming));
        if let Some(key) = &handles.key {
            inputs.insert("kmsKeyId", Term::from(Expr::from(key.clone())));
        }
        inputs.insert("runAsEnabled", Term::Bool(asked.run_as.is_some()));
        if let Some(user) = &asked.run_as {
            inputs.insert("runAsDefaultUser", Term::Str(user.clone()));
        }
        inputs.insert(
            "idleSessionTimeout",
            Term::str(asked.idle_timeout.to_string()),
        );
        if let Some(minutes) = asked.max_duration {
            inputs.insert("maxSessionDuration", Term::str(minutes.to_string()));
        }
        let profiles = [
            ("linux", &asked.linux_profile),
            ("windows", &asked.windows_profile),
        ];
        let profiles: Map<'static> = profiles
            .into_iter()
            .filter_map(|(of, text)| Some((of.into(), Term::Str(text.clone()?))))
            .collect();
        if !profiles.is_empty() {
            inputs.insert("shellProfile", Term::Object(profiles));
        }
        let mut content: Map<'static> = Map::default();
        content.insert("schemaVersion", Term::str("1.0"));
        content.insert(
            "description",
            Term::str("How sessions are logged, encrypted and ended"),
        );
        content.insert("sessionType", Term::str("Standard_Stream"));
        content.insert("inputs", Term::Object(inputs));
        Content(Term::Object(content))
    }

    fn check(&self, scope: &mut Scope<'_>) {
        // https://docs.aws.amazon.com/systems-manager/latest/userguide/session-preferences-timeout.html
        let limits = [
            ("idle_timeout", Some(self.sessions.idle_timeout), 60),
            ("max_duration", self.sessions.max_duration, 1440),
        ];
        for (field, minutes, most) in limits {
            if let Some(minutes) = minutes.filter(|it| !(1..=most).contains(it)) {
                let message =
                    format!("`{field}` is {minutes}, and sessions take 1 to {most} minutes");
                scope.problem(
                    Diagnostic::error("session-time", message)
                        .about(&[field])
                        .help("take a number between these"),
                );
            }
        }
        let bucket = self.sessions.bucket.as_ref();
        let taken = |c: char| c.is_ascii_alphanumeric() || "!_.'()/-".contains(c);
        let fits = |it: &str| {
            !it.is_empty() && it.chars().all(taken) && !it.starts_with('/') && !it.ends_with('/')
        };
        if let Some(prefix) = bucket
            .and_then(|it| it.prefix.as_ref())
            .filter(|it| !fits(it))
        {
            let message = format!("{} begins no key of an object", quoted(prefix));
            scope.problem(
                Diagnostic::error("session-prefix", message)
                    .about(&["bucket", "prefix"])
                    .help("take letters, digits and !_.'()/-, without `/` at its ends"),
            );
        }
    }
}

/// What was made before the document.
struct Made {
    key: Option<Link<KmsKey>>,
    logs: Option<(Ref<LogGroup>, String)>,
    bucket: Option<Ref<Bucket>>,
}

impl Construct for PlacedSessions {
    type Handle = SessionHandles;

    fn build(self, scope: &mut Scope<'_>) -> SessionHandles {
        self.check(scope);
        scope.tags(self.sessions.tags.clone());
        let place = ArnPlace::of(scope);
        let key = self.key(&place, scope);
        let logs = self.sessions.logs.as_ref().map(|logs| {
            let name = Self::group_name(scope);
            let mut group = LogGroup::new()
                .log_group_name(name.clone())
                .retention_in_days(logs.retention_days.clone());
            group.kms_key = key.clone();
            let group = scope.add("Logs", group);
            scope.at_its_end(group, Removal::Retain);
            (group, name)
        });
        let asked = self.sessions.bucket.as_ref();
        let bucket = asked.map(|asked| self.bucket(asked, key.as_ref(), scope));
        let made = Made { key, logs, bucket };
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
            scope.at_its_end(document, Removal::Retain);
        }
        let statements = self.permissions(&made, &place);
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
