use super::table::{Fields, nested, resource};
use super::{Graph, Hooks, Instance, Map, Node, RawValue, Satellite, Tags, Typed, Vpc, tagged};
use crate::ir::{
    Attr, Diagnostics, Dialect, Expr, Id, IntoValue, Link, NodeId, Text, Value, words,
};

words! {
    /// The protocol of a listener or target group.
    #[non_exhaustive]
    pub enum LoadBalancerProtocol {
        /// HTTP, of an Application Load Balancer.
        Http = "HTTP",
        /// HTTPS, of an Application Load Balancer.
        Https = "HTTPS",
        /// TCP, of a Network Load Balancer.
        Tcp = "TCP",
        /// TLS, of a Network Load Balancer.
        Tls = "TLS",
        /// UDP, of a Network Load Balancer.
        Udp = "UDP",
        /// TCP and UDP at one port, of a Network Load Balancer.
        TcpUdp = "TCP_UDP",
        /// GENEVE, of a Gateway Load Balancer.
        Geneve = "GENEVE",
    }
}

words! {
    /// What the targets of a target group are.
    #[non_exhaustive]
    pub enum TargetType {
        /// Instances, by ID.
        Instance = "instance",
        /// IP addresses.
        Ip = "ip",
        /// One Lambda function.
        Lambda = "lambda",
        /// One Application Load Balancer.
        Alb = "alb",
    }
}

nested! {
    /// A target of a target group.
    pub struct TargetDescription
    one {
        /// The instance, or another target by ID.
        id: Link<Instance> = "Id" / doc "target_id",
    }
    opt {
        /// The port. Default: that of the target group.
        port: Value<i64> = "Port" / "port",
        /// The Availability Zone of an IP address outside the VPC. Default: that of the target.
        availability_zone: Value<Text> = "AvailabilityZone" / "availability_zone",
    }
}

resource! {
    /// A target group of a load balancer.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticloadbalancingv2-targetgroup.html>
    pub struct TargetGroup: "AWS::ElasticLoadBalancingV2::TargetGroup" / "aws_lb_target_group",
        link Attr::by_ref("arn"),
        import "TargetGroupArn" / "{arn}",
        satellites ["aws_lb_target_group_attachment" = ""];
    opt {
        /// The VPC. Lambda functions have none.
        vpc: Link<Vpc> = "VpcId" / doc "vpc_id",
        /// The port of the targets. Lambda functions have none.
        port: Value<i64> = "Port" / "port",
        /// The protocol to the targets. Lambda functions have none.
        protocol: Value<LoadBalancerProtocol> = "Protocol" / "protocol",
        /// The name. Default: generated.
        name: Value<Text> = "Name" / "name",
        /// What the targets are. Default: instances.
        target_type: Value<TargetType> = "TargetType" / "target_type",
        /// The path of health checks by HTTP and HTTPS. Default: `/`.
        health_check_path: Value<Text> = "HealthCheckPath" / doc "health_check.path",
        /// The protocol of health checks. Default: HTTP for HTTP and HTTPS, otherwise TCP.
        health_check_protocol: Value<LoadBalancerProtocol> = "HealthCheckProtocol" / doc "health_check.protocol",
        /// The port of health checks. Default: `traffic-port`, that of the target.
        health_check_port: Value<Text> = "HealthCheckPort" / doc "health_check.port",
        /// Seconds between two health checks. Default: set by the type of the targets.
        health_check_interval_seconds: Value<i64> = "HealthCheckIntervalSeconds" / doc "health_check.interval",
        /// Seconds without a response after which a health check fails. Default: set by the protocol.
        health_check_timeout_seconds: Value<i64> = "HealthCheckTimeoutSeconds" / doc "health_check.timeout",
        /// Health checks in a row that make a target healthy. Default: 5.
        healthy_threshold_count: Value<i64> = "HealthyThresholdCount" / doc "health_check.healthy_threshold",
        /// Failed health checks in a row that make a target unhealthy. Default: 2.
        unhealthy_threshold_count: Value<i64> = "UnhealthyThresholdCount" / doc "health_check.unhealthy_threshold",
        /// The HTTP status codes of a healthy target. Default: set by the type of the load balancer.
        matcher: Value<Text> = "Matcher"."HttpCode" / doc "health_check.matcher",
    }
    many {
        /// The targets, separate resources in Terraform.
        targets: TargetDescription = "Targets" / "",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "" / "arn_suffix" = "AWS sets it",
        "" / "load_balancer_arns" = "AWS sets it",
    }
}

impl TargetGroup {
    /// The ARN.
    pub const ARN: Attr = Attr::by_ref("arn");

    /// Instances as targets, by ID.
    pub fn of_instances(
        vpc: impl IntoValue<Link<Vpc>>,
        port: impl IntoValue<Value<i64>>,
        protocol: impl IntoValue<Value<LoadBalancerProtocol>>,
    ) -> TargetGroup {
        TargetGroup::new().vpc(vpc).port(port).protocol(protocol)
    }

    /// IP addresses as targets.
    pub fn of_addresses(
        vpc: impl IntoValue<Link<Vpc>>,
        port: impl IntoValue<Value<i64>>,
        protocol: impl IntoValue<Value<LoadBalancerProtocol>>,
    ) -> TargetGroup {
        TargetGroup::of_instances(vpc, port, protocol).target_type(TargetType::Ip)
    }

    /// One Lambda function as the target. It has no VPC, port and protocol.
    pub fn of_function() -> TargetGroup {
        TargetGroup::new().target_type(TargetType::Lambda)
    }
}

impl TargetDescription {
    /// Creates a target by IP address.
    pub fn address(address: impl IntoValue<Value<Text>>) -> TargetDescription {
        TargetDescription::other(address.into_value())
    }

    /// Creates a target by the ARN of a Lambda function.
    pub fn function(arn: impl IntoValue<Value<Text>>) -> TargetDescription {
        TargetDescription::other(arn.into_value())
    }

    fn other(id: Value<Text>) -> TargetDescription {
        TargetDescription::new(match id {
            Value::Lit(text) => Value::Lit(Id::new(text)),
            Value::Expr(expr) => Value::Expr(expr),
        })
    }
}

impl Hooks for TargetGroup {
    tagged!();

    /// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html>
    fn check(&self, node: &Node, out: &mut Diagnostics) {
        let is_lambda = match &self.target_type {
            None => false,
            Some(Value::Lit(of)) => *of == TargetType::Lambda,
            Some(Value::Expr(_)) => return,
        };
        for (name, is_set) in [
            ("vpc", self.vpc.is_some()),
            ("port", self.port.is_some()),
            ("protocol", self.protocol.is_some()),
        ] {
            let (message, help) = match (is_lambda, is_set) {
                (true, true) => (
                    format!("a target group of a Lambda function has `{name}`"),
                    format!("remove `{name}`"),
                ),
                // An override can set it.
                (false, false) if node.overrides.is_empty() => (
                    format!("the target group has no `{name}`"),
                    format!(
                        "set `{name}`, or use `TargetGroup::of_function` for a Lambda function"
                    ),
                ),
                _ => continue,
            };
            out.push(
                node.error("target-group", message)
                    .about(&[name])
                    .help(help),
            );
        }
    }

    // With a block, the provider replaces the defaults of AWS by its own: 3, 3 and HTTP.
    fn tf_extra<'a>(&'a self, map: &mut Map<'a>) {
        let Some(RawValue::Block(check)) = map.get_mut("health_check") else {
            return;
        };
        let protocol = self
            .protocol
            .as_ref()
            .and_then(Value::lit)
            .map(|protocol| match protocol {
                LoadBalancerProtocol::Http | LoadBalancerProtocol::Https => "HTTP",
                _ => "TCP",
            });
        let defaults = [
            ("healthy_threshold", Some(RawValue::Int(5))),
            ("unhealthy_threshold", Some(RawValue::Int(2))),
            ("protocol", protocol.map(RawValue::str)),
        ];
        for (name, default) in defaults {
            if let Some(default) = default.filter(|_| check.get(name).is_none()) {
                check.insert(name, default);
            }
        }
    }

    fn satellites(&self, this: NodeId, _: &Graph) -> Vec<Satellite<'_>> {
        let attachment = |(n, target): (usize, &'_ TargetDescription)| {
            let mut body = Map::with_capacity(3);
            body.insert(
                "target_group_arn",
                RawValue::from(Expr::Attr(this, Self::LINK)),
            );
            let mut own = Map::default();
            target.put_fields(Dialect::Tf, &mut own);
            for (key, term) in own.into_owned() {
                body.insert(key, term);
            }
            Satellite {
                tf: "aws_lb_target_group_attachment",
                suffix: format!("target_{}", n + 1),
                body,
            }
        };
        self.targets.iter().enumerate().map(attachment).collect()
    }
}
