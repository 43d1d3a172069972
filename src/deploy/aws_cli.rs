//! Calls of the AWS CLI, for services other than CloudFormation.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use aws_sdk_cloudformation::primitives::DateTime;
use serde_json::Value;
use tokio::process::Command;
use tokio::time::sleep;

use super::aws::{Access, Cloud};
use super::error::AwsError;
use super::plain;
use super::progress::{OnWait, shown};

/// A failed call of the AWS CLI.
#[derive(Clone, Debug)]
pub(crate) enum AwsCliError {
    /// The AWS CLI is not installed.
    Missing,
    /// AWS rejected the call, with the code and message of the API.
    Refused { code: String, message: String },
    /// Any other failure.
    Failed(String),
}

impl AwsCliError {
    fn is_transient(&self) -> bool {
        match self {
            AwsCliError::Missing => false,
            AwsCliError::Refused { code, .. } => [
                "Expired",
                "Throttl",
                "Unavailable",
                "Internal",
                "LimitExceeded",
            ]
            .iter()
            .any(|part| code.contains(part)),
            AwsCliError::Failed(message) => {
                let lasting = [
                    "credentials",
                    "profile",
                    "Could not connect",
                    "timeout on endpoint",
                ];
                !lasting.iter().any(|part| message.contains(part))
            }
        }
    }
}

impl std::fmt::Display for AwsCliError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AwsCliError::Missing => f.write_str("`aws` is not on the PATH"),
            AwsCliError::Refused { code, message } => write!(f, "{code}: {message}"),
            AwsCliError::Failed(message) => f.write_str(message),
        }
    }
}

/// An instance and its agent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Instance {
    /// The logical ID of the instance or of its Auto Scaling group.
    pub(crate) name: String,
    pub(crate) id: String,
    /// The state, such as `running`. Empty if EC2 cannot be called.
    pub(crate) state: String,
    /// `Online`, `ConnectionLost` or `Inactive`. Empty if the instance is not registered with
    /// Systems Manager.
    pub(crate) ping: String,
    pub(crate) version: String,
    pub(crate) platform: String,
    pub(crate) last_ping: String,
}

impl Instance {
    pub(crate) fn is_online(&self) -> bool {
        self.ping == "Online"
    }
}

/// The AWS CLI, with a region, profile and endpoint.
#[derive(Clone, Debug)]
pub(crate) struct AwsCli {
    access: Access,
}

impl AwsCli {
    pub(crate) fn new(access: &Access) -> AwsCli {
        AwsCli {
            access: access.clone(),
        }
    }

    /// Returns the options for region, profile and endpoint, as the user specified them.
    pub(crate) fn flags(&self) -> Vec<String> {
        let mut out = Vec::new();
        for (flag, value) in [
            ("--region", &self.access.region),
            ("--profile", &self.access.profile),
            ("--endpoint-url", &self.access.endpoint_url),
        ] {
            if let Some(value) = value {
                out.extend([flag.to_owned(), value.clone()]);
            }
        }
        out
    }

    /// Calls an operation and returns its response. Retries transient failures, in addition to the
    /// retries of the AWS CLI.
    pub(crate) async fn call(&self, arguments: &[&str]) -> Result<Value, AwsCliError> {
        self.list_with_retries(arguments, None).await
    }

    /// Calls an operation that returns a list. An incomplete response without the list is an error.
    pub(crate) async fn list(
        &self,
        key: &str,
        arguments: &[&str],
    ) -> Result<Vec<Value>, AwsCliError> {
        let mut response = self.list_with_retries(arguments, Some(key)).await?;
        match response.get_mut(key).map(Value::take) {
            Some(Value::Array(items)) => Ok(items),
            _ => Err(without(key)),
        }
    }

    async fn list_with_retries(
        &self,
        arguments: &[&str],
        list: Option<&str>,
    ) -> Result<Value, AwsCliError> {
        // Seconds. A service that is unavailable for a moment needs more than the AWS CLI's own retries.
        let mut pauses = [1, 3].into_iter();
        loop {
            let mut done = self.once(arguments).await;
            if let (Ok(response), Some(key)) = (&done, list)
                && !response[key].is_array()
            {
                done = Err(without(key));
            }
            match done {
                // A retry reads refreshed credentials, and a complete response.
                Err(error) if error.is_transient() => match pauses.next() {
                    Some(seconds) => sleep(Duration::from_secs(seconds)).await,
                    None => return Err(error),
                },
                done => return done,
            }
        }
    }

    async fn once(&self, arguments: &[&str]) -> Result<Value, AwsCliError> {
        let program = which::which("aws").map_err(|_| AwsCliError::Missing)?;
        // The AWS CLI waits a minute for a connection and for a response, and retries four times.
        let response_timeout = self.access.attempt_timeout().as_secs().max(1).to_string();
        let attempts = match std::env::var_os("AWS_MAX_ATTEMPTS") {
            None => Some(("AWS_MAX_ATTEMPTS", "2")),
            Some(_) => None,
        };
        let response = Command::new(program)
            .args(arguments)
            .args(self.flags())
            .args(["--output", "json", "--cli-connect-timeout", "5"])
            .args(["--cli-read-timeout", &response_timeout])
            .envs(attempts)
            .env("AWS_PAGER", "")
            .env("AWS_CLI_AUTO_PROMPT", "off")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let words = arguments.iter().take(2).copied();
        let call = format!("Calling `aws {}`", words.collect::<Vec<_>>().join(" "));
        let done = match shown(self.access.on_wait, &call, response).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(AwsCliError::Missing);
            }
            Err(error) => return Err(AwsCliError::Failed(format!("cannot start `aws`: {error}"))),
            Ok(done) => done,
        };
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr);
            return Err(refusal(&said));
        }
        let text = String::from_utf8_lossy(&done.stdout);
        if text.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).map_err(|error| {
            AwsCliError::Failed(format!("the output of the AWS CLI is not JSON: {error}"))
        })
    }

    /// Returns the first line of a program's version.
    pub(crate) async fn version(program: &str, on_wait: Option<OnWait>) -> Option<String> {
        let path = which::which(program).ok()?;
        let response = Command::new(path)
            .arg("--version")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let call = format!("Calling `{program} --version`");
        let done = shown(on_wait, &call, response).await.ok()?;
        // Old versions of the AWS CLI print to stderr.
        let text = [done.stdout, done.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
        done.status.success().then(|| line.to_owned())
    }

    /// Returns the numbers of the first version in a text.
    pub(crate) fn numbers(text: &str) -> Vec<u32> {
        let start = text
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(text.len());
        let end = text[start..].find(|c: char| !c.is_ascii_digit() && c != '.');
        let version = &text[start..end.map_or(text.len(), |end| start + end)];
        version
            .split('.')
            .filter_map(|it| it.parse().ok())
            .collect()
    }

    /// Returns the instances of a stack and of its Auto Scaling groups, with their state.
    pub(crate) async fn instances(
        &self,
        cloud: &Cloud,
        stack: &str,
    ) -> Result<(Vec<Instance>, Option<AwsCliError>), AwsError> {
        let (mut out, mut kind) = self.found(cloud, stack).await?;
        if let Err(error) = self.look(&mut out).await {
            kind = Some(error);
        }
        Ok((out, kind))
    }

    /// Returns the instances of a stack and of its Auto Scaling groups, without their state.
    pub(crate) async fn members(
        &self,
        cloud: &Cloud,
        stack: &str,
    ) -> Result<Vec<Instance>, AwsError> {
        Ok(self.found(cloud, stack).await?.0)
    }

    async fn found(
        &self,
        cloud: &Cloud,
        stack: &str,
    ) -> Result<(Vec<Instance>, Option<AwsCliError>), AwsError> {
        let mut out = Vec::new();
        let mut kind = None;
        for member in cloud.members(stack).await? {
            if member.physical_id.is_empty() || member.status == "DELETE_COMPLETE" {
                continue;
            }
            match member.kind.as_str() {
                "AWS::EC2::Instance" => out.push(Instance {
                    name: member.logical_id,
                    id: member.physical_id,
                    ..Instance::default()
                }),
                "AWS::AutoScaling::AutoScalingGroup" => {
                    match self.group(&member.logical_id, &member.physical_id).await {
                        Ok(found) => out.extend(found),
                        Err(error) => kind = Some(error),
                    }
                }
                _ => {}
            }
        }
        Ok((out, kind))
    }

    async fn group(&self, name: &str, group: &str) -> Result<Vec<Instance>, AwsCliError> {
        let filter = format!("Name=tag:aws:autoscaling:groupName,Values={group}");
        // EC2 returns terminated instances for an hour.
        let alive = "Name=instance-state-name,Values=pending,running,stopping,stopped";
        let call = ["ec2", "describe-instances", "--filters", &filter, alive];
        let found = self.list("Reservations", &call).await?;
        Ok(ec2_instances(&found)
            .map(|(id, _)| Instance {
                name: name.to_owned(),
                id: id.to_owned(),
                ..Instance::default()
            })
            .collect())
    }

    /// Adds the state of instances in EC2 and Systems Manager.
    pub(crate) async fn look(&self, instances: &mut [Instance]) -> Result<(), AwsCliError> {
        if instances.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = instances.iter().map(|it| it.id.clone()).collect();
        let filter = format!("Name=instance-id,Values={}", ids.join(","));
        let key = format!("Key=InstanceIds,Values={}", ids.join(","));
        let ec2_call = ["ec2", "describe-instances", "--filters", filter.as_str()];
        let ssm_call = [
            "ssm",
            "describe-instance-information",
            "--filters",
            key.as_str(),
        ];
        let (ec2, ssm) = tokio::join!(
            self.list("Reservations", &ec2_call),
            self.list("InstanceInformationList", &ssm_call)
        );
        let text = |value: &Value, key: &str| {
            plain(value.get(key).and_then(Value::as_str).unwrap_or_default())
        };
        for known in &ssm? {
            let id = text(known, "InstanceId");
            for instance in instances.iter_mut().filter(|it| it.id == id) {
                instance.ping = text(known, "PingStatus");
                instance.version = text(known, "AgentVersion");
                instance.platform = format!(
                    "{} {}",
                    text(known, "PlatformName"),
                    text(known, "PlatformVersion")
                );
                instance.last_ping = match known.get("LastPingDateTime") {
                    // Version 1 of the AWS CLI prints a number of seconds.
                    Some(Value::Number(seconds)) => seconds
                        .as_f64()
                        .map(|it| DateTime::from_secs(it as i64).to_string())
                        .unwrap_or_default(),
                    _ => text(known, "LastPingDateTime"),
                };
            }
        }
        let ec2 = ec2?;
        for (id, state) in ec2_instances(&ec2) {
            for instance in instances.iter_mut().filter(|it| it.id == id) {
                state.clone_into(&mut instance.state);
            }
        }
        Ok(())
    }
}

fn without(key: &str) -> AwsCliError {
    AwsCliError::Failed(format!("the response of the AWS CLI has no `{key}`"))
}

fn ec2_instances(reservations: &[Value]) -> impl Iterator<Item = (&str, &str)> {
    reservations
        .iter()
        .flat_map(|it| it["Instances"].as_array().into_iter().flatten())
        .filter_map(|it| Some((it["InstanceId"].as_str()?, it["State"]["Name"].as_str()?)))
}

/// Parses `An error occurred (CODE) when calling the X operation: MESSAGE`.
fn refusal(said: &str) -> AwsCliError {
    let said = plain(said);
    let said = said.trim();
    let found = said
        .split_once("An error occurred (")
        .and_then(|(_, rest)| {
            let (code, rest) = rest.split_once(')')?;
            let (_, message) = rest.split_once(": ")?;
            Some((code.to_owned(), message.trim().to_owned()))
        });
    match found {
        Some((code, message)) => AwsCliError::Refused { code, message },
        None => {
            let line = said.lines().last().unwrap_or("no output");
            AwsCliError::Failed(format!("the AWS CLI failed: {line}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session_manager::OLDEST_PLUGIN;

    #[test]
    fn a_rejection_by_the_aws_cli_is_read() {
        let said = "\nAn error occurred (AccessDeniedException) when calling the StartSession operation: User: x is not authorized\n";
        let AwsCliError::Refused { code, message } = refusal(said) else {
            panic!("not read");
        };
        assert_eq!(
            (code.as_str(), message.as_str()),
            ("AccessDeniedException", "User: x is not authorized")
        );
        assert!(
            matches!(refusal("Unable to locate credentials"), AwsCliError::Failed(it) if it.contains("Unable"))
        );
    }

    #[test]
    fn versions_are_read_wherever_they_are() {
        let numbers = AwsCli::numbers;
        assert_eq!(numbers("aws-cli/2.15.30 Python/3.11.8 Linux"), [2, 15, 30]);
        assert_eq!(numbers("1.2.650.0"), [1, 2, 650, 0]);
        assert!(numbers("1.2.707.0") < OLDEST_PLUGIN.to_vec());
        assert!(numbers("1.2.764.0") > OLDEST_PLUGIN.to_vec());
        assert!(numbers("2.0") > vec![1, 16, 12]);
    }
}
