use super::codec::{Mismatch, Prop, TextLike};
use super::table::{nested, resource};
use super::{Hooks, LoadBalancer, LoadBalancerProtocol, Map, Node, RawValue, TargetGroup};
use crate::ir::{Attr, Diagnostics, Dialect, IntoValue, Link, Text, Value, Word as _, words};

words! {
    /// The type of an action of a listener.
    #[non_exhaustive]
    pub enum ActionType {
        /// Forwards requests to a target group.
        Forward = "forward",
        /// Redirects clients to another URL.
        Redirect = "redirect",
        /// Responds without a target.
        FixedResponse = "fixed-response",
    }
}

nested! {
    /// The redirection to another URL, with the parts of that of the client by default.
    pub struct RedirectConfig
    one {
        /// `HTTP_301` (permanent) or `HTTP_302`.
        status_code: Value<Text> = "StatusCode" / "status_code",
    }
    opt {
        /// The protocol. Default: that of the client.
        protocol: Value<LoadBalancerProtocol> = "Protocol" / "protocol",
        /// The port. Default: that of the client.
        port: Value<Text> = "Port" / "port",
        /// The host. Default: that of the client.
        host: Value<Text> = "Host" / "host",
        /// The path. Default: that of the client.
        path: Value<Text> = "Path" / "path",
        /// The query. Default: that of the client.
        query: Value<Text> = "Query" / "query",
    }
}

nested! {
    /// A response without a target.
    pub struct FixedResponseConfig
    one {
        /// The status code, such as `404`.
        status_code: Value<Text> = "StatusCode" / "status_code",
        /// The content type, such as `text/plain`.
        content_type: Value<Text> = "ContentType" / "content_type",
    }
    opt {
        /// The body. Default: none.
        message_body: Value<Text> = "MessageBody" / "message_body",
    }
}

nested! {
    /// An action of a listener.
    pub struct ListenerAction
    one {
        /// The type.
        action_type: Value<ActionType> = "Type" / doc "type",
    }
    opt {
        /// The target group, if it forwards.
        target_group: Link<TargetGroup> = "TargetGroupArn" / doc "target_group_arn",
        /// The redirection, if it redirects.
        redirect: RedirectConfig = "RedirectConfig" / "redirect",
        /// The response, if it responds itself.
        fixed_response: FixedResponseConfig = "FixedResponseConfig" / "fixed_response",
    }
}

impl ListenerAction {
    /// Forwards requests to a target group.
    pub fn forward(target_group: impl IntoValue<Link<TargetGroup>>) -> ListenerAction {
        ListenerAction::new(ActionType::Forward).target_group(target_group)
    }

    /// Returns the type of an action without its setting, and the setter.
    ///
    /// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html>
    fn lacks(&self) -> Option<(&'static str, &'static str)> {
        let of = self.action_type.lit()?;
        let (is_set, setter) = match of {
            ActionType::Forward => (self.target_group.is_some(), "target_group"),
            ActionType::Redirect => (self.redirect.is_some(), "redirect"),
            ActionType::FixedResponse => (self.fixed_response.is_some(), "fixed_response"),
        };
        (!is_set).then_some((of.word(), setter))
    }

    /// Redirects clients to HTTPS at port 443.
    pub fn redirect_to_https() -> ListenerAction {
        let https = RedirectConfig::new("HTTP_301")
            .protocol(LoadBalancerProtocol::Https)
            .port("443");
        ListenerAction::new(ActionType::Redirect).redirect(https)
    }
}

/// The ARN of the default certificate, a list with one object in CloudFormation.
#[derive(Clone, Debug, PartialEq)]
pub struct DefaultCertificate(pub Value<Text>);

#[diagnostic::do_not_recommend]
impl<V: IntoValue<Value<Text>> + TextLike> IntoValue<DefaultCertificate> for V {
    fn into_value(self) -> DefaultCertificate {
        DefaultCertificate(self.into_value())
    }
}

/// The property of the object in CloudFormation.
const CERTIFICATE_ARN: &str = "CertificateArn";

impl Prop for DefaultCertificate {
    fn put(&self, dialect: Dialect) -> Option<RawValue<'_>> {
        let arn = self.0.put(dialect)?;
        Some(match dialect {
            Dialect::Cfn => {
                let object: Map<'_> = [(CERTIFICATE_ARN.into(), arn)].into_iter().collect();
                RawValue::List(vec![RawValue::Object(object)])
            }
            Dialect::Tf => arn,
        })
    }

    fn take(term: RawValue<'_>, dialect: Dialect) -> Result<Self, Mismatch> {
        let arn = match (dialect, term) {
            (Dialect::Tf, term) => term,
            (Dialect::Cfn, RawValue::List(mut items)) if items.len() == 1 => {
                match items.swap_remove(0) {
                    RawValue::Object(mut object) if object.iter().count() == 1 => object
                        .remove(CERTIFICATE_ARN)
                        .ok_or_else(|| Mismatch::missing(CERTIFICATE_ARN))?,
                    other => return Err(Mismatch::expected("a certificate", &other)),
                }
            }
            (Dialect::Cfn, other) => {
                return Err(Mismatch::expected("a list of one certificate", &other));
            }
        };
        Value::take(arn, dialect).map(DefaultCertificate)
    }

    fn blank() -> Self {
        DefaultCertificate(Value::blank())
    }

    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self {
        DefaultCertificate(Value::sample(from))
    }
}

resource! {
    /// A listener of a load balancer.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticloadbalancingv2-listener.html>
    pub struct Listener: "AWS::ElasticLoadBalancingV2::Listener" / "aws_lb_listener",
        link Attr::by_ref("arn"),
        import "ListenerArn" / "{arn}";
    one {
        /// The load balancer.
        load_balancer: Link<LoadBalancer> = "LoadBalancerArn" / doc "load_balancer_arn",
        /// The port.
        port: Value<i64> = "Port" / "port",
        /// The protocol of the clients.
        protocol: Value<LoadBalancerProtocol> = "Protocol" / "protocol",
    }
    opt {
        /// The default certificate, which HTTPS and TLS require. Default: none.
        certificate: DefaultCertificate = "Certificates" / doc "certificate_arn",
        /// The security policy of HTTPS and TLS, such as `ELBSecurityPolicy-TLS13-1-2-2021-06`.
        /// Default: set by AWS.
        ssl_policy: Value<Text> = "SslPolicy" / "ssl_policy",
    }
    many {
        /// The actions for requests that no rule of the listener matches.
        default_actions: ListenerAction = "DefaultActions" / doc "default_action",
    }
}

impl Listener {
    /// The ARN.
    pub const ARN: Attr = Attr::by_ref("arn");
}

impl Hooks for Listener {
    fn check(&self, node: &Node, out: &mut Diagnostics) {
        let encrypts = matches!(
            self.protocol.lit(),
            Some(LoadBalancerProtocol::Https | LoadBalancerProtocol::Tls)
        );
        if encrypts && self.certificate.is_none() && !node.is_unmodeled("certificate") {
            let found = node.error("listener-certificate", "the listener has no certificate");
            out.push(
                found.help("set `certificate` to the ARN of a certificate in the same Region"),
            );
        }
        if !node.keeps("default_actions") {
            return;
        }
        for action in &self.default_actions {
            if let Some((of, setter)) = action.lacks() {
                let message = format!("a `{of}` action has no `{setter}`");
                let found = node.error("listener-action", message);
                let help = format!("set `{setter}` of the action");
                out.push(found.about(&["default_actions"]).help(help));
            }
        }
    }
}
