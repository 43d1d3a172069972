use super::{Hooks, Node, has_misspelled_domain, table::resource};
use crate::ir::{Attr, Diagnostics, Text, Value, quoted, typo};

resource! {
    /// The permission of an AWS service or account to call a Lambda function.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html>
    pub struct LambdaPermission: "AWS::Lambda::Permission" / "aws_lambda_permission",
        link Attr::by_ref("id"),
        import "FunctionName,Id" / "{function_name}/{statement_id}";
    one {
        /// The name or ARN of the function.
        function_name: Value<Text> = "FunctionName" / "function_name",
        /// The action, such as `lambda:InvokeFunction`.
        action: Value<Text> = "Action" / "action",
        /// The caller: a service such as `events.amazonaws.com`, an account ID, or an ARN.
        principal: Value<Text> = "Principal" / "principal",
    }
    opt {
        /// The ARN of the resource for which a service calls, such as an event rule. Default: any.
        source_arn: Value<Text> = "SourceArn" / "source_arn",
        /// The account of the resource for which a service calls. Default: any.
        source_account: Value<Text> = "SourceAccount" / "source_account",
        /// The organization of the caller. Default: any.
        principal_org_id: Value<Text> = "PrincipalOrgID" / "principal_org_id",
        /// The token that Alexa Smart Home sends. Default: none.
        event_source_token: Value<Text> = "EventSourceToken" / "event_source_token",
        /// The authentication of the function URL, `AWS_IAM` or `NONE`. Default: any.
        function_url_auth_type: Value<Text> = "FunctionUrlAuthType" / "function_url_auth_type",
    }
}

/// The actions by which services and accounts call a function.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html>
const CALLS: [&str; 3] = ["InvokeFunction", "InvokeFunctionUrl", "InvokeAsync"];

/// The services that call functions by an event.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html>
const CALLERS: [&str; 25] = [
    "apigateway",
    "appsync",
    "bedrock",
    "cloudformation",
    "cloudfront",
    "codecommit",
    "codepipeline",
    "cognito-idp",
    "cognito-sync",
    "config",
    "connect",
    "edgelambda",
    "elasticloadbalancing",
    "events",
    "firehose",
    "iot",
    "lex",
    "lexv2",
    "logs",
    "pipes",
    "s3",
    "scheduler",
    "secretsmanager",
    "ses",
    "sns",
];

/// The domain of most services.
const DOMAIN: &str = "amazonaws.com";

/// Returns the known action of which one is a typo, or only the start.
fn known_action(action: &str) -> Option<&'static str> {
    let name = action.strip_prefix("lambda:")?;
    let is_start = |it: &&&str| it.starts_with(name) && name.len() >= "Invoke".len();
    let near = || typo(name, CALLS.into_iter());
    let is_known = CALLS.iter().any(|it| it.eq_ignore_ascii_case(name));
    let start = || CALLS.iter().find(is_start).copied();
    (!is_known).then(|| near().or_else(start)).flatten()
}

/// Returns the principal of which a service is a typo.
fn known_principal(principal: &str) -> Option<String> {
    let is_arn = principal.starts_with("arn:");
    let (service, domain) = principal.split_once('.').filter(|_| !is_arn)?;
    let known = match CALLERS.contains(&service) {
        true => service,
        false => typo(service, CALLERS.into_iter()).unwrap_or(service),
    };
    let is_wrong = known != service && domain == DOMAIN || has_misspelled_domain(principal);
    is_wrong.then(|| format!("{known}.{DOMAIN}"))
}

impl LambdaPermission {
    fn check_names(&self, node: &Node, out: &mut Diagnostics) {
        let mut report = |setter: &str, what: &str, value: &str, known: String| {
            let message = format!("unknown {what} {}", quoted(value));
            let found = node.error("lambda-permission", message).about(&[setter]);
            out.push(found.help(format!("did you mean `{known}`?")).unless_new());
        };
        let action = self.action.lit().filter(|_| node.keeps("action"));
        if let Some(action) = action
            && let Some(known) = known_action(action)
        {
            let known = format!("lambda:{known}");
            report("action", "action", action, known);
        }
        let principal = self.principal.lit().filter(|_| node.keeps("principal"));
        if let Some(principal) = principal
            && let Some(known) = known_principal(principal)
        {
            report("principal", "service principal", principal, known);
        }
    }
}

impl Hooks for LambdaPermission {
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html>
    fn check(&self, node: &Node, out: &mut Diagnostics) {
        self.check_names(node, out);
        let of_service = |text: &Text| text.ends_with(".amazonaws.com");
        let conditions = [
            &self.source_arn,
            &self.source_account,
            &self.principal_org_id,
            &self.event_source_token,
        ];
        if let Some(service) = self.principal.lit().filter(|it| of_service(it))
            && conditions.iter().all(|it| it.is_none())
        {
            let message = format!("`{service}` can call the function for any account");
            let found = node.warning("lambda-source", message);
            out.push(found.help("set `source_arn` to the resource for which the service calls"));
        }
    }
}
