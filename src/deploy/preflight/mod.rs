//! What a deployment requires of the account, found out by read-only calls before it starts.

use serde_json::Value as Json;

use super::aws_cli::{AwsCli, AwsCliError};
use crate::ir::{Text, Value};
use crate::resource::{
    ConfigRule, Document, Graph, Instance, LaunchTemplate, LogGroup, Typed, VpcEndpoint,
};
use crate::session_manager::DEFAULT_DOCUMENT;

/// The start of the names of parameters that AWS and publishers of images own.
const PUBLIC: &str = "/aws/service/";

/// A requirement of the template.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Requirement {
    /// AWS Config records in the Region.
    Recorder,
    /// A parameter contains the ID of an image, and has the data type of images.
    Image(String),
    /// No document has this name.
    NewDocument(String),
    /// No log group has this name.
    NewLogGroup(String),
    /// No endpoint of the VPC has private DNS for the service.
    NewEndpoint { vpc: String, service: String },
    /// The preferences of the account need no more than the network offers.
    Preferences,
}

/// A requirement that the account does not meet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unmet {
    /// Whether AWS rejects the deployment.
    pub(crate) is_error: bool,
    pub(crate) message: String,
    pub(crate) help: String,
}

fn literal(value: Option<&Value<Text>>) -> Option<String> {
    value.and_then(Value::lit).map(ToString::to_string)
}

/// Returns the requirements of a template. A name that exists is an obstacle only for a new stack.
pub(crate) fn requirements(graph: &Graph, is_new: bool) -> Vec<Requirement> {
    let mut found = Vec::new();
    let mut has_instance = false;
    let mut has_document = false;
    for (_, node) in graph.nodes() {
        let resource = &node.resource;
        has_instance |= Instance::of(resource).is_some();
        if ConfigRule::of(resource).is_some() {
            found.push(Requirement::Recorder);
        }
        if let Some(image) = LaunchTemplate::of(resource).and_then(|it| it.image.lit())
            && let Some(name) = image.as_str().strip_prefix("resolve:ssm:")
            && !name.starts_with(PUBLIC)
        {
            found.push(Requirement::Image(name.to_owned()));
        }
        if let Some(document) = Document::of(resource) {
            has_document |= document.is_shell();
            let name = literal(document.name.as_ref()).filter(|_| is_new);
            found.extend(name.map(Requirement::NewDocument));
        }
        if let Some(group) = LogGroup::of(resource) {
            let name = literal(group.log_group_name.as_ref()).filter(|_| is_new);
            found.extend(name.map(Requirement::NewLogGroup));
        }
        if let Some(endpoint) = VpcEndpoint::of(resource).filter(|_| is_new)
            && let (Some(vpc), Some(service)) = (endpoint.vpc.lit(), endpoint.service_name.lit())
            && endpoint.private_dns_enabled == Some(Value::Lit(true))
        {
            found.push(Requirement::NewEndpoint {
                vpc: vpc.as_str().to_owned(),
                service: service.to_string(),
            });
        }
    }
    if has_instance && !has_document {
        found.push(Requirement::Preferences);
    }
    let mut distinct: Vec<Requirement> = Vec::new();
    for requirement in found {
        if !distinct.contains(&requirement) {
            distinct.push(requirement);
        }
    }
    distinct
}

impl Requirement {
    /// Returns the read-only call that decides.
    fn call(&self) -> Vec<String> {
        let words: Vec<&str> = match self {
            Requirement::Recorder => {
                vec!["configservice", "describe-configuration-recorder-status"]
            }
            Requirement::Image(name) => {
                let plain = name.split(':').next().unwrap_or(name);
                vec!["ssm", "get-parameters", "--names", plain]
            }
            Requirement::NewDocument(name) => vec!["ssm", "describe-document", "--name", name],
            Requirement::NewLogGroup(name) => {
                vec![
                    "logs",
                    "describe-log-groups",
                    "--log-group-name-prefix",
                    name,
                ]
            }
            Requirement::NewEndpoint { vpc, service } => {
                let filters = [
                    format!("Name=vpc-id,Values={vpc}"),
                    format!("Name=service-name,Values={service}"),
                ];
                let call = ["ec2", "describe-vpc-endpoints", "--filters"];
                let call = call.into_iter().map(str::to_owned);
                return call.chain(filters).collect();
            }
            Requirement::Preferences => {
                vec!["ssm", "get-document", "--name", DEFAULT_DOCUMENT]
            }
        };
        words.into_iter().map(str::to_owned).collect()
    }

    /// Returns what the account lacks, by the response to the call.
    fn judge(&self, response: &Json) -> Option<Unmet> {
        let error = |message: String, help: &str| {
            Some(Unmet {
                is_error: true,
                message,
                help: help.to_owned(),
            })
        };
        let items = |key: &str| response[key].as_array().cloned().unwrap_or_default();
        match self {
            Requirement::Recorder => {
                let statuses = items("ConfigurationRecordersStatus");
                if statuses.iter().any(|it| it["recording"] == true) {
                    return None;
                }
                error(
                    "no AWS Config recorder records in this Region, so the Config rules fail"
                        .into(),
                    "set `monitoring.config_rules: false`, or start a recorder",
                )
            }
            Requirement::Image(name) => {
                let found = items("Parameters");
                let Some(parameter) = found.first() else {
                    return error(
                        format!("parameter `{name}` does not exist"),
                        "create it with the data type `aws:ec2:image`",
                    );
                };
                if parameter["DataType"] == "aws:ec2:image" {
                    return None;
                }
                error(
                    format!("parameter `{name}` does not have the data type `aws:ec2:image`"),
                    "create it again with `--data-type aws:ec2:image`, which EC2 requires",
                )
            }
            Requirement::NewDocument(name) => (!response["Document"].is_null()).then(|| {
                error(
                    format!("document `{name}` exists"),
                    "import the document while you create the stack, with \
                         `create-change-set --import-existing-resources`, or delete it",
                )
            })?,
            Requirement::NewLogGroup(name) => {
                let exists = items("logGroups")
                    .iter()
                    .any(|it| it["logGroupName"] == name.as_str());
                exists.then(|| {
                    error(
                        format!("log group `{name}` exists"),
                        "import the log group while you create the stack, with \
                         `create-change-set --import-existing-resources`, or delete it",
                    )
                })?
            }
            Requirement::NewEndpoint { vpc, service } => {
                let exists = items("VpcEndpoints")
                    .iter()
                    .any(|it| it["PrivateDnsEnabled"] == true && it["State"] != "deleted");
                exists.then(|| {
                    error(
                        format!("VPC `{vpc}` has an endpoint for `{service}` with private DNS"),
                        "list it in `endpoints.existing`",
                    )
                })?
            }
            Requirement::Preferences => {
                let content = response["Content"].as_str().unwrap_or_default();
                let content: Json = serde_json::from_str(content).unwrap_or_default();
                let inputs = &content["inputs"];
                let text = |key: &str| inputs[key].as_str().is_some_and(|it| !it.is_empty());
                let uses: Vec<&str> = [
                    (text("kmsKeyId"), "KMS"),
                    (text("s3BucketName"), "S3"),
                    (text("cloudWatchLogGroupName"), "CloudWatch Logs"),
                ]
                .into_iter()
                .filter_map(|(is_used, service)| is_used.then_some(service))
                .collect();
                (!uses.is_empty()).then(|| Unmet {
                    is_error: false,
                    message: format!(
                        "the session preferences of the account use {}, which the instances must reach",
                        uses.join(", ")
                    ),
                    help: "set `sessions: true` to use a document of the stack, or add the \
                           endpoints and permissions"
                        .to_owned(),
                })
            }
        }
    }
}

/// Asks the account. A call that fails proves nothing, except that a resource does not exist.
pub(crate) async fn unmet(aws_cli: &AwsCli, requirements: &[Requirement]) -> Vec<Unmet> {
    let mut found = Vec::new();
    for requirement in requirements {
        let call = requirement.call();
        let call: Vec<&str> = call.iter().map(String::as_str).collect();
        match aws_cli.call(&call).await {
            Ok(response) => found.extend(requirement.judge(&response)),
            // The stack needs no more than CloudFormation; `doctor` reports a missing AWS CLI.
            Err(AwsCliError::Missing) => return Vec::new(),
            Err(AwsCliError::Refused { code, .. }) if code == "InvalidDocument" => {}
            Err(error) => found.push(Unmet {
                is_error: false,
                message: format!("cannot determine a requirement of the stack: {error}"),
                help: format!("allow `aws {}`", call[..2].join(" ")),
            }),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn is_error(requirement: &Requirement, response: Json) -> Option<bool> {
        requirement.judge(&response).map(|it| it.is_error)
    }

    #[test]
    fn a_requirement_is_judged_by_the_response() {
        let recorder = Requirement::Recorder;
        let of =
            |recording: bool| json!({"ConfigurationRecordersStatus": [{"recording": recording}]});
        assert_eq!(is_error(&recorder, of(true)), None);
        assert_eq!(is_error(&recorder, of(false)), Some(true));
        let image = Requirement::Image("/golden".to_owned());
        let of = |kind: &str| json!({"Parameters": [{"DataType": kind}]});
        assert_eq!(is_error(&image, of("aws:ec2:image")), None);
        assert_eq!(is_error(&image, of("text")), Some(true));
        assert_eq!(is_error(&image, json!({"Parameters": []})), Some(true));
        // The call matches prefixes.
        let group = Requirement::NewLogGroup("/a".to_owned());
        let of = |name: &str| json!({"logGroups": [{"logGroupName": name}]});
        assert_eq!(is_error(&group, of("/ab")), None);
        assert_eq!(is_error(&group, of("/a")), Some(true));
        let document = Requirement::NewDocument("team".to_owned());
        assert_eq!(is_error(&document, json!({"Document": {}})), Some(true));
        let endpoint = Requirement::NewEndpoint {
            vpc: "vpc-1".to_owned(),
            service: "com.amazonaws.us-east-1.ssm".to_owned(),
        };
        let of = |private: bool| json!({"VpcEndpoints": [{"PrivateDnsEnabled": private, "State": "available"}]});
        assert_eq!(is_error(&endpoint, of(true)), Some(true));
        assert_eq!(is_error(&endpoint, of(false)), None);
        let of = |inputs: Json| json!({"Content": json!({ "inputs": inputs }).to_string()});
        let preferences = Requirement::Preferences;
        assert_eq!(is_error(&preferences, of(json!({"kmsKeyId": ""}))), None);
        assert_eq!(
            is_error(&preferences, of(json!({"kmsKeyId": "k"}))),
            Some(false)
        );
    }

    #[cfg(feature = "config")]
    #[test]
    fn requirements_follow_the_template() {
        use crate::frontend::config::Config;

        let of = |text: &str, is_new| {
            let built = Config::read("a", text).unwrap().build().unwrap();
            requirements(built.app.graph(), is_new)
        };
        assert_eq!(of("", true), [Requirement::Preferences]);
        let image = "instances: [{name: web, image: {ssm_parameter: /golden, root_device_name: /dev/xvda}}]";
        assert!(of(image, false).contains(&Requirement::Image("/golden".to_owned())));
        let hardened = "region: us-east-1\npreset: hardened\nsessions: {scope: account}\n";
        let document = Requirement::NewDocument(DEFAULT_DOCUMENT.to_owned());
        let group = Requirement::NewLogGroup("/session-manager/access".to_owned());
        let new = of(hardened, true);
        assert!(new.contains(&Requirement::Recorder));
        assert!(new.contains(&document) && new.contains(&group), "{new:?}");
        assert!(!new.contains(&Requirement::Preferences));
        let old = of(hardened, false);
        assert!(!old.contains(&document) && !old.contains(&group));
        let existing = "region: us-east-1\nnetwork: {vpc: vpc-0aaaaaaaaaaaaaaa1, subnets: [subnet-0aaaaaaaaaaaaaaa1]}\n";
        let ssm = Requirement::NewEndpoint {
            vpc: "vpc-0aaaaaaaaaaaaaaa1".to_owned(),
            service: "com.amazonaws.us-east-1.ssm".to_owned(),
        };
        assert!(of(existing, true).contains(&ssm));
    }
}
