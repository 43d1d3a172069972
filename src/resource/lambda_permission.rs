use super::{Hooks, Node, table::resource};
use crate::ir::{Attr, Diagnostics, Text, Value};

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

impl Hooks for LambdaPermission {
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html>
    fn check(&self, node: &Node, out: &mut Diagnostics) {
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
